"""Questions on a field of a form: the list with their owners, one with all that was said, what is said to it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.entry.queries import answer_query, ask_query, close_query, list_queries
from downtime.entry.queries.model import LIFECYCLE, QueryState
from downtime.errors import InputError
from downtime.paper import assignments
from downtime.paper.model import AssignmentKind
from downtime.web import listing, request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.owners import owner_card, read_owner_form

blueprint = Blueprint("questions", __name__)
STATE_TITLES = {
    QueryState.OPEN: "Open",
    QueryState.ANSWERED: "Answered, to be closed",
    QueryState.CLOSED: "Closed",
}


@blueprint.get("/questions")
@require_permission(Permission.QUERY_LIST)
def show() -> ViewResponse:
    """The questions in one state: those that nobody has answered, unless another is asked for."""
    state = _read_state(request.args.get("state", QueryState.OPEN))
    queries = list_queries.list_queries(request_context.vault(), request_context.actor())
    counts = {s: sum(row.query.state == s for row in queries) for s in QueryState}
    return render_template(
        "questions/show.html",
        state=state,
        states=STATE_TITLES,
        counts=counts,
        listing=listing.cut_page([row for row in queries if row.query.state == state]),
        now=request_context.vault().now(),
    )


@blueprint.get("/questions/<query>")
@require_permission(Permission.QUERY_LIST)
def show_query(query: str) -> ViewResponse:
    """One question with all that was said to it, and who sees to it."""
    vault, actor = request_context.vault(), request_context.actor()
    opened = list_queries.get_query(vault, query)
    owner = assignments.list_assignments(vault.db, AssignmentKind.QUERY).get(opened.id)
    return render_template(
        "questions/show_query.html",
        row=list_queries.describe_query(vault, opened, actor, owner),
        states=STATE_TITLES,
        possible=LIFECYCLE.moves[opened.state],
        is_own_answer=opened.answerer == actor.id,
        **owner_card(owner),
    )


@blueprint.post("/key/<serial>/questions")
@require_permission(Permission.QUERY_TALK)
def ask(serial: str) -> ViewResponse:
    """Ask about a field of the form that is on the screen, and go on with it."""
    asked = ask_query.ask_query(
        request_context.vault(),
        request_context.settings(),
        serial,
        request.form.get("field", ""),
        request.form.get("question", ""),
        request_context.actor(),
    )
    flash("The question is asked. The form is not done before it is closed.")
    return redirect(url_for("keying.form", serial=asked.serial), 303)


@blueprint.post("/questions/<query>/answer")
@require_permission(Permission.QUERY_TALK)
def answer(query: str) -> ViewResponse:
    """Answer it."""
    answer_query.answer_query(request_context.vault(), query, _read_text(), request_context.actor())
    flash("The question is answered. Somebody else closes it.")
    return redirect(url_for("questions.show_query", query=query), 303)


@blueprint.post("/questions/<query>/close")
@require_permission(Permission.QUERY_TALK)
def close(query: str) -> ViewResponse:
    """The answer is enough."""
    close_query.close_query(request_context.vault(), query, _read_text(), request_context.actor())
    flash("The question is closed.")
    return redirect(url_for("questions.show_query", query=query), 303)


@blueprint.post("/questions/<query>/again")
@require_permission(Permission.QUERY_TALK)
def ask_again(query: str) -> ViewResponse:
    """The answer is not enough, or the field is in question again."""
    ask_query.ask_again(request_context.vault(), query, _read_text(), request_context.actor())
    flash("The question is open again.")
    return redirect(url_for("questions.show_query", query=query), 303)


@blueprint.post("/questions/<query>/owner")
@require_permission(Permission.LEDGER_ASSIGN)
def assign(query: str) -> ViewResponse:
    """Give a question to somebody until a time."""
    vault = request_context.vault()
    opened = list_queries.get_query(vault, query)
    assignment = assignments.assign_owner(
        vault, AssignmentKind.QUERY, opened.id, *read_owner_form()
    )
    flash(f"Assigned to {assignment.owner}.")
    return redirect(url_for("questions.show_query", query=query), 303)


def _read_text() -> str:
    return request.form.get("text", "")


def _read_state(text: str) -> QueryState:
    try:
        return QueryState(text)
    except ValueError:
        raise InputError(
            "query.state", "There is no such list of questions.", "Choose one of the list."
        ) from None
