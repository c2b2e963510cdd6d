"""What a request or an answer carries stays in memory, never in a temporary file; and how much it may be.

Scans, forms and packs name patients: what a server puts aside on the disk, even for a moment, can be
read from the disk later. So nothing is put aside, and a body that is too long is passed over unread,
so that the browser hears why. A bundle is sealed and may be longer than anything else; strangers only
send the form of the sign-in page.
"""

import io
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import IO, Any

from flask import Flask, Request, redirect, request, url_for
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, TransferEncodingNotImplemented
from waitress.receiver import FixedStreamReceiver

from downtime.settings import Settings
from downtime.web.request_context import app_state
from downtime.web.responses import ViewResponse

UNLIMITED_BYTES = 2**62
"""Bytes from which on the server would put something aside on the disk, or refuse it unread."""
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


class _DiscardingBuffer:
    """A buffer that lets go of what it is given."""

    def append(self, _: bytes) -> None:
        pass

    def __len__(self) -> int:
        return 0

    def getfile(self) -> IO[bytes]:
        return io.BytesIO()

    def close(self) -> None:
        pass


def discard_longer_bodies(server: Any, most: Callable[[str], int]) -> None:
    """Let a waitress server keep no longer body: its page says it is too long.

    `most` says how many bytes a request with this Cookie header may have.
    """
    for listener in (server, *getattr(server, "map", {}).values()):
        if hasattr(listener, "channel_class"):
            listener.channel_class = _limited_channel(most)


def _limited_channel(most: Callable[[str], int]) -> type[HTTPChannel]:

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if self.chunked:  # no browser sends a body without saying how long it is
                raise TransferEncodingNotImplemented("Say how long the body is.")
            if self.content_length > most(self.headers.get("COOKIE", "")):
                self.body_rcv = FixedStreamReceiver(self.content_length, _DiscardingBuffer())

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = Parser

    return Channel
