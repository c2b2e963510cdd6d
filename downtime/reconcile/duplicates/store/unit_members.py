"""The SQL of units of blood that several forms name (`item_twice`), and what stands for each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.reconcile.duplicates.model import (
    rank_settlement,
)
from downtime.reconcile.model import Decision, ItemState
from downtime.reconcile.reasons import Reasons, decode_reasons
from downtime.vault.database import json_list


class OwnFinding(NamedTuple):
    """What the comparison found of an item by itself."""

    state: ItemState
    reasons: Reasons
    needs_second_person: bool


class UnitMember(NamedTuple):
    """An item that names a unit of blood, as it stands now and as it was found by itself."""

    unit: str
    key: str
    serial: str
    patient: str
    system: str
    state: ItemState
    decision: Decision
    is_consistent: bool
    other: str
    alone: OwnFinding
    may_be_another: bool
    """Whether it contradicts the others only if it is of one thing with them: a person says."""

    @property
    def kind(self) -> str:
        """What kind of thing it is: with it begins what names the thing."""
        return self.unit.partition(" ")[0]

    @property
    def is_left_out(self) -> bool:
        return self.decision == Decision.LEAVE

    @property
    def is_settled(self) -> bool:
        """Whether the live system has it, or will have it, unless somebody decides otherwise."""
        return self.settlement_rank < 2

    @property
    def settlement_rank(self) -> int:
        """How firmly it is settled that it goes; see `rank_settlement`."""
        return rank_settlement(self.state, self.decision)


def fetch_unit_members(db: Database, outage: str, keys: Iterable[str]) -> list[UnitMember]:
    """All that name the units of these items on other forms too, by unit, in order."""
    query = (
        "SELECT unit, item.key, item.serial, patient, system, state, decision, firm, other, alone,"
        " instr(reasons, 'unit_component_open') > 0 OR instr(reasons, 'result_on_another_form') > 0"
        " FROM item_twice JOIN item ON item.key = item_twice.key WHERE item_twice.outage = ?"
        " AND unit <> '' AND unit IN"
        " (SELECT unit FROM item_twice WHERE key IN (SELECT value FROM json_each(?)))"
        " ORDER BY unit, place"
    )
    return [_member(row) for row in db.conn.execute(query, (outage, json_list(keys)))]


def _member(row: Sequence[Any]) -> UnitMember:
    unit, key, serial, patient, system, state, decision, is_consistent, other = row[:9]
    alone, may_be_another = row[9:]
    own_state, reasons, needs_second_person = orjson.loads(alone)
    finding = OwnFinding(ItemState(own_state), decode_reasons(reasons), bool(needs_second_person))
    return UnitMember(
        unit, key, serial, patient, system, ItemState(state), Decision(decision), bool(is_consistent),
        other, finding, bool(may_be_another),
    )  # fmt: skip


def save_representatives(db: Database, others: Mapping[str, str]) -> None:
    """By key, what now represents each; empty when it is returned itself."""
    query = "UPDATE item_twice SET other = ? WHERE key = ?"
    db.conn.executemany(query, ((other, key) for key, other in others.items()))
