"""What laptops hand over of the ledger: layouts, packs, forms, what was printed on them, and moves.

Rows of a bundle are put together with those that are held so that neither order nor repetition
matters: a form, its layout and its values are printed once and stay; a pack goes on along its
lifecycle; moves are only ever added, and the state of a form follows from all of them (`moves`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlite_utils import Database

from downtime.paper.model import PACK_LIFECYCLE, FormState, Move
from downtime.paper.store import merge as store
from downtime.paper.store import moves as tmpstore_moves

LAYOUT, PACK, FORM, CONTENT, MOVE = (
    "form_layout", "pack", "form_issue", "form_content", "form_move",
)  # fmt: skip
TABLES = (LAYOUT, PACK, FORM, CONTENT, MOVE)
"""In the order in which their rows can be taken."""
_STATED = ("state", "changed_by", "changed_at", "reason")
"""What follows from the moves, and is not carried."""
_ORDER = tuple(PACK_LIFECYCLE.moves)


def export_ledger(db: Database, device: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The whole ledger as rows for a bundle; outages are named with the laptop: `K7:2026-11-02-1`."""
    for row in store.fetch_table(db, LAYOUT):
        yield LAYOUT, row
    for row in store.fetch_table(db, PACK):
        yield PACK, _add_outage_name(row, device)
    for row in store.fetch_table(db, FORM):
        kept = {name: value for name, value in row.items() if name not in _STATED}
        yield FORM, _add_outage_name(kept, device)
    for row in store.fetch_table(db, CONTENT):
        yield CONTENT, row
    for move in tmpstore_moves.fetch_moves(db, "1"):
        yield MOVE, asdict(move)


def find_serials_printed_twice(
    db: Database, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of these rows of forms under whose serial another paper is known here."""
    return [row for row in rows if store.is_printed_differently(db, row)]


def _add_outage_name(row: dict[str, Any], device: str) -> dict[str, Any]:
    origin = row.pop("origin") or (f"{device}:{row['outage']}" if row["outage"] else "")
    return row | {"outage": origin}


@dataclass
class LedgerMerge:
    """Takes the rows of one bundle inside the caller's transaction, then puts the states right."""

    db: Database
    local_outages: Callable[[str], str]
    """Where what was done under a laptop's outage belongs (`outage.carried.homes`)."""
    diverged_history: tuple[str, str] | None = None
    """A laptop with two pasts, and the name of the one that this bundle tells: `K7`, `K7-41`."""
    new_forms: int = 0
    """Forms that were not known before."""
    new_moves: int = 0
    _touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._keeper = store.RowInserter(self.db)

    def merge_row(self, table: str, row: Mapping[str, Any]) -> None:
        """Take one row."""
        values = dict(row)
        if table == LAYOUT:
            self._merge_layout(values)
        elif table == PACK:
            self._merge_pack(values)
        elif table == FORM:
            self._merge_form(values)
        elif table == CONTENT:
            self._keeper.insert_if_new(CONTENT, values)
        else:
            self._merge_move(Move(**values))

    def _merge_layout(self, row: dict[str, Any]) -> None:
        if not self._keeper.insert_if_new(LAYOUT, row):
            store.set_earlier_time(self.db, row["digest"], row["made"])

    def _merge_pack(self, row: dict[str, Any]) -> None:
        row |= self._local_outage(row)
        if not self._keeper.insert_if_new(PACK, row):
            held = store.fetch_pack_row(self.db, row["id"])
            if _pack_progress(row) > _pack_progress(held):
                store.set_pack_outcome(self.db, row)

    def _merge_form(self, row: dict[str, Any]) -> None:
        row |= self._local_outage(row)
        row |= {
            "state": FormState.ISSUED,
            "changed_by": row["issued_by"],
            "changed_at": row["issued_at"],
        }
        if self._keeper.insert_if_new(FORM, row | {"reason": ""}):
            self.new_forms += 1
            self._touched.add(row["serial"])
        elif not store.is_printed_differently(self.db, row):
            store.raise_page_count(self.db, row["serial"], row["pages"])

    def _local_outage(self, row: Mapping[str, Any]) -> dict[str, str]:
        return {"outage": self.local_outages(row["outage"]), "origin": row["outage"]}

    def _merge_move(self, move: Move) -> None:
        if self.diverged_history and move.device == self.diverged_history[0]:
            move = self._rename_diverged(move, self.diverged_history[1])
        if tmpstore_moves.insert_moves(self.db, [move]):
            self.new_moves += 1
            self._touched.add(move.serial)

    def _rename_diverged(self, move: Move, name: str) -> Move:
        """A move of the other past goes under its name, beside the one that is known."""
        known = {
            (one.device, one.step): one
            for one in tmpstore_moves.fetch_moves_of(self.db, move.serial)
        }
        held = known.get((move.device, move.step))
        return move if held in (None, move) else replace(move, device=name)

    def update_states(self) -> None:
        """Give every form that was touched the state that follows from all its moves."""
        tmpstore_moves.update_states(self.db, self._touched)


def regroup_forms(db: Database, homes: Mapping[str, str]) -> dict[str, str]:
    """Put forms of laptops under the outages here; serial to outage of those that changed."""
    moved: dict[str, str] = {}
    for origin, home in homes.items():
        moved |= store.regroup(db, origin, home)
    return moved


def _pack_progress(row: Mapping[str, Any]) -> tuple[int, int, str, str]:
    return _ORDER.index(row["state"]), row["pages"], row["checksum"], row["failure"]
