"""Word stored reasons when somebody reads them; the sentences stand in `sentences.toml`."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.config import read_data_file
from downtime.paper.serials import format_serial
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.reasons import ReasonCode, Reasons

_TITLES = read_data_file("downtime.reconcile", "titles.toml")
STATE_TITLES = {state: _TITLES["states"][state] for state in ItemState}
"""What people call the states of an item."""
_TABLE = read_data_file("downtime.reconcile", "sentences.toml")
SENTENCES: Mapping[ReasonCode, str] = {code: _TABLE[code] for code in ReasonCode}
"""One for each code: a code without a sentence ends the program as it starts."""


_PLACE = re.compile(r"\{(\w+)(?::(\w+))?(?:\|([^}]*))?\}")


def explain(item: Item, zone: ZoneInfo) -> str:
    """Why an item is in its state, in sentences; times in this zone."""
    return word_reasons(item.reasons, item.fact.system, zone)


def word_reasons(reasons: Reasons, system: str, zone: ZoneInfo) -> str:
    """Reasons about what one system holds, as sentences."""
    return " ".join(_word_reason(code, system, zone, *values.items()) for code, values in reasons)


@lru_cache(maxsize=4096)
def _word_reason(code: ReasonCode, system: str, zone: ZoneInfo, *values: tuple[str, str]) -> str:
    """One sentence: many thousand findings say the same."""
    return _fill(SENTENCES[code], {"system": system, **dict(values)}, zone)


def _fill(sentence: str, values: Mapping[str, str], zone: ZoneInfo) -> str:
    def word(place: re.Match[str]) -> str:
        name, kind, when_empty = place.groups()
        text = values.get(name, "")
        if not text and when_empty is not None:
            return when_empty
        if kind == "moment":
            return _word_moment(text, zone)
        if kind == "form":
            return f"{format_serial(text)}{', returned already,' if values.get('returned') else ''}"
        if kind == "others":
            return ", ".join(_word_others(values, zone))
        return _KINDS[kind](text) if kind else display.format_units(text)

    return _PLACE.sub(word, sentence)


def _word_moment(text: str, zone: ZoneInfo) -> str:
    return (display.format_moment(text, zone) if text else "") or "an unknown time"


def _word_others(values: Mapping[str, str], zone: ZoneInfo) -> Iterator[str]:
    """Other forms, and requests in the system: each by its number and time, parted by a tab."""
    yield from (f"form {format_serial(serial)}" for serial in values["forms"].split("\n") if serial)
    for request in filter(None, values["requests"].split("\n")):
        number, at = request.split("\t")
        yield f"{values['system']} {number} of {display.format_moment(at, zone)}"


_KINDS: Mapping[str, Callable[[str], str]] = {
    "and": lambda text: " and ".join(text.split("\n")),
    "as": "as {}".format,
    "components": lambda text: ", ".join(map(_quoted, text.split("\n"))),
    "day": display.format_day,
    "details": lambda text: " and ".join(
        _TITLES["details"].get(name, name) for name in text.split("\n")
    ),
    "duration": lambda text: display.format_duration(timedelta(minutes=int(text))),
    "list": lambda text: ", ".join(text.split("\n")),
    "or": lambda text: " or ".join(text.split("\n")),
    "plain": lambda text: text.replace("-", " "),
    "serial": format_serial,
    "serials": lambda text: ", ".join(map(format_serial, text.split("\n"))),
    "thing": lambda kind: _TITLES["things"].get(kind, kind),
    "visit": lambda status: _TITLES["visits"].get(status, status),
    "with": "with '{}'".format,
}
"""How a value is worded that is more than its own text."""


def _quoted(component: str) -> str:
    return f"'{component}'" if component else "no component"
