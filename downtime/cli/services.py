"""Services that go on by themselves: publish, pull, and several of them in one process."""

import asyncio
import re
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.accounts.permissions import check_can
from downtime.cli.ingest_sources import say_lost_messages
from downtime.cli.program import downtime
from downtime.cli.serve import start_server
from downtime.cli.session import Output, Session, command
from downtime.errors import InputError
from downtime.fleet.declared_elsewhere import note_declared
from downtime.fleet.fetch_snapshot import AtPlace
from downtime.fleet.heartbeat_exchange import HeartbeatExchange
from downtime.fleet.machine_state import note_machine_state
from downtime.fleet.model import Direction
from downtime.fleet.places import require_places
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.fleet.pull_snapshot import Opener, pull_snapshot
from downtime.fleet.receipt_exchange import ReceiptExchange
from downtime.fleet.run_state import RunState, read_run_state
from downtime.fleet.services import PublishService, PullService, Service, run_together
from downtime.ingest import run_sources
from downtime.ingest.sources.read_sources import read_sources
from downtime.outage.outages import list_down_systems
from downtime.paper.shelf.shelf_exchange import ShelfExchange
from downtime.transport.pace import Pace
from downtime.vault import keys
from downtime.vault.vault import Vault

STOP_SECONDS = 30.0
_INTERVAL = re.compile(r"(\d{1,6})([smh]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_SHORTEST = 5.0


class Interval(click.ParamType[Any]):
    """A span of time such as 90s, 5m or 1h, in seconds."""

    name = "interval"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Its seconds; a usage error when it is none."""
        if isinstance(value, float):
            return value
        match = _INTERVAL.fullmatch(str(value))
        seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
        if seconds < _SHORTEST:
            self.fail(f"'{value}' is no interval of 5 seconds or more: write 90s, 5m or 1h.")
        return seconds


INTERVAL_OPTION = click.option(
    "--every",
    "every_seconds",
    type=Interval(),
    metavar="TIME",
    help="Go on, so often: 90s, 5m, 1h.",
)


@command(downtime, "publish", permission=Permission.SNAPSHOT_BUILD)
@INTERVAL_OPTION
def publish(session: Session, every_seconds: float | None) -> Output:
    """Build a snapshot of what was received, and carry it to the places of config.toml.

    Once, or with --every until stopped. A place that fails is tried again by itself, and stops no
    other.
    """
    require_places(session.settings, Direction.PUBLISH)
    if every_seconds:
        _run_until_stopped({"publish": _publish_service(session, every_seconds)})
        return _show(read_run_state(session.home, Direction.PUBLISH), Direction.PUBLISH)
    state = publish_everywhere(
        session.vault,
        session.settings,
        session.actor,
        _pace(session),
        down=list_down_systems(session.vault),
        at_place=_list_exchanges(session, session.vault),
    )
    return _show(state, Direction.PUBLISH)


@command(downtime, "pull", permission=Permission.SNAPSHOT_LOAD, works_locked=True)
@INTERVAL_OPTION
@click.option("--open", "opens", is_flag=True, help="Sign in, and put in use what was fetched.")
def pull(session: Session, every_seconds: float | None, opens: bool) -> Output:
    """Fetch the newest snapshot that can be believed from the places of config.toml.

    It needs nobody to sign in: signatures are checked, and what was fetched stays sealed until
    somebody does, or until --open. With --every it goes on until stopped. --unlock-file opens it as
    well where fleet.open_while_locked allows that.
    """
    keys.check_home_exists(session.home)
    require_places(session.settings, Direction.PULL)
    if every_seconds:
        _check_may_open(session, opens)
        _run_until_stopped({"pull": _pull_service(session, every_seconds)})
        return _show(read_run_state(session.home, Direction.PULL), Direction.PULL)
    opens = opens or _may_open(session)
    opener = _make_opener(session) if opens else None
    exchanges = _list_exchanges(session, session.vault if opens else None)
    state = pull_snapshot(
        session.home, session.settings, session.clock, _pace(session), opener, exchanges
    )
    return _show(state, Direction.PULL)


@command(downtime, "run", permission=Permission.INGEST_RUN, works_locked=True)
@click.option("--ingest", is_flag=True, help="Receive messages, as 'downtime ingest run'.")
@click.option("--publish", type=Interval(), metavar="TIME", help="Publish so often.")
@click.option("--pull", type=Interval(), metavar="TIME", help="Pull so often.")
@click.option("--serve", "serves", is_flag=True, help="Serve the web app.")
def run(
    session: Session, ingest: bool, publish: float | None, pull: float | None, serves: bool
) -> Output:
    """Run several services in one process until stopped: a publisher's, or a laptop's.

    A publisher: --ingest --publish 5m, with --unlock-file. A laptop, where nobody need sign in for it:
    --pull 5m --serve.
    """
    services: dict[str, Service] = {}
    if ingest:
        services["ingest"] = _ingest_service(session)
    if publish:
        require_places(session.settings, Direction.PUBLISH)
        services["publish"] = _publish_service(session, publish)
    if pull:
        keys.check_home_exists(session.home)
        require_places(session.settings, Direction.PULL)
        services["pull"] = _pull_service(session, pull)
    if not services and not serves:
        raise click.UsageError("Say what to run: --ingest, --publish, --pull, --serve.")
    _run_until_stopped(services, (lambda: start_server(session.home)) if serves else None)
    return Output({"services": [*services, *(["serve"] if serves else [])]})


def _publish_service(session: Session, every_seconds: float) -> Service:
    vault, actor = session.vault, session.actor  # a wrong key is said before anything else
    check_can(session.signed_in.person, Permission.SNAPSHOT_BUILD)
    return PublishService(
        vault,
        session.settings,
        actor,
        every_seconds,
        lambda: list_down_systems(vault),
        _say,
        _list_exchanges(session, vault),
    ).run


def _pull_service(session: Session, every_seconds: float) -> Service:
    """Locked, unless the site lets a program open what it fetches."""
    may_open = _may_open(session)
    find_opener = (lambda: _make_opener(session)) if may_open else (lambda: None)
    find_opener()
    exchanges = _list_exchanges(session, session.vault if may_open else None)
    return PullService(
        session.home, session.settings, session.clock, every_seconds, find_opener, _say, exchanges
    ).run


def _may_open(session: Session) -> bool:
    """Whether a program may open what it fetches; said where its unlock file is of no use."""
    may_open = bool(session.unlock_file) and session.settings.fleet.open_while_locked
    if session.unlock_file and not may_open:
        _say("pull: fleet.open_while_locked is off: what is fetched waits for a sign-in.")
    return may_open


def _ingest_service(session: Session) -> Service:
    vault, settings, actor = session.vault, session.settings, session.actor
    sources = read_sources(settings)
    if not sources:
        raise InputError(
            "source.none",
            "config.toml names no source.",
            "Add a table [ingest.sources.NAME]; docs/feeds.md shows some.",
        )
    say_lost_messages(session, actor)

    async def run_until(stopping: threading.Event) -> None:
        ending = asyncio.Event()
        waiting = asyncio.create_task(asyncio.to_thread(stopping.wait))
        waiting.add_done_callback(lambda _: ending.set())
        await run_sources.run_sources(vault, settings, sources, actor, ending, _say_ready)

    return lambda stopping: run_sources.run_in_loop(run_until(stopping))


def _list_exchanges(session: Session, vault: Vault | None) -> tuple[AtPlace, ...]:
    """What is left and collected at each place; heartbeats are answered with receipts."""
    actor, home, settings = session.actor if vault else None, session.home, session.settings
    receipts = ReceiptExchange(home, settings, vault, actor)
    shelf = ShelfExchange(home, settings, vault, actor)

    def hear_of_outages(_: object) -> None:
        note_declared(home, settings, session.clock())

    return _make_heartbeats(session, vault), hear_of_outages, receipts, shelf


def _make_heartbeats(session: Session, vault: Vault | None) -> HeartbeatExchange:
    """An open vault says first what it knows."""

    def note() -> None:
        if vault:
            note_machine_state(vault, session.settings, list_down_systems(vault))

    return HeartbeatExchange(session.home, session.settings, session.clock, note)


def _make_opener(session: Session) -> Opener:
    check_can(session.signed_in.person, Permission.SNAPSHOT_LOAD)
    return Opener(session.vault, session.actor, list_down_systems(session.vault))


def _check_may_open(session: Session, opens: bool) -> None:
    if opens and not session.settings.fleet.open_while_locked:
        raise InputError(
            "pull.open",
            "A service may not open what it fetches: fleet.open_while_locked is off.",
            "Leave --open out, or switch it on; docs/security.md says what that costs.",
        )


def _run_until_stopped(
    services: Mapping[str, Service], serve: Callable[[], None] | None = None
) -> None:
    """Until Ctrl-C or SIGTERM; then what is under way is finished, at most half a minute."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, _interrupt)
    threads = run_together(services, stopping, _say)
    try:
        if serve:
            serve()
        else:
            while any(thread.is_alive() for thread in threads):
                threads[0].join(0.5)
    except KeyboardInterrupt:
        pass
    finally:
        stopping.set()
        for thread in threads:
            thread.join(STOP_SECONDS)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _pace(session: Session) -> Pace:
    return Pace(session.settings.fleet.max_bytes_per_second)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _say_ready(name: str, port: int) -> None:
    _say(f"{name}: listening on port {port} until Ctrl-C.")


def _show(state: RunState, direction: Direction) -> Output:
    lines = [f"{name}: {place.fault or 'well'}" for name, place in sorted(state.places.items())]
    if state.fault:
        lines.append(state.fault)
    elif direction is Direction.PUBLISH:
        lines.append(_word_published(state))
    elif state.waiting:
        lines.append(
            f"Snapshot {state.sequence} waits to be opened: sign in, or 'downtime pull --open'."
        )
    else:
        lines.append(f"Snapshot {state.sequence} is in use.")
    return Output(_document(state), lines, 1 if state.fault else 0)


def _word_published(state: RunState) -> str:
    if state.patients:
        return f"Snapshot {state.sequence} is published, with {state.patients:,} people."
    return (
        f"Snapshot {state.sequence} is published, and it is EMPTY: no system has sent anybody yet. See"
        " 'downtime ingest status', and docs/first-site.md for how data comes in."
    )


def _document(state: RunState) -> dict[str, Any]:
    """Without what only the runs themselves need."""
    document = asdict(state)
    for place in document["places"].values():
        del place["versions"], place["carried"]
    return document
