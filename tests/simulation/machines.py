"""The machines of a simulated month: a publisher, the records station, and laptops on the wards."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from downtime import config
from downtime.accounts import homes, people
from downtime.accounts.sign_in import SignedIn
from downtime.clock import Clock
from downtime.config import Home
from downtime.demo.feeds import write_feeds
from downtime.demo.settings import settings_text
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.settings import Settings
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault
from tests.simulation.send_later import send_later
from tests.site import Site

WHY = "Simulated month"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"

PEOPLE = (
    ("nurse", "Blessing Eze", "ward"),
    ("site", "Siobhán Duffy", "site"),
    ("clerk", "Marek Kowalski", "records-clerk"),
    ("clerk2", "Farah Aziz", "records-clerk"),
    ("clerk3", "Ines Duarte", "records-clerk"),
    ("records", "Owen Pritchard", "records-supervisor"),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine, unlocked, and who works on it."""

    code: str
    vault: Vault
    settings: Settings
    actor: Actor


@dataclass(frozen=True, slots=True)
class Fleet:
    """All machines, and the people of the records station."""

    publisher: Machine
    station: Machine
    laptops: tuple[Machine, ...]
    staff: dict[str, Actor]


def set_up(
    folder: Path, clocks: Sequence[Clock], clock: Clock, targets: Mapping[str, str],
    closing_: ExitStack,
) -> Fleet:  # fmt: skip
    """Make every machine and let them trust each other; the station tells the `targets`.

    `clocks` are those of the laptops; publisher and station have the right one.
    """
    publisher = _machine(folder / "publisher", "PA", "publisher", clock, {}, closing_)
    station = _machine(folder / "station", "RA", "records station", clock, targets, closing_)
    laptops = tuple(
        _machine(folder / f"laptop-{n + 1}", code(n), f"laptop {n + 1}", own_clock, {}, closing_)
        for n, own_clock in enumerate(clocks)
    )
    site = Site()
    site.enrol(publisher.vault, MachineRole.PUBLISHER)
    site.enrol(station.vault, MachineRole.RECORDS_STATION)
    for machine in laptops:
        site.enrol(machine.vault, MachineRole.WARD_LAPTOP)
    return Fleet(publisher, station, laptops, _staff(station))


def code(number: int) -> str:
    """The device code of a laptop, from 0."""
    return f"L{_LETTERS[number]}"


def _machine(
    path: Path,
    code_: str,
    name: str,
    clock: Clock,
    targets: Mapping[str, str],
    closing_: ExitStack,
) -> Machine:
    home, file = Home(path), path.parent / f"{path.name}.unlock"
    homes.create_home(
        home,
        clock,
        device_code=code_,
        device_name=name,
        administrator="install",
        unlock_file=file,
        settings_text=_settings(targets),
    )
    settings = config.load_settings(home.config_file)
    signed_in: SignedIn = homes.open_with_file(home, settings, clock, file)
    closing_.enter_context(closing(signed_in.vault))
    return Machine(code_, signed_in.vault, settings, signed_in.actor)


def _settings(targets: Mapping[str, str]) -> str:
    """The demonstration's settings with quick passwords, and how each system is told."""
    text = settings_text("small")
    # Weeks pass between the two snapshots of a month: a person would look, and release the second.
    text += "[churn]\nmin_records = 100000\nmin_all_records = 100000\nmin_patients = 100000\n"
    text += "ward_min_patients = 100000\nidentity_percent = 100\nmoved_percent = 100\n"
    # So far back the snapshot after it tells which visits took place: see docs/recovery.md.
    text += "[snapshot]\nappointment_days_back = 40\n"
    text += "[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"
    for name, lines in targets.items():
        head = f"[returns.targets.{name}]\n"
        text = text.replace(head, head + lines) if head in text else f"{text}{head}{lines}"
    return text


def _staff(station: Machine) -> dict[str, Actor]:
    actors = {}
    for username, name, role in PEOPLE:
        credentials = people.create_person(
            station.vault, station.settings, username, name, role, people.make_password(),
            station.actor, WHY, initial=False,
        )  # fmt: skip
        actors[username] = credentials.person.make_actor(station.code)
    return actors


def publish_to(
    fleet: Fleet,
    machines: tuple[Machine, ...],
    folder: Path,
    seed: int,
    phase: str,
    begin: datetime,
    delay: timedelta = timedelta(),
    change: Callable[[Path], None] = lambda feeds: None,
) -> None:
    """The hospital's systems send what they know, and these machines open the snapshot of it.

    `delay`: what happened since `begin` is sent so much later, because nothing could be sent before.
    `change` is made to the files before they are read.
    """
    feeds, by = folder / "feeds" / phase, fleet.publisher
    write_feeds(feeds, "small", seed, phase, begin)
    if delay:
        send_later(feeds, begin, delay)
    change(feeds)
    built = publish_snapshot(by.vault, by.settings, [feeds], folder / "bundles", by.actor, WHY)
    for machine in machines:
        bundle = built.require_bundle()
        receive_snapshot(machine.vault, machine.settings, bundle, machine.actor, WHY).require_info()
