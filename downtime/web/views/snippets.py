"""Snippets: one field over many forms, its pictures one below the other, and nobody's name."""

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.entry import snippets
from downtime.entry.model import Task
from downtime.errors import NotFoundError
from downtime.web import request_context
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("snippets", __name__)
_MARK = "value:"


@blueprint.get("/snippets")
@require_permission(Permission.ENTRY_KEY)
def show() -> ViewResponse:
    """Fields that wait on scanned forms, to be keyed for the first time."""
    return _render_fields(Task.KEY)


@blueprint.get("/snippets/again")
@require_permission(Permission.ENTRY_VERIFY)
def show_again() -> ViewResponse:
    """The same of fields that another person keyed first."""
    return _render_fields(Task.KEY_AGAIN)


@blueprint.get("/snippets/first/<form>/<link_id>")
@require_permission(Permission.ENTRY_KEY)
def show_field(form: str, link_id: str) -> ViewResponse:
    """The next pictures of one field."""
    return _render_snippets(Task.KEY, form, link_id)


@blueprint.post("/snippets/first/<form>/<link_id>")
@require_permission(Permission.ENTRY_KEY)
def key_field(form: str, link_id: str) -> ViewResponse:
    """Keep what was typed beside them, and show the next."""
    return _key_snippets(Task.KEY, form, link_id)


@blueprint.get("/snippets/again/<form>/<link_id>")
@require_permission(Permission.ENTRY_VERIFY)
def show_field_again(form: str, link_id: str) -> ViewResponse:
    """The next pictures of one field that another person keyed first, unseen."""
    return _render_snippets(Task.KEY_AGAIN, form, link_id)


@blueprint.post("/snippets/again/<form>/<link_id>")
@require_permission(Permission.ENTRY_VERIFY)
def key_field_again(form: str, link_id: str) -> ViewResponse:
    """Keep what was typed beside them as the second keying, and show the next."""
    return _key_snippets(Task.KEY_AGAIN, form, link_id)


@blueprint.get("/snippets/picture/<serial>/<key>")
@require_permission(Permission.ENTRY_KEY)
def picture(serial: str, key: str) -> ViewResponse:
    """One field of one form alone."""
    content = snippets.cut_picture(request_context.vault(), request_context.settings(), serial, key)
    return file_response(content, "image/jpeg", "field.jpg", inline=True)


def _render_fields(task: Task) -> ViewResponse:
    vault, settings = request_context.vault(), request_context.settings()
    fields = snippets.list_fields(vault, settings, task, request_context.actor())
    return render_template("snippets/show.html", fields=fields, task=task)


def _key_snippets(task: Task, form: str, link_id: str) -> ViewResponse:
    shown = [name.removeprefix(_MARK) for name in request.form if name.startswith(_MARK)]
    typed = {_parse(name): request.form[_MARK + name].strip() for name in shown}
    filled = {place: text for place, text in typed.items() if text}
    faults = snippets.key_snippets(
        request_context.vault(), request_context.settings(), task, filled, request_context.actor()
    )
    passed = {*map(_parse, request.form.get("passed", "").split()), *(typed.keys() - filled)}
    return _render_snippets(task, form, link_id, faults, passed, len(filled) - len(faults))


def _parse(name: str) -> tuple[str, str]:
    serial, _, key = name.partition("|")
    return serial, key


def _render_snippets(
    task: Task,
    form: str,
    link_id: str,
    faults: dict[tuple[str, str], str] | None = None,
    passed: set[tuple[str, str]] | None = None,
    number: int = 0,
) -> ViewResponse:
    waiting = snippets.list_snippets(
        request_context.vault(), request_context.settings(), task, form, link_id,
        request_context.actor(), passed or (),
    )  # fmt: skip
    if not waiting and not request.form:
        raise NotFoundError(
            "snippet.none", "Nothing of this field waits for you.", "Choose another field."
        )
    return render_template(
        "snippets/show_field.html",
        snippets=waiting,
        item=waiting[0].item if waiting else None,
        task=task,
        form=form,
        link_id=link_id,
        faults=faults or {},
        passed=" ".join(f"{serial}|{key}" for serial, key in sorted(passed or ())),
        kept=number,
    )
