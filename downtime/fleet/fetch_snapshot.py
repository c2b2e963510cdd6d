"""Fetch the newest snapshot that can be believed from several places; works while locked.

Each place says by its pointer what it holds. The highest number is fetched first; where what lies
there is not what a publisher signed, that is the place's fault and the next one is asked.
"""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from downtime.config import Home
from downtime.errors import UntrustedError, UserError
from downtime.fleet import machine_list
from downtime.fleet.delta_chain import find_chain, follow_full
from downtime.fleet.model import Direction
from downtime.fleet.outbox import MACHINES
from downtime.fleet.places import Place, scope_folder
from downtime.fleet.reach_places import note_result, visit_places
from downtime.fleet.run_state import PlaceState, RunState, write_run_state
from downtime.settings import Settings
from downtime.snapshot.bundle import SUFFIX, SealedBundle
from downtime.snapshot.open_bundle import verify_bundle_file
from downtime.transport.carrier import PacedCarrier
from downtime.transport.fetch_file import fetch_file, remove_passing_files
from downtime.transport.pace import Pace
from downtime.transport.pointer import (
    MAX_POINTER_BYTES,
    MAX_RECENT_BYTES,
    POINTER,
    RECENT,
    CarriedFile,
    Pointer,
    parse_recent,
)
from downtime.vault.files import make_private_folder
from downtime.vault.machines import find_keys, read_own_machine
from downtime.vault.model import MachineRole

MAX_LIST_BYTES = 4_194_304
_IF_REVOKED = (
    "hand it in to an administrator; if that was a mistake, it joins anew under another code."
)
AtPlace = Callable[[PacedCarrier], None]
"""What else is done at each place that is asked: leave a heartbeat, say."""


@dataclass(slots=True)
class Fetching:
    """One run: what is known before it, and what the places offer."""

    home: Home
    settings: Settings
    places: Mapping[str, Place]
    state: RunState
    pace: Pace
    now: datetime
    offers: dict[str, Pointer] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    at_place: tuple[AtPlace, ...] = ()

    @property
    def number(self) -> tuple[int, int]:
        """Of what is here, opened or waiting or refused: only what is newer is fetched."""
        return max((self.state.epoch, self.state.sequence), self.state.skipped)

    @property
    def folder(self) -> str:
        """Of this machine's wards at each place."""
        return scope_folder(self.state.scope)


def fetch_newest(run: Fetching) -> bool:
    """Fetch what is newer than what is here into the inbox; whether there was any.

    How each place did stands in the run's state. A machine that was revoked fetches nothing: what is
    published since is not sealed to it.
    """
    make_private_folder(run.home.inbox_folder)
    _note_scope(run)
    states = {name: run.state.place(name) for name in run.places}
    settings = run.settings.fleet
    for state in states.values():
        state.requests = {}
    errors = visit_places(run.places, states, settings, run.pace, _ask(run, states))
    _note_publisher(run)
    revocation = machine_list.describe_revocation(run.home)
    if revocation:
        run.state.fault = f"{revocation} Nothing is fetched: {_IF_REVOKED}"
    fetched = not revocation and _fetch_best(run, states, errors)
    for name, error in errors.items():
        note_result(states[name], error, settings, run.now)
    return fetched


def _fetch_best(
    run: Fetching, states: Mapping[str, PlaceState], errors: dict[str, Exception | None]
) -> bool:
    for name, pointer in _sort_offers(run):
        place, fetch = {name: run.places[name]}, _fetch(run, pointer)
        errors |= visit_places(place, states, run.settings.fleet, run.pace, fetch)
        if errors[name] is None:
            states[name].versions[run.folder] = run.versions[name]
            return True
    return False


def _note_scope(run: Fetching) -> None:
    """A machine that was given other wards begins anew."""
    scope = read_own_machine(run.home).scope
    if scope != run.state.scope:
        run.state.scope = scope
        _begin_anew(run.state)


def _note_publisher(run: Fetching) -> None:
    """So does one whose publisher was revoked: another one counts from 1."""
    publisher = run.state.publisher
    if publisher and publisher not in find_keys(run.home, MachineRole.PUBLISHER):
        _begin_anew(run.state)


def _begin_anew(state: RunState) -> None:
    state.epoch, state.sequence, state.publisher = 0, 0, ""
    state.waiting.clear()
    state.forget_skipped()


def _ask(run: Fetching, states: Mapping[str, PlaceState]) -> Callable[[str, PacedCarrier], None]:
    def ask(name: str, carrier: PacedCarrier) -> None:
        state = states[name]
        known = state.versions.get(run.folder, "")
        for step in run.at_place:
            with suppress(Exception):  # a place that laptops may only read brings snapshots too
                step(carrier)
        try:
            file = carrier.read_small(run.folder + POINTER, MAX_POINTER_BYTES, known)
        except FileNotFoundError:
            _look_for_list(run.home, carrier, state)
            raise
        if file is None:
            _look_for_list(run.home, carrier, state)
            return
        pointer = Pointer.parse(file.content)
        if pointer.machines:
            _fetch_list(run.home, carrier, pointer.machines)
        state.epoch, state.sequence, state.created = *pointer.number, pointer.created
        run.offers[name], run.versions[name] = pointer, file.version
        if pointer.number <= run.number:
            state.versions[run.folder] = file.version

    return ask


def _look_for_list(home: Home, carrier: PacedCarrier, state: PlaceState) -> None:
    """Where nothing was published for this machine: it may have been given other wards, or revoked."""
    with suppress(FileNotFoundError, UserError):
        file = carrier.read_small(MACHINES, MAX_LIST_BYTES, state.versions.get(MACHINES, ""))
        if file and machine_list.read_list_bytes(home) is not None:
            machine_list.receive_list(home, file.content)
        if file:
            state.versions[MACHINES] = file.version


def _fetch_list(home: Home, carrier: PacedCarrier, sha256: str) -> None:
    """The list of machines, where it is another one than ours; a machine of no site takes none."""
    ours = machine_list.read_list_bytes(home)
    if ours is None or hashlib.sha256(ours).hexdigest() == sha256:
        return
    file = carrier.read_small(MACHINES, MAX_LIST_BYTES)
    if file and len(file.content) <= MAX_LIST_BYTES:
        machine_list.receive_list(home, file.content)


def _sort_offers(run: Fetching) -> list[tuple[str, Pointer]]:
    """What is newer than what is here, the newest first."""
    newer = [(name, pointer) for name, pointer in run.offers.items() if pointer.number > run.number]
    return sorted(newer, key=lambda offer: offer[1].number, reverse=True)


def _fetch(run: Fetching, pointer: Pointer) -> Callable[[str, PacedCarrier], None]:
    def fetch(_name: str, carrier: PacedCarrier) -> None:
        chain = _choose_chain(run, carrier, pointer)
        try:
            bundles = _fetch_chain(run, carrier, pointer, chain)
        except UserError:
            if chain[0].base is None:
                raise
            chain = follow_full(pointer, _read_recent(run, carrier))
            bundles = _fetch_chain(run, carrier, pointer, chain)
        _accept(run, bundles)

    return fetch


def _choose_chain(run: Fetching, carrier: PacedCarrier, pointer: Pointer) -> list[CarriedFile]:
    """The deltas from what is here to the newest, else the full file and what follows it."""
    delta, state = pointer.delta, run.state
    may_follow = pointer.epoch == state.epoch and not state.needs_full
    may_follow = may_follow and len(state.waiting) < run.settings.fleet.max_chain
    if may_follow and delta and delta.base == state.sequence:
        return [delta]
    if not may_follow and pointer.full.sequence == pointer.sequence:
        return [pointer.full]
    recent = _read_recent(run, carrier)
    chain = find_chain(recent, state.sequence, pointer) if may_follow else []
    if chain and sum(file.size for file in chain) <= pointer.full.size:
        return chain
    return follow_full(pointer, recent)


def _read_recent(run: Fetching, carrier: PacedCarrier) -> list[CarriedFile]:
    with suppress(FileNotFoundError):
        if file := carrier.read_small(run.folder + RECENT, MAX_RECENT_BYTES):
            return parse_recent(file.content)
    return []


def _fetch_chain(
    run: Fetching, carrier: PacedCarrier, pointer: Pointer, chain: list[CarriedFile]
) -> list[SealedBundle]:
    """The files, fetched and checked; UntrustedError when they lead to nothing newer."""
    if (pointer.epoch, chain[-1].sequence) <= run.number:
        raise UntrustedError(
            "place.pointer-older",
            "The pointer there promises a newer snapshot than it names.",
            "It is tried again, and other places are asked.",
        )
    return [_fetch_file(run, carrier, pointer.epoch, file) for file in chain]


def _fetch_file(
    run: Fetching, carrier: PacedCarrier, epoch: int, file: CarriedFile
) -> SealedBundle:
    """A file of a place, checked: signed by a publisher, and of the number that it is said to be."""
    limit = run.settings.snapshot.max_bundle_bytes
    remove_passing_files(run.home.inbox_folder, file.sha256)
    path = fetch_file(carrier, run.folder, file, run.home.inbox_folder, limit)
    try:
        sealed = verify_bundle_file(run.home, run.settings, path)
        _check_named(run, epoch, file, sealed)
    except UserError:
        path.unlink()
        raise
    if path.name != sealed.name:
        path.rename(path.with_name(sealed.name))
    return sealed


def _check_named(run: Fetching, epoch: int, file: CarriedFile, sealed: SealedBundle) -> None:
    named = (epoch, file.sequence, file.base, run.state.scope)
    if (sealed.epoch, sealed.sequence, sealed.base, sealed.scope) != named:
        raise UntrustedError(
            "bundle.misnamed",
            "The newest bundle there is another than its pointer says.",
            "It is tried again, and other places are asked; tell security if it stays so.",
        )


def _accept(run: Fetching, bundles: list[SealedBundle]) -> None:
    state, newest, names = run.state, bundles[-1], [sealed.name for sealed in bundles]
    state.epoch, state.sequence, state.publisher = newest.epoch, newest.sequence, newest.key
    if bundles[0].base is not None:
        state.waiting = [*state.waiting, *names]
        return
    state.waiting, state.needs_full = names, False
    write_run_state(run.home, Direction.PULL, state)  # killed here, nothing that waits is missing
    _remove_others(run)


def _remove_others(run: Fetching) -> None:
    for path in run.home.inbox_folder.glob(f"*{SUFFIX}"):
        if path.name not in run.state.waiting:
            with suppress(OSError):
                path.unlink()
