"""Which other form of a unit of blood stands against returning an item: one unit goes out once."""

from collections.abc import Collection
from itertools import groupby
from operator import attrgetter

from sqlite_utils import Database

from downtime.clinical.recognition import DuplicateKind
from downtime.reconcile.duplicates.store.unit_members import UnitMember, fetch_unit_members
from downtime.reconcile.model import StoredItem


def find_unit_rivals(db: Database, rows: Collection[StoredItem]) -> dict[str, UnitMember]:
    """By key of each item whose unit another form has too, as it cannot be: that one; a settled one first.

    Two forms that tell of one event are no rivals, nor are two lines of one form, nor what may be of
    another component.
    """
    if not any(row.item.fact.fields.get("batch") for row in rows):
        return {}
    keys = [row.key for row in rows]
    members = fetch_unit_members(db, next(iter(rows)).outage, keys)
    rivals: dict[str, UnitMember] = {}
    for _, group in groupby(members, key=attrgetter("unit")):
        listed = list(group)
        for member in listed:
            if against := _find_rivals(member, listed):
                rivals[member.key] = min(against, key=attrgetter("settlement_rank"))
    return {key: rivals[key] for key in keys if key in rivals}


def _find_rivals(member: UnitMember, others: Collection[UnitMember]) -> list[UnitMember]:
    return [
        other
        for other in others
        if member.kind == DuplicateKind.UNIT
        and other.serial != member.serial
        and not (member.is_consistent and other.is_consistent)
        and not (member.may_be_another or other.may_be_another)
        and not other.is_left_out
    ]
