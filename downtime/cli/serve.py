"""Serve the web app, which is found by its entry point: the two faces never import each other."""

from importlib.metadata import entry_points

import click

from downtime import config
from downtime.accounts.model import Permission
from downtime.cli.program import downtime
from downtime.cli.session import Output, Session, command
from downtime.config import Home
from downtime.paper.readiness.system_libraries import describe_missing_libraries
from downtime.returns import check_targets
from downtime.vault import keys


@command(downtime, "serve", permission=Permission.PUBLIC)
@click.option("--host", default=None, help="Address to listen on (web.host).")
@click.option("--port", default=None, type=click.IntRange(1, 65535), help="Port (web.port).")
def serve(session: Session, host: str | None, port: int | None) -> Output:
    """Serve the web app until stopped; it stays locked until somebody signs in.

    Its pages are not encrypted, so it listens on this machine alone: other machines come through the front
    of 'downtime tls'. Other addresses are refused unless the setting web.plain_http_on_network says that the
    network is encrypted by other means.
    """
    start_server(session.home, host, port)
    return Output({"home": str(session.home.path)})


def start_server(home: Home, host: str | None = None, port: int | None = None) -> None:
    """Serve until stopped; the settings say where unless told otherwise."""
    keys.check_home_exists(home)
    settings = config.load_settings(home.config_file)
    if missing := describe_missing_libraries():  # found now, not when paper is needed
        click.echo(
            f"{missing}\nUntil then nothing can be printed; everything else works.", err=True
        )
    for fault in check_targets.check_targets(settings)[1]:
        # What waits for that system goes on waiting; everything else works.
        click.echo(f"{home.config_file}: {fault.sentence}\n{fault.next_step}", err=True)
    (server,) = entry_points(group="downtime.server")
    server.load()(home, settings, host, port, announce=_announce)


def _announce(address: str) -> None:
    click.echo(f"Serving at {address} until Ctrl-C.", err=True)
