"""Outages that laptops declared, as their bundles bring them, and the outage here of each.

An outage that another laptop declared is kept beside those of this machine, as that laptop said
last. It belongs to the outage here that a person chose, else to the earliest one of the same kind
(real or drill) that it overlaps in time: systems that fail together are one outage, whoever
declared them first, as on a single machine. One that overlaps none belongs nowhere until a person
says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.errors import ConflictError, NotFoundError
from downtime.outage import store
from downtime.outage.model import Outage, OutageState, SystemOutage

LAPTOP_OUTAGE_ROWS, NUMBER_ROWS = "outage_elsewhere", "downtime_number"


@dataclass(frozen=True, slots=True)
class LaptopOutage:
    """An outage as a laptop declared it. `chosen_outage_id` is what a person chose, `outage` what follows."""

    device: str
    outage_on_laptop: Outage
    sequence: int
    chosen_outage_id: str
    outage: str
    """Id of the outage here that it belongs to; empty when it belongs to none yet."""

    @property
    def name_in_bundles(self) -> str:
        """How forms and entries name it: `K7:2026-11-02-1`."""
        return f"{self.device}:{self.outage_on_laptop.id}"


def export_outages(
    db: Database, device: str, sequence: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Outages and numbers as rows for a bundle: this machine's own, and those it was handed."""
    for outage in store.fetch_outages(db):
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
    local = sorted(store.fetch_outages(db), key=lambda outage: (outage.opened, outage.id))
    return [_parse_laptop_outage(row, local) for row in store.fetch_laptop_outages(db)]


def list_declarations(db: Database, outage: str) -> list[LaptopOutage]:
    """The declarations of laptops that belong to an outage here, earliest first."""
    declarations = [item for item in list_laptop_outages(db) if item.outage == outage]
    return sorted(declarations, key=lambda item: (item.outage_on_laptop.opened, item.device))


def map_to_local_outages(db: Database) -> dict[str, str]:
    """Where what was done under a laptop's outage belongs: `K7:2026-11-02-1` to the id here.

    Without one here it stays under the laptop's own name.
    """
    return {
        item.name_in_bundles: item.outage or item.name_in_bundles
        for item in list_laptop_outages(db)
    }


def list_local_outages(db: Database) -> list[Outage]:
    """The outages of this machine itself."""
    return store.fetch_outages(db)


def list_known_numbers(db: Database) -> set[str]:
    """Every downtime number that is known here to be given out."""
    return {row["number"] for row in store.fetch_numbers(db)}


def find_start(db: Database, outage: Outage) -> str:
    """When the outage was first declared by anybody; UTC as stored."""
    declarations = list_declarations(db, outage.id)
    return min([outage.opened, *(item.outage_on_laptop.opened for item in declarations)])


def join_outage(db: Database, device: str, id_on_laptop: str, local_id: str) -> None:
    """Let a laptop's outage belong to one here, whatever the times, in the caller's transaction.

    NotFoundError for an unknown one; ConflictError when one is a drill and the other is not.
    """
    laptop_outage = _find_laptop_outage(db, device, id_on_laptop)
    local_outage = store.find_outage(db, local_id)
    if laptop_outage is None or local_outage is None:
        raise NotFoundError(
            "outage.unknown", "There is no outage of that number.", "See the list of outages."
        )
    if laptop_outage.outage_on_laptop.drill != local_outage.drill:
        raise ConflictError(
            "outage.drill", "A drill never mixes with an outage.", "Choose one of the same kind."
        )
    store.set_joined_outage(db, device, id_on_laptop, local_id)


def open_local_outage(
    db: Database, device: str, id_on_laptop: str, snapshots: Collection[str]
) -> str:
    """Open an outage here with what a laptop declared, inside the caller's transaction; its id.

    Its T0 is the laptop's, when it is among the `snapshots` held here.

    ConflictError while the books of another one are open; NotFoundError for an unknown one.
    """
    laptop_outage = _find_laptop_outage(db, device, id_on_laptop)
    if laptop_outage is None:
        raise NotFoundError(
            "outage.unknown", "That laptop handed over no such outage.", "See the list of outages."
        )
    if open_outage := store.find_open_outage(db):
        raise ConflictError(
            "outage.open",
            f"{open_outage.label} is still open, and there is never more than one.",
            "Join the laptop's outage to it, or close it first.",
        )
    declared = laptop_outage.outage_on_laptop
    local_id = store.next_id(db, declared.opened[:10])
    is_closed = declared.state == OutageState.CLOSED
    local_outage = replace(
        declared,
        id=local_id,
        state=OutageState.RECOVERING if is_closed else declared.state,
        snapshot=declared.snapshot if declared.snapshot in snapshots else "",
        closed="",
    )
    store.insert_outage(db, local_outage)
    for system in declared.systems:
        store.start_system(db, local_id, system.name, system.declared)
        if system.ended:
            store.end_system(db, local_id, system.name, system.ended)
    store.set_joined_outage(db, device, id_on_laptop, local_id)
    return local_id


def _find_laptop_outage(db: Database, device: str, id_on_laptop: str) -> LaptopOutage | None:
    for laptop_outage in list_laptop_outages(db):
        if (laptop_outage.device, laptop_outage.outage_on_laptop.id) == (device, id_on_laptop):
            return laptop_outage
    return None


def _parse_laptop_outage(row: dict[str, Any], local_outages: list[Outage]) -> LaptopOutage:
    outage = Outage(
        id=row["id"],
        drill=bool(row["drill"]),
        state=OutageState(row["state"]),
        snapshot=row["snapshot"],
        opened=row["opened"],
        closed=row["closed"],
        systems=tuple(SystemOutage(**system) for system in orjson.loads(row["systems"])),
    )
    overlapping = next((local.id for local in local_outages if _overlaps(local, outage)), "")
    return LaptopOutage(
        row["device"], outage, row["sequence"], row["joined"], row["joined"] or overlapping
    )


def _overlaps(first: Outage, second: Outage) -> bool:
    never = "9"  # sorts after every stored time
    return (
        first.drill == second.drill
        and first.opened <= (second.closed or never)
        and second.opened <= (first.closed or never)
    )
