"""Run the sources of messages: one listener by hand, or all of config.toml as one service."""

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

import click

from downtime.accounts.model import Permission
from downtime.cli.program import ingest
from downtime.cli.session import Output, Session, command
from downtime.clock import to_text
from downtime.errors import InputError, NotFoundError
from downtime.ingest import run_sources
from downtime.ingest.ledger import Ledger
from downtime.ingest.read_unread import count_unread
from downtime.ingest.sources.health import HealthReport, SourceState
from downtime.ingest.sources.mllp_settings import MllpSettings
from downtime.ingest.sources.model import SourceSettings
from downtime.ingest.sources.read_sources import read_sources
from downtime.ingest.store import sources as sources_store
from downtime.snapshot.lost_messages import continue_numbers
from downtime.vault.model import Actor

LISTENER = "listen"
"""The name of a listener that config.toml does not name."""


@command(ingest, "listen", permission=Permission.INGEST_RUN)
@click.option("--source", "name", default="", help="A listener of config.toml; else the defaults.")
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Port; 0 for any.")
def listen(session: Session, name: str, host: str | None, port: int | None) -> Output:
    """Receive HL7 v2 messages over MLLP until stopped.

    Each is on the disk before it is acknowledged. 'downtime ingest run' runs all sources.
    """
    actor = session.actor  # a wrong key is said before anything else
    listener = _find_listener(session, name)
    listener = replace(
        listener,
        host=host if host is not None else listener.host,
        port=port if port is not None else listener.port,
    )
    for key, fault in listener.find_faults():
        raise InputError(
            "source.setting",
            f"The listener's {key} {fault}.",
            "docs/sources.md lists what can be set.",
        )
    return _run(session, actor, {name or LISTENER: listener})


@command(ingest, "run", permission=Permission.INGEST_RUN)
@click.option("--only", multiple=True, metavar="NAME", help="Only these of the sources.")
def run(session: Session, only: tuple[str, ...]) -> Output:
    """Run the sources of config.toml until stopped: listeners, folders, servers, databases.

    A source that fails is tried again later and stops no other.
    """
    actor = session.actor  # a wrong key is said before anything else
    sources = read_sources(session.settings)
    for name in only:
        if name not in sources:
            raise _unknown_error(name)
    chosen = {name: sources[name] for name in only or sources}
    if not chosen:
        raise InputError(
            "source.none",
            "config.toml names no source.",
            "Add a table [ingest.sources.NAME]; docs/feeds.md shows some.",
        )
    return _run(session, actor, chosen)


@command(ingest, "status", permission=Permission.INGEST_STATUS)
def status(session: Session) -> Output:
    """How each source does: last message, rate, rejects, how far behind, last error.

    Exit 1 when one has failed or the service does not run.
    """
    reports = [_as_of_now(session, row) for row in sources_store.list_health(session.vault.db)]
    with Ledger(session.vault, session.settings) as ledger:
        unread = count_unread(ledger)
    is_well = all(report.state is SourceState.RUNNING for report in reports)
    documents = [asdict(report) | {"unread": unread[report.name]} for report in reports]
    lines = [line for report in reports for line in _describe(report, unread[report.name])]
    return Output(documents, lines or ["No source has run yet."], 0 if is_well else 1)


def _find_listener(session: Session, name: str) -> MllpSettings:
    if not name:
        return MllpSettings()
    source = read_sources(session.settings).get(name)
    if not isinstance(source, MllpSettings):
        raise _unknown_error(name)
    return source


def _unknown_error(name: str) -> NotFoundError:
    return NotFoundError(
        "source.unknown", f"config.toml has no such source '{name}'.", "Check the name."
    )


def _run(session: Session, actor: Actor, sources: Mapping[str, SourceSettings]) -> Output:
    say_lost_messages(session, actor)

    async def run_until_stopped() -> list[HealthReport]:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        return await run_sources.run_sources(
            session.vault, session.settings, sources, actor, stopping, _say_ready
        )

    reports = run_sources.run_in_loop(run_until_stopped())
    lines = [line for report in reports for line in _describe(report)]
    return Output(list(map(asdict, reports)), lines)


def say_lost_messages(session: Session, actor: Actor) -> None:
    """Before anything is received: a ledger that lost its days goes on above what the state knows."""
    with Ledger(session.vault, session.settings) as ledger:
        if lost := continue_numbers(session.vault, ledger, actor):
            click.secho(lost.sentence, fg="red", err=True)


def _say_ready(name: str, port: int) -> None:
    click.echo(f"{name}: listening on port {port} until Ctrl-C.", err=True)


def _as_of_now(session: Session, report: HealthReport) -> HealthReport:
    """A report that is no longer renewed is of a service that does not run."""
    oldest = session.clock() - timedelta(seconds=12 * session.settings.ingest.health_seconds)
    if report.updated < to_text(oldest):
        return replace(report, state=SourceState.STOPPED)
    return report


def _describe(report: HealthReport, unread: int = 0) -> list[str]:
    lines = [
        f"{report.name} ({report.kind}): {report.state}, {report.messages} messages"
        f" ({report.per_minute:g} a minute), {report.rejected} rejected, {report.refused} refused,"
        f" last {report.last_message or 'never'}, {report.lag_seconds} s behind"
    ]
    if unread:
        lines.append(f"  {unread} messages are kept and not yet read")
    if report.last_error:
        lines.append(f"  {report.last_error_at}: {report.last_error}")
    return lines
