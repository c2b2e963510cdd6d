"""Serve the app with waitress, with the workers of jobs beside it."""

import gc
import logging
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import waitress
from flask import Blueprint, Flask

from downtime.clock import Clock, system_clock
from downtime.config import Home
from downtime.errors import ConflictError
from downtime.settings import Settings
from downtime.web.app import create_app
from downtime.web.front import SOCKET_MODE, check_socket_free, list_front_options
from downtime.web.guarded_socket import GuardedSocket
from downtime.web.job_worker import JobWorker, create_workers
from downtime.web.listen_policies import check_stays_here
from downtime.web.request_context import AppState
from downtime.web.request_limits import UNLIMITED_BYTES, find_longest_body
from downtime.web.request_queue import RequestQueue, count_server_threads
from downtime.web.snapshot_opener import SnapshotOpener

SECONDS_A_THREAD = 0.0005
"""How long a thread keeps the interpreter once another waits for it. A page gives it away at each row that
it reads, and at Python's own 5 ms would wait as long each time for whoever signs in beside it."""
CLEANUP_SECONDS = 1
"""So often waitress looks for connections that are to be closed."""
GARBAGE_OBJECTS = (5_000, 20, 50)
"""After so many new objects, and so many looks through the newest, reference cycles are looked for. A page
leaves its own, which wait for such a look: through few it takes 6 ms, through ten times as many 120 ms, and
through all that was loaded 150 ms, in which every page stands still."""


def serve(
    home: Home,
    settings: Settings,
    host: str | None = None,
    port: int | None = None,
    clock: Clock = system_clock,
    pages: Sequence[Blueprint] = (),
    announce: Callable[[str], None] = lambda address: None,
) -> None:
    """Answer requests until the process is told to stop; the vault is closed behind it.

    `announce` is told the address as soon as it answers there. ConflictError, see `listen`.
    """
    logging.getLogger("waitress").setLevel(logging.ERROR)
    app = create_app(home, clock, pages=pages)
    state: AppState = app.extensions["downtime"]
    path = "" if host or port else settings.web.socket
    host, port = host or settings.web.host, port or settings.web.port
    server = listen(app, settings, host, port, path)
    announce(path or f"http://{host}:{port}/")
    job_workers: list[JobWorker | SnapshotOpener] = [*create_workers(state), SnapshotOpener(state)]
    for worker in job_workers:
        worker.start()
    _run_smoothly()
    try:
        server.run()
    finally:
        for worker in job_workers:
            worker.stop()
        state.vault_holder.release()


def _run_smoothly() -> None:
    """Set the interpreter for many short pages: what was loaded until now is never looked through again."""
    sys.setswitchinterval(SECONDS_A_THREAD)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_OBJECTS)


def listen(app: Flask, settings: Settings, host: str, port: int, path: str = "") -> Any:
    """A server of this app that keeps what it carries in memory (`request_limits`); ConflictError.

    With a `path` it listens at that Unix socket instead, for a front. Whoever only tries to sign in keeps
    nobody waiting (`request_queue`), and whoever only holds connections has his closed by waitress: against
    many of them on a network the front stands (`downtime tls front`). InputError for an address that others
    reach: patients would cross the network in clear.
    """
    web = settings.web
    has_session = app.extensions["downtime"].live_sessions.knows
    try:
        place, has_hung_up = _listen_at(settings, host, port, path, has_session)
        return waitress.create_server(
            RequestQueue(app, web, has_session, has_hung_up),
            **place,
            **list_front_options(settings, path, host),
            threads=count_server_threads(web),
            connection_limit=web.connections,
            channel_timeout=web.idle_seconds,
            cleanup_interval=CLEANUP_SECONDS,
            asyncore_use_poll=hasattr(select, "poll"),
            ident=None,
            max_request_body_size=find_longest_body(settings),
            inbuf_overflow=UNLIMITED_BYTES,
            outbuf_overflow=UNLIMITED_BYTES,
            # Nothing is taken from others; /metrics has to see that a front passed a request on.
            clear_untrusted_proxy_headers=False,
        )
    except OSError as error:
        raise ConflictError(
            "web.port",
            f"Nothing can listen at {path or f'{host}:{port}'} ({error.strerror}).",
            "Stop the program that uses it, or choose another with --port.",
        ) from None


def _listen_at(
    settings: Settings, host: str, port: int, path: str, has_session: Callable[[str], bool]
) -> tuple[dict[str, Any], Callable[[Mapping[str, Any]], bool]]:
    """What waitress is to listen at, and what knows of a request whether its client has hung up."""
    if path:  # the front in front of it lets nobody send much, and hangs up for whoever does
        check_socket_free(path)
        return {"unix_socket": path, "unix_socket_perms": SOCKET_MODE}, lambda _: False
    check_stays_here(host, settings)
    most_bytes = 2 * settings.web.max_stranger_bytes
    listeners = GuardedSocket.bind_all(host, port, has_session, most_bytes)
    return {"sockets": listeners}, listeners[0].has_hung_up
