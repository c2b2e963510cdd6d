"""Pull: fetch the newest snapshot that can be believed, and put it in use where the vault is open."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from downtime.clock import Clock, to_text
from downtime.config import Home
from downtime.errors import UserError
from downtime.fleet.fetch_snapshot import AtPlace, Fetching, fetch_newest
from downtime.fleet.highest_list import note_list
from downtime.fleet.known_time import note_known_time
from downtime.fleet.model import Direction
from downtime.fleet.places import FolderPlace, require_places
from downtime.fleet.reach_places import describe_fault, is_disk_full, list_due
from downtime.fleet.receive_snapshot import read_number_in_use, receive_snapshot
from downtime.fleet.run_state import RunState, hold_run, read_run_state, write_run_state
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.open_bundle import verify_bundle_file
from downtime.transport.pace import Pace
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError

REASON = "Pulled from a place of config.toml"
NO_PLACE = "No place could be used: what is wrong stands beside each."
_DELTA = "-after-"
"""In the names of deltas (`SealedBundle.name`)."""


@dataclass(frozen=True, slots=True)
class Opener:
    """An open vault and whoever opens snapshots with it; `down` has T0 of each system that is down."""

    vault: Vault
    actor: Actor
    down: Mapping[str, str]


def pull_snapshot(
    home: Home,
    settings: Settings,
    clock: Clock,
    pace: Pace,
    opener: Opener | None = None,
    at_place: tuple[AtPlace, ...] = (),
    every_seconds: float = 0.0,
) -> RunState:
    """Ask all places that are due, fetch what is newer, and open it where there is an opener.

    Works while locked: then it waits, sealed, in the inbox. The state says how each place did; the
    run as a whole has a fault only when no place could be used or what was fetched did not open.
    """
    places = require_places(settings, Direction.PULL)
    with hold_run(home, Direction.PULL) as state:
        for name in state.places.keys() - places.keys():
            del state.places[name]
        if opener:
            _note_in_use(opener.vault, state)
        note_known_time(home, settings, clock)
        now = clock()
        # Whoever asks by hand has mended something, or wants to know: they wait for no next try.
        due = list_due(places, state.places, now) if every_seconds else places
        state.last_run, state.fault = to_text(now), ""
        state.note_next(now, every_seconds)
        run = Fetching(home, settings, due, state, pace, now, at_place=at_place)
        fetch_newest(run)
        if opener:
            note_list(opener.vault)
        if opener and not _open_all(settings, opener, state):
            _fetch_full(run, opener)
        _note_outcome(state, list(due))
    return state


def _fetch_full(run: Fetching, opener: Opener) -> None:
    """After a delta that did not fit: the full snapshot, at once."""
    if fetch_newest(replace(run, offers={}, versions={})):
        run.state.fault = ""
        _open_all(run.settings, opener, run.state)


def pull_from_stick(settings: Settings, opener: Opener, label: str, place: FolderPlace) -> RunState:
    """Fetch and open what a stick holds, if it is newer and can be believed."""
    vault = opener.vault
    with hold_run(vault.home, Direction.PULL) as state:
        _note_in_use(vault, state)
        now = vault.clock()
        state.fault = ""
        run = Fetching(vault.home, settings, {label: place}, state, Pace(), now)
        fetch_newest(run)
        note_list(vault)
        _open_all(settings, opener, state)
        state.fault = state.fault or state.places.pop(label).fault
    return state


def open_waiting(settings: Settings, opener: Opener) -> RunState:
    """Put in use what was fetched while the vault was locked; nothing to do when none waits."""
    with hold_run(opener.vault.home, Direction.PULL) as state:
        if state.waiting:
            state.fault = ""
            _open_all(settings, opener, state)
    return state


def has_waiting(home: Home) -> bool:
    """Whether a fetched snapshot waits to be opened."""
    return bool(read_run_state(home, Direction.PULL).waiting)


def _note_in_use(vault: Vault, state: RunState) -> None:
    """What is opened may have changed by another door: a stick, or a backup that was put back."""
    if not state.waiting:
        number = read_number_in_use(vault)
        if number != (state.epoch, state.sequence):
            state.forget_skipped()
        state.epoch, state.sequence = number
        state.publisher = "".join(
            info.header.key for info in local_snapshots.list_snapshots(vault)[:1]
        )


def _open_all(settings: Settings, opener: Opener, state: RunState) -> bool:
    """Open what waits, in order; False when a delta did not fit and the full snapshot is needed."""
    while state.waiting:
        name = state.waiting[0]
        is_delta = False
        try:
            fault = _open_next(settings, opener, name)
        except ReadOnlyError as error:  # what was fetched is good, and waits
            state.fault = describe_fault(error)
            return True
        except UserError as error:
            fault, is_delta = describe_fault(error), _DELTA in name
        except Exception as error:
            # A full disk: what was fetched is good. A delta may also meet a snapshot that another
            # version of the program has opened: a full one needs none.
            is_delta = _DELTA in name and not is_disk_full(error)
            fault = describe_fault(error)
            if not is_delta:
                state.fault = fault
                return True
        if fault:
            _begin_anew(opener.vault, state, skips=not is_delta)
            state.fault = fault
            return not is_delta
        _note_opened(opener.vault.home, state)
    return True


def _note_opened(home: Home, state: RunState) -> None:
    """The first that waited waits no more. Killed in between, a file is left over and none missing."""
    path = home.inbox_folder / state.waiting.pop(0)
    write_run_state(home, Direction.PULL, state)
    path.unlink(missing_ok=True)


def _open_next(settings: Settings, opener: Opener, name: str) -> str:
    """Put one in use unless what is in use is newer; returns why a good one is not in use."""
    path = opener.vault.home.inbox_folder / name
    sealed = verify_bundle_file(opener.vault.home, settings, path)
    if (sealed.epoch, sealed.sequence) <= read_number_in_use(opener.vault):
        return ""
    received = receive_snapshot(
        opener.vault, settings, path, opener.actor, REASON, down=opener.down
    )
    if received.info is None:
        return "The newest snapshot is in quarantine; the last good one stays in use."
    return ""


def _begin_anew(vault: Vault, state: RunState, skips: bool) -> None:
    """From what is in use: the next thing that is fetched is a full snapshot.

    `skips`: not the one again that was fetched now, which would fail again.
    """
    if skips:
        state.skipped = state.epoch, state.sequence
    for name in state.waiting:
        with suppress(OSError):
            (vault.home.inbox_folder / name).unlink()
    state.waiting = []
    state.needs_full = True
    state.epoch, state.sequence = read_number_in_use(vault)
    for place in state.places.values():
        place.versions.clear()


def _note_outcome(state: RunState, asked: list[str]) -> None:
    """The run is well when one place answered; the faults of others stand with them."""
    faults = {name: state.places[name].fault for name in asked if state.places[name].fault}
    if len(faults) < len(asked) and not state.fault:
        state.last_success = state.last_run
    elif len(faults) == len(asked):
        state.fault = state.fault or NO_PLACE
