"""Serve the app with waitress, with the workers of jobs beside it."""

import logging
import select
from collections.abc import Callable, Sequence
from typing import Any

import waitress
from flask import Blueprint, Flask

from downtime.clock import Clock, system_clock
from downtime.config import Home
from downtime.errors import ConflictError
from downtime.settings import Settings
from downtime.web.app import create_app
from downtime.web.connection_limits import limit_connections
from downtime.web.job_worker import JobWorker, create_workers
from downtime.web.listen_policies import check_stays_here
from downtime.web.request_context import AppState
from downtime.web.request_limits import UNLIMITED_BYTES, discard_longer_bodies
from downtime.web.request_queue import RequestQueue
from downtime.web.snapshot_opener import SnapshotOpener


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
    host, port = host or settings.web.host, port or settings.web.port
    server = listen(app, settings, host, port)
    announce(f"http://{host}:{port}/")
    job_workers: list[JobWorker | SnapshotOpener] = [*create_workers(state), SnapshotOpener(state)]
    for worker in job_workers:
        worker.start()
    try:
        server.run()
    finally:
        for worker in job_workers:
            worker.stop()
        state.vault_holder.release()


def listen(app: Flask, settings: Settings, host: str, port: int) -> Any:
    """A server of this app that keeps what it carries in memory (`request_limits`); ConflictError.

    Whoever only holds connections or tries to sign in keeps nobody waiting (`connection_limits`,
    `request_queue`). InputError for an address that others reach: patients would cross the network in
    clear.
    """
    check_stays_here(host, settings)
    web = settings.web
    state: AppState = app.extensions["downtime"]
    try:
        server = waitress.create_server(
            app,
            host=host,
            port=port,
            threads=web.threads,
            _dispatcher=RequestQueue(web, state.live_sessions.knows),
            connection_limit=web.connections,
            asyncore_use_poll=hasattr(select, "poll"),
            ident=None,
            max_request_body_size=UNLIMITED_BYTES,
            inbuf_overflow=UNLIMITED_BYTES,
            outbuf_overflow=UNLIMITED_BYTES,
            # No address is taken from them; /metrics has to see that a front passed a request on.
            clear_untrusted_proxy_headers=False,
        )
    except OSError as error:
        raise ConflictError(
            "web.port",
            f"Nothing can listen at {host}:{port} ({error.strerror}).",
            "Stop the program that uses it, or choose another with --port.",
        ) from None
    limit_connections(server, web)
    longest = max(web.max_upload_bytes, web.max_bundle_upload_bytes)
    discard_longer_bodies(
        server,
        lambda cookies: longest if state.live_sessions.knows(cookies) else web.max_stranger_bytes,
    )
    return server
