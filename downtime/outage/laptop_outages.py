"""What laptops hand over of outages, and which outage here each of theirs belongs to.

An outage that another laptop declared is kept beside those of this machine, as that laptop said
last. It belongs to the outage here that a person chose, else to the earliest one of the same kind
(real or drill) that it overlaps in time: systems that fail together are one outage, whoever
declared them first, as on a single machine. One that overlaps none belongs nowhere until a person
says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.errors import ConflictError, NotFoundError
from downtime.outage import store
from downtime.outage.model import CLOSED, RECOVERING, Outage, SystemOutage

LAPTOP_OUTAGE_ROWS, NUMBER_ROWS = "outage_elsewhere", "downtime_number"


@dataclass(frozen=True, slots=True)
class LaptopOutage:
    """An outage as a laptop declared it. `joined` is what a person chose, `outage` what follows."""

    device: str
    outage_on_laptop: Outage
    sequence: int
    joined: str
    outage: str
    """Id of the outage here that it belongs to; empty when it belongs to none yet."""

    @property
    def origin(self) -> str:
        """How forms and entries name it: `K7:2026-11-02-1`."""
        return f"{self.device}:{self.outage_on_laptop.id}"


def export_outages(
    db: Database, device: str, sequence: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Outages and numbers as rows for a bundle: this machine's own, and those it was handed."""
    for outage in store.fetch_outages(db, "1"):
        row = asdict(outage) | {"systems": [asdict(system) for system in outage.systems]}
        yield LAPTOP_OUTAGE_ROWS, {"device": device, "sequence": sequence, **row}
    for row in store.fetch_laptop_outages(db):
        del row["joined"]
        yield LAPTOP_OUTAGE_ROWS, row | {"systems": orjson.loads(row["systems"])}
    for row in store.fetch_numbers(db):
        yield NUMBER_ROWS, row


def merge_row(db: Database, device: str, table: str, row: Mapping[str, Any]) -> None:
    """Take one row of a bundle; `device` is this machine, whose own rows are never replaced."""
    if table == NUMBER_ROWS:
        store.insert_number_if_new(db, row)
    elif row["device"] != device:
        store.save_laptop_outage(
            db,
            {**row, "systems": orjson.dumps(row["systems"]).decode(), "drill": int(row["drill"])},
        )


def find_numbers_issued_twice(
    db: Database, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of these rows of downtime numbers that somebody else gave out as well, as held here."""
    return [row for row in rows if store.is_issued_differently(db, row)]


def list_laptop_outages(db: Database) -> list[LaptopOutage]:
    """What every laptop declared, each with the outage here that it belongs to."""
    own = sorted(store.fetch_outages(db, "1"), key=lambda outage: (outage.opened, outage.id))
    return [_parse_laptop_outage(row, own) for row in store.fetch_laptop_outages(db)]


def list_declarations(db: Database, outage: str) -> list[LaptopOutage]:
    """The declarations of laptops that belong to an outage here, earliest first."""
    found = [one for one in list_laptop_outages(db) if one.outage == outage]
    return sorted(found, key=lambda one: (one.outage_on_laptop.opened, one.device))


def map_to_local_outages(db: Database) -> dict[str, str]:
    """Where what was done under a laptop's outage belongs: `K7:2026-11-02-1` to the id here.

    Without one here it stays under the laptop's own name.
    """
    return {one.origin: one.outage or one.origin for one in list_laptop_outages(db)}


def list_local_outages(db: Database) -> list[Outage]:
    """The outages of this machine itself."""
    return store.fetch_outages(db, "1")


def list_known_numbers(db: Database) -> set[str]:
    """Every downtime number that is known here to be given out."""
    return {row["number"] for row in store.fetch_numbers(db)}


def find_start(db: Database, outage: Outage) -> str:
    """When the outage was first declared by anybody; UTC as stored."""
    return min(
        [outage.opened, *(one.outage_on_laptop.opened for one in list_declarations(db, outage.id))]
    )


def join_outage(db: Database, device: str, there: str, here: str) -> None:
    """Say, in the caller's transaction, that a laptop's outage belongs to one here, whatever the times.

    NotFoundError for an unknown one; ConflictError when one is a drill and the other is not.
    """
    found = next(
        (
            o
            for o in list_laptop_outages(db)
            if (o.device, o.outage_on_laptop.id) == (device, there)
        ),
        None,
    )
    target = next(iter(store.fetch_outages(db, "id = ?", here)), None)
    if found is None or target is None:
        raise NotFoundError(
            "outage.unknown", "There is no outage of that number.", "See the list of outages."
        )
    if found.outage_on_laptop.drill != target.drill:
        raise ConflictError(
            "outage.drill", "A drill never mixes with an outage.", "Choose one of the same kind."
        )
    store.set_joined_outage(db, device, there, here)


def open_local_outage(db: Database, device: str, there: str, snapshots: Collection[str]) -> str:
    """Open an outage here with what a laptop declared, inside the caller's transaction; its id.

    Its T0 is the laptop's, when it is among the `snapshots` held here.

    ConflictError while the books of another one are open; NotFoundError for an unknown one.
    """
    found = next(
        (
            o
            for o in list_laptop_outages(db)
            if (o.device, o.outage_on_laptop.id) == (device, there)
        ),
        None,
    )
    if found is None:
        raise NotFoundError(
            "outage.unknown", "That laptop handed over no such outage.", "See the list of outages."
        )
    if busy := next(iter(store.fetch_outages(db, "state <> ?", CLOSED)), None):
        raise ConflictError(
            "outage.open",
            f"{busy.label} is still open, and there is never more than one.",
            "Join the laptop's outage to it, or close it first.",
        )
    theirs = found.outage_on_laptop
    made = store.next_id(db, theirs.opened[:10])
    state = RECOVERING if theirs.state == CLOSED else theirs.state
    snapshot = theirs.snapshot if theirs.snapshot in snapshots else ""
    store.insert_outage(db, Outage(made, theirs.drill, state, snapshot, theirs.opened, "", ()))
    for system in theirs.systems:
        store.start_system(db, made, system.name, system.declared)
        if system.ended:
            store.end_system(db, made, system.name, system.ended)
    store.set_joined_outage(db, device, there, made)
    return made


def _parse_laptop_outage(row: dict[str, Any], own: list[Outage]) -> LaptopOutage:
    systems = tuple(SystemOutage(**system) for system in orjson.loads(row["systems"]))
    names = ("id", "state", "snapshot", "opened", "closed")
    values = {name: row[name] for name in names}
    there = Outage(**values, drill=bool(row["drill"]), systems=systems)
    here = row["joined"] or next((o.id for o in own if _overlaps(o, there)), "")
    return LaptopOutage(row["device"], there, row["sequence"], row["joined"], here)


def _overlaps(one: Outage, other: Outage) -> bool:
    never = "9"  # sorts after every stored time
    return (
        one.drill == other.drill
        and one.opened <= (other.closed or never)
        and other.opened <= (one.closed or never)
    )
