"""The SQL of outages and downtime numbers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlite_utils import Database

from downtime.outage.model import Outage, OutageState, StepTick, SystemOutage
from downtime.vault.database import build_record, insert_record

_SYSTEM_COLUMNS = "name, declared, ended, snapshot"
_SYSTEM_ORDER = " ORDER BY declared, rowid"


def fetch_outages(db: Database) -> list[Outage]:
    """All outages of this machine, newest first."""
    systems: dict[str, list[SystemOutage]] = {}
    for row in db.query(
        "SELECT outage, " + _SYSTEM_COLUMNS + " FROM outage_system" + _SYSTEM_ORDER
    ):
        systems.setdefault(row.pop("outage"), []).append(SystemOutage(**row))
    rows = db.query("SELECT * FROM outage ORDER BY opened DESC, id DESC")
    return [_parse_outage(row, systems.get(row["id"], ())) for row in rows]


def find_open_outage(db: Database) -> Outage | None:
    """The outage or drill that has systems down."""
    rows = db.query("SELECT * FROM outage WHERE state = ?", [OutageState.OPEN])
    return next((_read_outage(db, row) for row in rows), None)


def find_outage(db: Database, outage_id: str) -> Outage | None:
    rows = db.query("SELECT * FROM outage WHERE id = ?", [outage_id])
    return next((_read_outage(db, row) for row in rows), None)


def _read_outage(db: Database, row: dict[str, Any]) -> Outage:
    query = "SELECT " + _SYSTEM_COLUMNS + " FROM outage_system WHERE outage = ?" + _SYSTEM_ORDER
    return _parse_outage(row, (SystemOutage(**system) for system in db.query(query, [row["id"]])))


def _parse_outage(row: dict[str, Any], systems: Iterable[SystemOutage]) -> Outage:
    values = {
        "drill": bool(row["drill"]),
        "state": OutageState(row["state"]),
        "systems": tuple(systems),
    }
    return build_record(Outage, row | values)


def next_id(db: Database, day: str) -> str:
    """`2026-11-02-1`, the next free one of a day."""
    taken = db.execute("SELECT count(*) FROM outage WHERE id LIKE ? || '-%'", [day]).fetchone()[0]
    return f"{day}-{taken + 1}"


def insert_outage(db: Database, outage: Outage) -> None:
    db.table("outage").insert(
        {
            "id": outage.id,
            "drill": int(outage.drill),
            "state": outage.state,
            "snapshot": outage.snapshot,
            "opened": outage.opened,
            "closed": "",
        }
    )


def set_outage_state(db: Database, outage_id: str, state: str, at: str) -> None:
    db.table("outage").update(
        outage_id, {"state": state, "closed": at if state == OutageState.CLOSED else ""}
    )


def set_start(db: Database, outage_id: str) -> None:
    """An outage begins with its first system."""
    db.execute(
        "UPDATE outage SET opened = coalesce("
        "(SELECT min(declared) FROM outage_system WHERE outage = id), opened) WHERE id = ?",
        [outage_id],
    )


def set_chosen(db: Database, outage_id: str, at: str) -> None:
    db.table("outage").update(outage_id, {"chosen": at})


def start_system(db: Database, outage_id: str, name: str, at: str, snapshot: str) -> None:
    db.table("outage_system").insert(
        {"outage": outage_id, "name": name, "declared": at, "ended": "", "snapshot": snapshot}
    )


def move_start(db: Database, outage_id: str, failure: SystemOutage, at: str) -> None:
    """Correct since when a system was down."""
    db.execute(
        "UPDATE outage_system SET declared = ? WHERE outage = ? AND name = ? AND declared = ?",
        [at, outage_id, failure.name, failure.declared],
    )


def resume_system(db: Database, outage_id: str, failure: SystemOutage) -> None:
    """A system that was said to be back was not."""
    db.execute(
        "UPDATE outage_system SET ended = '' WHERE outage = ? AND name = ? AND declared = ?",
        [outage_id, failure.name, failure.declared],
    )


def delete_system(db: Database, outage_id: str, failure: SystemOutage) -> None:
    """A system that was declared by mistake."""
    db.execute(
        "DELETE FROM outage_system WHERE outage = ? AND name = ? AND declared = ?",
        [outage_id, failure.name, failure.declared],
    )


def end_system(db: Database, outage_id: str, name: str, at: str) -> None:
    db.execute(
        "UPDATE outage_system SET ended = ? WHERE outage = ? AND name = ? AND ended = ''",
        [at, outage_id, name],
    )


def last_position(db: Database, device: str) -> int:
    """The last place in the order in which a device gave out its numbers, whatever their blocks."""
    query = "SELECT coalesce(max(position), 0) FROM downtime_number WHERE substr(number, 2, 2) = ?"
    return int(db.execute(query, [device]).fetchone()[0])


def last_number_in_first_block(db: Database, device: str) -> int:
    """The highest number of a device's first block; those of named blocks are longer."""
    query = (
        "SELECT coalesce(max(CAST(substr(number, 4, 5) AS INTEGER)), 0) FROM downtime_number"
        " WHERE substr(number, 2, 2) = ? AND length(number) = 9"
    )
    return int(db.execute(query, [device]).fetchone()[0])


def insert_numbers(db: Database, numbers: list[tuple[str, int]], at: str, by: str) -> None:
    db.table("downtime_number").insert_all(
        {"number": number, "position": position, "issued": at, "issued_by": by}
        for number, position in numbers
    )


def fetch_numbers(db: Database) -> Iterator[dict[str, Any]]:
    """Every downtime number that this machine knows to be given out."""
    return db.query(
        "SELECT number, position, issued, issued_by FROM downtime_number ORDER BY number"
    )


def insert_number_if_new(db: Database, row: Mapping[str, Any]) -> None:
    """Keep a number that another machine gave out; one that is known stays as it is."""
    names = ("number", "position", "issued", "issued_by")
    db.table("downtime_number").insert({name: row[name] for name in names}, ignore=True)


def is_issued_differently(db: Database, row: Mapping[str, Any]) -> bool:
    """Whether this number is held as given out at another time or by somebody else."""
    query = "SELECT 1 FROM downtime_number WHERE number = ? AND (issued <> ? OR issued_by <> ?)"
    values = [row["number"], row["issued"], row["issued_by"]]
    return db.execute(query, values).fetchone() is not None


def fetch_laptop_outages(db: Database) -> Iterator[dict[str, Any]]:
    """What other laptops declared, as rows, in the order of device and number."""
    return db.query("SELECT * FROM outage_elsewhere ORDER BY device, id")


def save_laptop_outage(db: Database, row: Mapping[str, Any]) -> None:
    """Keep what a laptop declared, unless something later of it is known."""
    names = (
        "device", "id", "sequence", "drill", "state", "snapshot", "opened", "closed", "systems",
    )  # fmt: skip
    later = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    db.execute(
        f"INSERT INTO outage_elsewhere ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT (device, id) DO UPDATE SET {later} WHERE excluded.sequence > sequence",
        [row[name] for name in names],
    )


def set_joined_outage(db: Database, device: str, id_on_laptop: str, local_id: str) -> None:
    db.execute(
        "UPDATE outage_elsewhere SET joined = ? WHERE device = ? AND id = ?",
        [local_id, device, id_on_laptop],
    )


def insert_tick(db: Database, outage_id: str, tick: StepTick) -> None:
    insert_record(db, "action_step", tick, outage=outage_id)


def fetch_ticks(db: Database, outage_id: str) -> Iterator[StepTick]:
    """What was said of steps in an outage, the latest last."""
    rows = db.query("SELECT * FROM action_step WHERE outage = ? ORDER BY rowid", [outage_id])
    return (build_record(StepTick, row) for row in rows)
