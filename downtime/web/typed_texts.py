"""What people have begun to type and not yet sent: kept in memory for them alone, page by page.

Nothing of it reaches a disk or another person. It comes back on the same page after an idle lock, a
switch of user, a refresh, a way back or a refusal, and is dropped once it was sent; all of it goes when
the vault is locked. Passwords and one-time codes are never among it (`static/typed.js`).
"""

from collections import OrderedDict
from http import HTTPStatus

import orjson
from flask import Flask, Response, g, request

from downtime.web import request_context
from downtime.web.request_context import app_state

MOST_BYTES = 100_000
"""Of one form; a longer one is not kept."""
MOST_FORMS = 50
"""Forms begun by one person; the one begun first goes first."""
PAGE_FIELD, FORM_FIELD, VALUES_FIELD = "typed-page", "typed-form", "typed-values"


def init_typed_texts(app: Flask) -> None:
    """Note the page that is open; drop what was sent, and keep what was refused."""

    @app.after_request
    def _note(response: Response) -> Response:
        if "person" not in g or g.locked:
            return response
        if request.method == "GET" and response.mimetype == "text/html":
            _note_page(response)
        elif request.endpoint != "account.keep_typed" and _is_form_of_page():
            _note_sent(response)
        return response


def keep_typed() -> None:
    """Keep what the request says was typed into a form so far; nothing typed is nothing kept."""
    form, values = request.form.get(FORM_FIELD, ""), request.form.get(VALUES_FIELD, "")
    page = request.form.get(PAGE_FIELD, "")
    forms = _forms()
    forms.pop((page, form), None)
    if values and len(values) <= MOST_BYTES:
        forms[page, form] = values
    while len(forms) > MOST_FORMS:
        forms.popitem(last=False)


def read_typed() -> str:
    """JSON of what was typed into the forms of this page, by form; empty when there is nothing."""
    page = _page_address()
    typed = {form: values for (at, form), values in _forms().items() if at == page}
    return orjson.dumps(typed).decode() if typed else ""


def find_last_page() -> str:
    """The address of the page that this person had open last; empty when they had none."""
    return app_state().last_pages.get(request_context.person().id, "")


def forget_typed() -> None:
    """Drop what everybody has typed and was answered, since the vault is locked."""
    app_state().typed.clear()
    app_state().last_pages.clear()
    app_state().presses.clear()


def _note_page(response: Response) -> None:
    is_part = request.headers.get("HX-Request") or "X-Poll" in request.headers
    if response.status_code == HTTPStatus.OK and not is_part:
        app_state().last_pages[request_context.person().id] = _page_address()


def _is_form_of_page() -> bool:
    """Whether the page said what was typed; a body that could not be read is not read again."""
    return "form" in vars(request) and FORM_FIELD in request.form


def _note_sent(response: Response) -> None:
    if response.status_code < HTTPStatus.BAD_REQUEST:
        _forms().pop((request.form.get(PAGE_FIELD, ""), request.form[FORM_FIELD]), None)
    else:
        keep_typed()


def _page_address() -> str:
    return request.full_path.removesuffix("?")


def _forms() -> OrderedDict[tuple[str, str], str]:
    return app_state().typed.setdefault(request_context.person().id, OrderedDict())
