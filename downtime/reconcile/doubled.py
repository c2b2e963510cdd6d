"""Find, while a comparison keeps a set of forms, what other forms of the outage say already."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from downtime.reconcile import store_twice
from downtime.reconcile.compare import Item
from downtime.reconcile.rules import marks
from downtime.reconcile.rules.twice import TYPES
from downtime.reconcile.states import RETURNED
from downtime.reconcile.store import ItemRow
from downtime.settings import Settings


class Doubled(NamedTuple):
    """The items, marked, and serials of other forms that have to be looked at because of them."""

    items: list[Item]
    late: set[str]


def marked(
    db: Database,
    outage: str,
    settings: Settings,
    items: Sequence[Item],
    held: Mapping[str, ItemRow],
    serials: Sequence[str],
) -> Doubled:
    """Items of these forms, beside all other forms about their patients, as they were and are now."""
    about = [item for item in items if item.fact.type in TYPES]
    about += [row.item for row in held.values() if row.item.fact.type in TYPES]
    patients = {item.patient for item in about} - {""}
    units = any(item.fact.fields.get("batch") for item in about)
    others = store_twice.others(db, outage, patients, serials, units=units) if about else []
    out = {row.key for row in held.values() if row.decided.decision == RETURNED}
    found = marks.marked(items, settings, [one.said for one in others], out)
    left = {item.key for item in found.items if item.state in marks.LEFT} & found.other.keys()
    store_twice.keep(db, outage, serials, {key: found.other[key] for key in left})
    late = {
        one.said.serial
        for one in others
        if one.other != (found.other.get(one.said.key, "") if one.left else "")
    }
    return Doubled(found.items, late)
