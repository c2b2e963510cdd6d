"""What people find an open thing by, for pages and paper: never a key that only this program knows. Pure.

The facts of a statement keep the keys: programs look things up by them.
"""

from collections.abc import Iterable

from downtime.outage.events.model import is_event_id
from downtime.paper import serials
from downtime.reconcile.identity.match_patient import SERIAL
from downtime.returns.statement.model import (
    FORM_KINDS,
    ITEM_KINDS,
    MESSAGE_KINDS,
    PERSON_KINDS,
    OpenKind,
)

_BY_OWN_NAME = FORM_KINDS | {
    OpenKind.SYSTEM_DOWN, OpenKind.LAPTOP_AWAITED, OpenKind.NUMBER_TWICE, OpenKind.NOT_COMPARED,
    OpenKind.NEWER_SNAPSHOT, OpenKind.PAPER_DIFFERS,
}  # fmt: skip
_BY_PAPER = ITEM_KINDS | PERSON_KINDS | {OpenKind.FACTS_DIFFER, OpenKind.RETURN_MISSING}
_BY_MESSAGE = MESSAGE_KINDS | {OpenKind.MESSAGE_DIFFERS, OpenKind.TICK_DIFFERS}


def name_thing(kind: OpenKind, name: str) -> str:
    """`form K7-000042-X` of an item's key; empty for what has no name of its own, only a sentence."""
    if kind in _BY_OWN_NAME:
        return name
    if kind in _BY_PAPER:
        return _name_paper(name.removeprefix(SERIAL))
    return f"message {name}" if kind in _BY_MESSAGE and name else ""


def name_things(kind: OpenKind, names: Iterable[str]) -> list[str]:
    """The names of several things, each once: many items stand on one form."""
    return list(dict.fromkeys(filter(None, (name_thing(kind, name) for name in names))))


def _name_paper(key: str) -> str:
    """The form of an item or link, or the downtime number of a person."""
    number = key.partition("-")[0]
    if is_event_id(number):
        return "recorded on the screen"
    return f"form {serials.format_serial(number)}" if serials.is_serial(number) else number
