"""A form that is sent twice by a double click is answered once: what it asked for is done once.

Every form carries a value of the page view that it stands on (`parts/forms.html`). The same value with
the same answers is the same press: the second one gets the page of the first.
"""

import secrets
from hashlib import sha256

from flask import Flask, Response, g, request

from downtime.web import request_context
from downtime.web.request_context import app_state

FIELD = "once"
WAIT_SECONDS = 30.0


def make_once() -> str:
    """The value that all forms of this page view carry."""
    if "once" not in g:
        g.once = secrets.token_urlsafe(9)
    return str(g.once)


def init_repeated_posts(app: Flask) -> None:
    """Answer the second of two equal presses as the first one."""

    @app.before_request
    def _find_press() -> Response | None:
        if request.method != "POST" or "person" not in g or not request.form.get(FIELD):
            return None
        press = app_state().presses.start(_hash_request())
        if press is None:
            g.press = _hash_request()
        elif press.answered.wait(WAIT_SECONDS) and press.answers:
            return _copy(press.answers[0])
        return None

    @app.after_request
    def _note_answer(response: Response) -> Response:
        if key := g.pop("press", ""):
            app_state().presses.finish(key, None if response.is_streamed else _copy(response))
        return response


def _hash_request() -> str:
    digest = sha256(f"{request_context.person().id}\n{request.full_path}".encode())
    for name, text in sorted(request.form.items(multi=True)):
        digest.update(f"{name}={text}\n".encode())
    for name, file in sorted(request.files.items(multi=True)):
        digest.update(f"{name}={file.filename}\n".encode())
    return digest.hexdigest()


def _copy(response: Response) -> Response:
    return Response(response.get_data(), response.status_code, response.headers)
