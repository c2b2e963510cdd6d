"""Errors as pages: a user's error is a sentence and a next step, anything else a reference number.

The reference stands in the server's log beside the place of the fault, never beside its message:
a message may hold patient data.
"""

import logging
import secrets
import traceback
from http import HTTPStatus

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from downtime.errors import UserError
from downtime.security_events import report_error
from downtime.vault.database import describe_damage
from downtime.web import reading_on, request_context
from downtime.web.request_limits import BUNDLE_COMMANDS
from downtime.web.responses import ViewResponse

log = logging.getLogger("downtime.web")

_STATUS_SENTENCES = {
    HTTPStatus.NOT_FOUND: ("Page not found.", "Check the address, or go to the start page."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("This page cannot be opened this way.", "Use the menu."),
    HTTPStatus.FORBIDDEN: (
        "This request did not come from a Downtime page.",
        "Open the page from the menu and try again.",
    ),
}


def init_error_pages(app: Flask) -> None:
    """Answer every error of the app with a page."""
    app.register_error_handler(UserError, _handle_user_error)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(Exception, _handle_bug)


def render_error(sentence: str, next_step: str, status: int) -> ViewResponse:
    """The error page, or its fragment for a part of a page."""
    if isinstance(request.routing_exception, SecurityError):  # a host that is not ours
        return _render_frameless(sentence, next_step), status
    template = (
        "error_pages/_error.html" if request.headers.get("HX-Request") else "error_pages/error.html"
    )
    try:
        return render_template(template, sentence=sentence, next_step=next_step), status
    except Exception as error:
        return _handle_bug(error)


def _render_frameless(sentence: str, next_step: str, reference: str = "") -> str:
    """A page without the usual frame, for when the frame itself cannot be drawn."""
    template = current_app.jinja_env.get_template("error_pages/frameless.html")
    return template.render(sentence=sentence, next_step=next_step, reference=reference)


def _handle_user_error(error: UserError) -> ViewResponse:
    if error.code == reading_on.FIRST_PAGE and reading_on.can_read_on(error):
        return redirect(_find_page_again(), HTTPStatus.SEE_OTHER)
    report_error(error)
    return render_error(error.sentence, error.next_step, error.http_status)


def _handle_csrf_error(_: CSRFError) -> ViewResponse:
    return render_error(
        "Downtime was restarted while this page was open, so it could not be sent.",
        "Open the page again and repeat the last step. Nothing was changed.",
        HTTPStatus.BAD_REQUEST,
    )


def _handle_http_error(error: HTTPException) -> ViewResponse:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    command = BUNDLE_COMMANDS.get(request.endpoint or "", "")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and command:
        return render_error(*_describe_bundle_too_large(command), status)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return render_error(*_describe_too_large(), status)
    unnamed = ("The request could not be understood.", "Go back and try again.")
    return render_error(*_STATUS_SENTENCES.get(HTTPStatus(status), unnamed), status)


def _describe_too_large() -> tuple[str, str]:
    megabytes = request_context.settings().web.max_upload_bytes // 1_048_576
    return (
        f"That file is larger than this laptop accepts: {megabytes} MB at most. It was not kept.",
        "Check that it is the right file, or scan with fewer dots per inch; the administrator can"
        " raise web.max_upload_bytes.",
    )


def _describe_bundle_too_large(command: str) -> tuple[str, str]:
    return (
        "These bundles are too large to upload from a browser.",
        f"Upload them one at a time, or load a large one with this command: {command}. The administrator"
        " can raise web.max_bundle_upload_bytes.",
    )


def _find_page_again() -> str:
    """The same page; after something was sent, which is not done again, the page to begin from."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return url_for("home.start")


def _handle_bug(error: Exception) -> ViewResponse:
    if reading_on.can_read_on(error):
        return redirect(_find_page_again(), HTTPStatus.SEE_OTHER)
    if refusal := reading_on.find_refusal(error):
        return _handle_user_error(refusal)
    if damage := describe_damage(error):
        return _render_frameless(damage.sentence, damage.next_step), damage.http_status
    reference = secrets.token_hex(4).upper()
    places = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__))
    )
    log.error("fault %s: %s in %s at %s", reference, type(error).__name__, request.endpoint, places)
    return _render_frameless(
        "Downtime has a fault. Your last entry was not saved.",
        "Go back and try again; if it happens again, report this reference.",
        reference,
    ), HTTPStatus.INTERNAL_SERVER_ERROR
