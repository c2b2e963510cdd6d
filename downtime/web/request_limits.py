"""What a request or an answer carries stays in memory, never in a temporary file; and how much it may be.

Scans, forms and packs name patients: what a server puts aside on the disk, even for a moment, can be
read from the disk later. So nothing is put aside, and a body that is too long is read to its end and
let go, so that the browser hears why. A bundle is sealed and may be longer than anything else; strangers only
send the form of the sign-in page (much more of theirs is not even read: `guarded_socket`).
"""

import io
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from flask import Flask, Request, redirect, request, url_for

from downtime.settings import Settings
from downtime.web.request_context import app_state
from downtime.web.responses import ViewResponse

UNLIMITED_BYTES = 2**62
"""Bytes from which on the server would put something aside on the disk."""
BUNDLE_COMMANDS: Mapping[str, str] = {
    "laptops.merge": "downtime sync merge FILE",
    "laptops.merge_untrusted": "downtime sync merge-untrusted FILE",
    "snapshots.load": "downtime snapshot load FILE",
}
"""The pages that take sealed bundles, and the command that takes those that are too large for them."""


class InMemoryRequest(Request):
    """A request whose files are kept in memory."""

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        return io.BytesIO()


def init_request_limits(app: Flask, settings: Settings) -> None:
    """Let pages that take sealed bundles take longer bodies than all others, and strangers' short ones."""
    app.config["MAX_CONTENT_LENGTH"] = settings.web.max_upload_bytes

    @app.before_request
    def _limit_body() -> ViewResponse | None:
        if not app_state().live_sessions.knows(request.headers.get("Cookie", "")):
            request.max_content_length = settings.web.max_stranger_bytes
            if (request.content_length or 0) > settings.web.max_stranger_bytes:
                return redirect(url_for("account.sign_in"), HTTPStatus.SEE_OTHER)
        elif request.endpoint in BUNDLE_COMMANDS:
            request.max_content_length = settings.web.max_bundle_upload_bytes
        return None


def find_longest_body(settings: Settings) -> int:
    """Bytes from which on the server refuses a body unread, in its own words and not on a page.

    Anything shorter is read to its end before its page says that it is too long: a browser that is
    interrupted shows a broken line instead.
    """
    return 4 * max(settings.web.max_upload_bytes, settings.web.max_bundle_upload_bytes)
