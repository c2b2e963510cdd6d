"""Serve the web app, which is found by its entry point: the two faces never import each other."""

from importlib.metadata import entry_points

import click

from downtime.cli.app import Output, Session, command, downtime


@command(downtime, "serve", action="public")
@click.option("--host", default=None, help="Address to listen on (web.host).")
@click.option("--port", default=None, type=click.IntRange(1, 65535), help="Port (web.port).")
def serve(session: Session, host: str | None, port: int | None) -> Output:
    """Serve the web app until stopped; it stays locked until somebody signs in."""
    settings = session.settings
    host, port = host or settings.web.host, port or settings.web.port
    click.echo(f"Downtime is at http://{host}:{port}/ (stop with Ctrl-C).", err=True)
    (server,) = entry_points(group="downtime.server")
    server.load()(session.home, settings, host, port)
    return Output({"served": f"{host}:{port}"})
