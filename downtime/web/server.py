"""Serve the app with waitress, with the job worker beside it."""

import logging

import waitress

from downtime.clock import Clock, system_clock
from downtime.config import Home, Settings
from downtime.web.app import create_app
from downtime.web.worker import Worker


def serve(
    home: Home,
    settings: Settings,
    host: str | None = None,
    port: int | None = None,
    clock: Clock = system_clock,
) -> None:
    """Answer requests until the process is told to stop; the vault is closed behind it."""
    logging.getLogger("waitress").setLevel(logging.ERROR)
    app = create_app(home, clock)
    web = app.extensions["downtime"]
    worker = Worker(web)
    worker.start()
    try:
        waitress.serve(
            app,
            host=host or settings.web.host,
            port=port or settings.web.port,
            threads=settings.web.threads,
            ident=None,
            max_request_body_size=settings.web.max_upload_bytes,
        )
    finally:
        worker.stop()
        web.keeper.forget()
