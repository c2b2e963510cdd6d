"""Publish: build a snapshot, and carry what was published to every place that is due."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from downtime.clinical.model import Patient
from downtime.clock import to_text
from downtime.config import Home
from downtime.fleet.carry_outbox import carry_list, carry_outbox, knows_list
from downtime.fleet.fetch_snapshot import AtPlace
from downtime.fleet.highest_list import note_list
from downtime.fleet.model import Direction
from downtime.fleet.places import Place, require_places
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.reach_places import describe_fault, list_due, note_result, visit_places
from downtime.fleet.run_state import PlaceState, RunState, hold_run
from downtime.settings import Settings
from downtime.transport.carrier import PacedCarrier
from downtime.transport.pace import Pace
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

REASON = "Published at its time"


def publish_everywhere(
    vault: Vault,
    settings: Settings,
    actor: Actor,
    pace: Pace,
    *,
    builds: bool = True,
    paths: Iterable[Path] = (),
    down: Mapping[str, str],
    at_place: tuple[AtPlace, ...] = (),
    every_seconds: float = 0.0,
) -> RunState:
    """Build and publish, then carry to all places that are due; a failed build stops no carrying.

    Without `builds` only what was published before is carried, to places that were off. `down` has
    T0 of each system that is down.
    """
    places = require_places(settings, Direction.PUBLISH)
    with hold_run(vault.home, Direction.PUBLISH) as state:
        for name in state.places.keys() - places.keys():
            del state.places[name]
        state.last_run = vault.now()
        due = list_due(places, state.places, vault.clock()) if every_seconds else places
        states = {name: state.place(name) for name in due}
        for place in states.values():
            place.requests = {}
        if builds:
            _meet_places(vault.home, settings, due, states, pace)
            note_list(vault)
            state.note_next(vault.clock(), every_seconds)
            state.fault = _build(vault, settings, actor, paths, down, state)
        visit = _carry(vault.home, states, at_place)
        for name, error in visit_places(due, states, settings.fleet, pace, visit).items():
            note_result(states[name], error, settings.fleet, vault.clock())
        site = [(place.epoch, place.sequence) for place in states.values() if not place.fault]
        state.epoch, state.sequence = max([(state.epoch, state.sequence), *site])
        if not state.fault and (site or not due):
            state.last_success = to_text(vault.clock())
    return state


def _meet_places(
    home: Home,
    settings: Settings,
    due: Mapping[str, Place],
    states: Mapping[str, PlaceState],
    pace: Pace,
) -> None:
    """Take the list of machines at a place that is not known yet before anything is sealed.

    A publisher that was put back from a backup would seal to machines that were revoked since, and not
    to those that were added.
    """
    unknown = {name: place for name, place in due.items() if not knows_list(states[name])}

    def meet(name: str, carrier: PacedCarrier) -> None:
        carry_list(home, carrier, states[name])

    visit_places(unknown, states, settings.fleet, pace, meet)


def _build(
    vault: Vault,
    settings: Settings,
    actor: Actor,
    paths: Iterable[Path],
    down: Mapping[str, str],
    state: RunState,
) -> str:
    """Why nothing new was published; empty when it was, and how many people are in it is noted."""
    try:
        published = publish_snapshot(
            vault, settings, paths, vault.home.outbox_folder, actor, REASON, down=down
        )
    except Exception as error:
        return describe_fault(error)
    if published.quarantine is not None:
        return "The snapshot that was built is in quarantine; the last good one stays published."
    state.patients = published.header.counts.get(Patient.__name__, 0)
    return ""


def _carry(
    home: Home, states: Mapping[str, PlaceState], at_place: tuple[AtPlace, ...]
) -> Callable[[str, PacedCarrier], None]:
    def carry(name: str, carrier: PacedCarrier) -> None:
        carry_outbox(home, carrier, states[name])
        for step in at_place:
            with suppress(Exception):  # what is carried does not depend on it
                step(carrier)

    return carry
