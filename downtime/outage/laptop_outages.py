"""Outages that laptops declared, as their bundles bring them, and the outage here of each.

An outage that another laptop declared is kept beside those of this machine, as that laptop said
last. It belongs to the outage here that a person chose, else to one of the same kind (real or drill)
during whose downtime it was: rather one with the same system, else the earliest. Systems that fail
together are one outage, whoever declared them first, as on a single machine. One that was declared
while a single outage was only being recovered here belongs to that: the laptop heard of the end late.
Any other belongs nowhere until a person says so.
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
NEVER = "~"
"""Sorts after every stored time."""


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


def find_paper_window(db: Database, outage: Outage) -> tuple[str, str]:
    """From when until when (UTC) paper that was printed ahead of any outage is this one's.

    It ends where the next real outage begins; with a drill it has none.
    """
    start = find_start(db, outage)
    if outage.drill:
        return start, start
    later = [find_start(db, item) for item in store.fetch_outages(db) if not item.drill]
    return start, min([outage.closed or NEVER, *(time for time in later if time > start)])


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

    ConflictError while systems of both are down; NotFoundError for an unknown one.
    """
    laptop_outage = _find_laptop_outage(db, device, id_on_laptop)
    if laptop_outage is None:
        raise NotFoundError(
            "outage.unknown", "That laptop handed over no such outage.", "See the list of outages."
        )
    declared = laptop_outage.outage_on_laptop
    open_outage = store.find_open_outage(db)
    if open_outage and declared.state == OutageState.OPEN:
        raise ConflictError(
            "outage.open",
            f"{open_outage.label} has systems down as well.",
            "Join the laptop's outage to it, or end it first.",
        )
    local_id = store.next_id(db, declared.opened[:10])
    is_closed = declared.state == OutageState.CLOSED
    local_outage = replace(
        declared,
        id=local_id,
        state=OutageState.RECOVERING if is_closed else declared.state,
        snapshot=_if_here(declared.snapshot, snapshots),
        closed="",
    )
    store.insert_outage(db, local_outage)
    for system in declared.systems:
        snapshot = _if_here(system.snapshot, snapshots)
        store.start_system(db, local_id, system.name, system.declared, snapshot)
        if system.ended:
            store.end_system(db, local_id, system.name, system.ended)
    store.set_joined_outage(db, device, id_on_laptop, local_id)
    return local_id


def _if_here(snapshot: str, snapshots: Collection[str]) -> str:
    return snapshot if snapshot in snapshots else ""


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
    return LaptopOutage(
        row["device"],
        outage,
        row["sequence"],
        row["joined"],
        row["joined"] or _find_local_id(outage, local_outages),
    )


def _find_local_id(outage: Outage, local_outages: list[Outage]) -> str:
    """Where a laptop's outage belongs by kind, times and systems; empty when that does not say it."""
    same_kind = [local for local in local_outages if local.drill == outage.drill]
    at_once = [local for local in same_kind if _overlap(_down_window(local), _down_window(outage))]
    names = {system.name for system in outage.systems}
    same_system = [local for local in at_once if names & {system.name for system in local.systems}]
    if at_once:
        return (same_system or at_once)[0].id
    unclosed = [
        local.id
        for local in same_kind
        if _overlap((local.opened, local.closed or NEVER), (outage.opened, outage.closed or NEVER))
    ]
    return unclosed[0] if len(unclosed) == 1 else ""


def _down_window(outage: Outage) -> tuple[str, str]:
    return outage.opened, outage.last_end or NEVER


def _overlap(first: tuple[str, str], second: tuple[str, str]) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]
