"""What laptops hand over of the ledger: layouts, packs, forms, what was printed on them, and moves.

Rows of a bundle are put together with those that are held so that neither order nor repetition
matters: a form, its layout and its values are printed once and stay; a pack goes on along its
lifecycle; moves are only ever added, and the state of a form follows from all of them (`moves`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlite_utils import Database

from downtime.paper import store_carried as store
from downtime.paper import store_moves
from downtime.paper.issue import ISSUED, PACKS
from downtime.paper.moves import Move

LAYOUT, PACK, FORM, CONTENT, MOVE = (
    "form_layout", "pack", "form_issue", "form_content", "form_move",
)  # fmt: skip
TABLES = (LAYOUT, PACK, FORM, CONTENT, MOVE)
"""In the order in which their rows can be taken."""
_STATED = ("state", "changed_by", "changed_at", "reason")
"""What follows from the moves, and is not carried."""
_ORDER = tuple(PACKS.moves)


def carry(db: Database, device: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The whole ledger as rows for a bundle; outages are named with the laptop: `K7:2026-11-02-1`."""
    for row in store.rows(db, LAYOUT):
        yield LAYOUT, row
    for row in store.rows(db, PACK):
        yield PACK, _named(row, device)
    for row in store.rows(db, FORM):
        kept = {name: value for name, value in row.items() if name not in _STATED}
        yield FORM, _named(kept, device)
    for row in store.rows(db, CONTENT):
        yield CONTENT, row
    for move in store_moves.where(db, "1"):
        yield MOVE, asdict(move)


def printed_twice(db: Database, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of these rows of forms under whose serial another paper is known here."""
    return [row for row in rows if store.printed_otherwise(db, row)]


def _named(row: dict[str, Any], device: str) -> dict[str, Any]:
    origin = row.pop("origin") or (f"{device}:{row['outage']}" if row["outage"] else "")
    return row | {"outage": origin}


@dataclass
class Merging:
    """Takes the rows of one bundle inside the caller's transaction, then puts the states right."""

    db: Database
    homes: Callable[[str], str]
    """Where what was done under a laptop's outage belongs (`outage.carried.homes`)."""
    past: tuple[str, str] | None = None
    """A laptop with two pasts, and the name of the one that this bundle tells: `K7`, `K7-41`."""
    forms: int = 0
    """Forms that were not known before."""
    moves: int = 0
    _touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._keeper = store.Keeper(self.db)

    def take(self, table: str, row: Mapping[str, Any]) -> None:
        """Take one row."""
        values = dict(row)
        if table == LAYOUT:
            self._layout(values)
        elif table == PACK:
            self._pack(values)
        elif table == FORM:
            self._form(values)
        elif table == CONTENT:
            self._keeper.keep(CONTENT, values)
        else:
            self._move(Move(**values))

    def _layout(self, row: dict[str, Any]) -> None:
        if not self._keeper.keep(LAYOUT, row):
            store.made_earlier(self.db, row["digest"], row["made"])

    def _pack(self, row: dict[str, Any]) -> None:
        row |= self._placed(row)
        if not self._keeper.keep(PACK, row):
            held = store.pack(self.db, row["id"])
            if _progress(row) > _progress(held):
                store.finish_pack(self.db, row)

    def _form(self, row: dict[str, Any]) -> None:
        row |= self._placed(row)
        row |= {"state": ISSUED, "changed_by": row["issued_by"], "changed_at": row["issued_at"]}
        if self._keeper.keep(FORM, row | {"reason": ""}):
            self.forms += 1
            self._touched.add(row["serial"])
        elif not store.printed_otherwise(self.db, row):
            store.lengthen(self.db, row["serial"], row["pages"])

    def _placed(self, row: Mapping[str, Any]) -> dict[str, str]:
        return {"outage": self.homes(row["outage"]), "origin": row["outage"]}

    def _move(self, move: Move) -> None:
        if self.past and move.device == self.past[0]:
            move = self._of_past(move, self.past[1])
        if store_moves.insert(self.db, [move]):
            self.moves += 1
            self._touched.add(move.serial)

    def _of_past(self, move: Move, name: str) -> Move:
        """A move of the other past goes under its name, beside the one that is known."""
        known = {(one.device, one.step): one for one in store_moves.of(self.db, move.serial)}
        held = known.get((move.device, move.step))
        return move if held in (None, move) else replace(move, device=name)

    def finish(self) -> None:
        """Give every form that was touched the state that follows from all its moves."""
        store_moves.restate(self.db, self._touched)


def regroup(db: Database, homes: Mapping[str, str]) -> dict[str, str]:
    """Put forms of laptops under the outages here; serial to outage of those that changed."""
    moved: dict[str, str] = {}
    for origin, home in homes.items():
        moved |= store.regroup(db, origin, home)
    return moved


def _progress(row: Mapping[str, Any]) -> tuple[int, int, str, str]:
    return _ORDER.index(row["state"]), row["pages"], row["checksum"], row["failure"]
