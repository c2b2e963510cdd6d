"""The ledger as it travels between machines: layouts, packs, forms, their contents, and moves.

Rows of a bundle are merged with those that are known so that neither order nor repetition matters:
a form, its layout and its values are printed once and stay; a pack goes on along its lifecycle;
moves are only ever added, and the state of a form follows from all of them (`form_state`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from downtime.paper.model import PACK_LIFECYCLE, FormState, Move, MoveKind
from downtime.paper.store import bundle_rows, issued_forms, layouts, moves, packs, page_counts


class LedgerTable(StrEnum):
    """What a row of a bundle is, in the order in which rows can be merged."""

    LAYOUT = "form_layout"
    PACK = "pack"
    FORM = "form_issue"
    CONTENT = "form_content"
    MOVE = "form_move"


_DERIVED = ("state", "changed_by", "changed_at", "reason")
"""Columns that follow from the moves, and do not travel."""
_PACK_STATES = tuple(PACK_LIFECYCLE.moves)


def export_ledger(db: Database, device: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The whole ledger as rows for a bundle; outages are named with the laptop: `K7:2026-11-02-1`."""
    for row in bundle_rows.fetch_table(db, LedgerTable.LAYOUT):
        yield LedgerTable.LAYOUT, row
    for row in bundle_rows.fetch_table(db, LedgerTable.PACK):
        yield LedgerTable.PACK, _name_outage(row, device)
    for row in bundle_rows.fetch_table(db, LedgerTable.FORM):
        columns = {name: value for name, value in row.items() if name not in _DERIVED}
        yield LedgerTable.FORM, _name_outage(columns, device)
    for row in bundle_rows.fetch_table(db, LedgerTable.CONTENT):
        yield LedgerTable.CONTENT, row
    for move in moves.fetch_all_moves(db):
        yield LedgerTable.MOVE, asdict(move)


def find_serials_printed_twice(
    db: Database, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of these rows of forms under whose serial another paper is known here."""
    return [row for row in rows if issued_forms.is_printed_differently(db, row)]


def _name_outage(row: dict[str, Any], device: str) -> dict[str, Any]:
    origin = row.pop("origin") or (f"{device}:{row['outage']}" if row["outage"] else "")
    return row | {"outage": origin}


@dataclass
class LedgerMerge:
    """Merges the rows of one bundle inside the caller's transaction, then updates the states."""

    db: Database
    local_outages: Callable[[str], str]
    """Where what was done under a laptop's outage belongs (`laptop_outages`)."""
    diverged_history: tuple[str, str] | None = None
    """A laptop with two pasts, and the name of the one that this bundle tells: `K7`, `K7-41`."""
    new_forms: int = 0
    """Forms that were not known before."""
    new_moves: int = 0
    _touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._inserter = bundle_rows.RowInserter(self.db)

    def merge_row(self, table: str, row: Mapping[str, Any]) -> None:
        """Merge one row."""
        values = dict(row)
        match LedgerTable(table):
            case LedgerTable.LAYOUT:
                self._merge_layout(values)
            case LedgerTable.PACK:
                self._merge_pack(values)
            case LedgerTable.FORM:
                self._merge_form(values)
            case LedgerTable.CONTENT:
                self._inserter.insert_if_new(LedgerTable.CONTENT, values)
            case LedgerTable.MOVE:
                self._merge_move(Move(**values | {"kind": MoveKind(values["kind"])}))

    def _merge_layout(self, row: dict[str, Any]) -> None:
        if not self._inserter.insert_if_new(LedgerTable.LAYOUT, row):
            layouts.set_earlier_time(self.db, row["digest"], row["made"])

    def _merge_pack(self, row: dict[str, Any]) -> None:
        row |= self._name_local_outage(row)
        if not self._inserter.insert_if_new(LedgerTable.PACK, row):
            known = packs.fetch_pack_row(self.db, row["id"])
            if _pack_progress(row) > _pack_progress(known):
                packs.update_progress(self.db, row)

    def _merge_form(self, row: dict[str, Any]) -> None:
        row |= self._name_local_outage(row)
        row |= {
            "state": FormState.ISSUED,
            "changed_by": row["issued_by"],
            "changed_at": row["issued_at"],
        }
        if self._inserter.insert_if_new(LedgerTable.FORM, row | {"reason": ""}):
            self.new_forms += 1
            self._touched.add(row["serial"])
        elif not issued_forms.is_printed_differently(self.db, row):
            page_counts.raise_page_count(self.db, row["serial"], row["pages"])

    def _name_local_outage(self, row: Mapping[str, Any]) -> dict[str, str]:
        return {"outage": self.local_outages(row["outage"]), "origin": row["outage"]}

    def _merge_move(self, move: Move) -> None:
        if self.diverged_history and move.device == self.diverged_history[0]:
            move = self._rename_diverged(move, self.diverged_history[1])
        if moves.insert_moves(self.db, [move]):
            self.new_moves += 1
            self._touched.add(move.serial)

    def _rename_diverged(self, move: Move, name: str) -> Move:
        """A move of the other past goes under its name, beside the one that is known."""
        known = {(m.device, m.step): m for m in moves.fetch_moves_of(self.db, move.serial)}
        same_step = known.get((move.device, move.step))
        return move if same_step in (None, move) else replace(move, device=name)

    def update_states(self) -> None:
        """Give every form that was touched the state that follows from all its moves."""
        moves.update_states(self.db, self._touched)


def regroup_forms(db: Database, local_outages: Mapping[str, str]) -> dict[str, str]:
    """Put forms of laptops under the outages here; serial to outage of those that changed."""
    regrouped: dict[str, str] = {}
    for origin, outage in local_outages.items():
        regrouped |= issued_forms.set_local_outage(db, origin, outage)
        packs.set_local_outage(db, origin, outage)
    return regrouped


def _pack_progress(row: Mapping[str, Any]) -> tuple[int, int, str, str]:
    return _PACK_STATES.index(row["state"]), row["pages"], row["checksum"], row["failure"]
