"""The SQL of compared items and what was decided about them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.entry.facts import Fact, Person
from downtime.reconcile.compare import Item
from downtime.reconcile.states import OPEN, allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision on an item; all empty but `decision` while it is open."""

    decision: str = OPEN
    decided_by: str = ""
    decided_by_name: str = ""
    decided: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item of an outage as it is kept, with its decision."""

    item: Item
    outage: str
    digest: str
    snapshot: str
    """The recovered snapshot it was compared with."""
    compared: str
    decided: Decided

    @property
    def key(self) -> str:
        return self.item.key

    @property
    def allowed(self) -> tuple[str, ...]:
        """The decisions it allows."""
        fact = self.item.fact
        return allowed(self.item.state, fact.type, fact.fields.get("event", ""))

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.decided.decision == OPEN and bool(self.allowed)


class Run(NamedTuple):
    """One comparison: when, against which recovered snapshot, over how many entered forms."""

    outage: str
    at: str
    snapshot: str
    forms: int
    items: int


def digest(fact: Fact) -> str:
    """SHA-256 of all that a fact says: it changes when the entry is corrected."""
    said = orjson.dumps(asdict(fact), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()


def fetch(
    db: Database,
    outage: str,
    *,
    state: str = "",
    decision: str = "",
    system: str = "",
    key: str = "",
) -> Iterator[ItemRow]:
    """Items of an outage in the order of system, form and event; every filter that is given applies."""
    given = {"state": state, "decision": decision, "system": system, "key": key}
    used = {name: value for name, value in given.items() if value}
    where = "".join(f" AND {name} = :{name}" for name in used)
    query = f"SELECT * FROM item WHERE outage = :outage{where} ORDER BY system, form, key"  # noqa: S608
    return (_row(row) for row in db.query(query, {**used, "outage": outage}))


def outage_of(db: Database, key: str) -> str:
    """The outage an item belongs to; empty when there is no such item."""
    row = db.execute("SELECT outage FROM item WHERE key = ?", [key]).fetchone()
    return str(row[0]) if row else ""


def save(db: Database, rows: Iterable[ItemRow]) -> None:
    """Insert or replace items."""
    db["item"].upsert_all((_columns(row) for row in rows), pk="key")  # type: ignore[union-attr]


def set_decision(db: Database, key: str, decided: Decided) -> None:
    """Replace what was decided about one item."""
    db["item"].update(key, asdict(decided))  # type: ignore[union-attr]


def remove(db: Database, keys: Iterable[str]) -> None:
    """Forget items whose form no longer says so; never one that went out."""
    for key in keys:
        db.execute("DELETE FROM item WHERE key = ? AND decision <> 'returned'", [key])


def keep_run(db: Database, run: Run) -> None:
    """Record that a comparison was run."""
    db["comparison"].insert(run._asdict())  # type: ignore[union-attr]


def last_run(db: Database, outage: str) -> Run | None:
    """The last comparison of an outage."""
    query = "SELECT * FROM comparison WHERE outage = ? ORDER BY at DESC, rowid DESC LIMIT 1"
    row = next(db.query(query, [outage]), None)
    return Run(**row) if row else None


def counts(db: Database, outage: str) -> list[dict[str, Any]]:
    """How many items there are of each state and decision."""
    query = (
        "SELECT state, decision, count(*) AS items FROM item WHERE outage = ?"
        " GROUP BY state, decision ORDER BY state, decision"
    )
    return [dict(row) for row in db.query(query, [outage])]


def _columns(row: ItemRow) -> dict[str, Any]:
    item, fact = row.item, row.item.fact
    return {
        "key": row.key,
        "outage": row.outage,
        "serial": fact.serial,
        "form": fact.form,
        "ward": fact.ward,
        "type": fact.type,
        "system": fact.system,
        "state": item.state,
        "explanation": item.explanation,
        "patient": item.patient,
        "matched": orjson.dumps(item.matched).decode(),
        "person": orjson.dumps(asdict(item.person)).decode(),
        "fact": orjson.dumps(asdict(fact)).decode(),
        "digest": row.digest,
        "snapshot": row.snapshot,
        "compared": row.compared,
        **asdict(row.decided),
    }


def _row(row: Mapping[str, Any]) -> ItemRow:
    item = Item(
        _fact(orjson.loads(row["fact"])),
        row["state"],
        row["explanation"],
        row["patient"],
        tuple(orjson.loads(row["matched"])),
        Person(**orjson.loads(row["person"])),
    )
    decided = Decided(**{name: row[name] for name in Decided.__dataclass_fields__})
    return ItemRow(item, row["outage"], row["digest"], row["snapshot"], row["compared"], decided)


def _fact(held: dict[str, Any]) -> Fact:
    notes = tuple((label, answer) for label, answer in held["notes"])
    return Fact(**{**held, "person": Person(**held["person"]), "notes": notes})
