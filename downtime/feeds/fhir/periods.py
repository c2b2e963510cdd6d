"""Which of several names, addresses or numbers holds now: their periods decide, then their use.

`now` is a UTC instant as it is stored; an end that names only a day, month or year is past when
that day, month or year is.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from downtime.feeds import times
from downtime.feeds.fhir.data_types import elements_at, text_at, texts_at

_NAME_USES = {"official": 0, "usual": 1, "": 2, "temp": 3, "nickname": 4, "anonymous": 5}
_ADDRESS_USES = {"home": 0, "": 1, "temp": 2, "work": 3, "billing": 4}
_PHONE_USES = {"mobile": 0, "home": 0, "": 1, "temp": 2, "work": 3}
_OTHER_USE = 9
_PHONE_SYSTEMS = ("phone", "sms", "")

Element = dict[str, Any]


def is_past(text: str, now: str, zone: ZoneInfo) -> bool:
    """Whether an end has been; one that cannot be read has not."""
    end = times.parse_time(text, zone)
    return bool(end) and end < now[: len(end)]


def is_future(text: str, now: str, zone: ZoneInfo) -> bool:
    """Whether a beginning is yet to come."""
    start = times.parse_time(text, zone)
    return bool(start) and start > now[: len(start)]


def is_current(element: Any, now: str, zone: ZoneInfo) -> bool:
    """Whether an element holds: its period has begun and has not ended, and its use is not `old`."""
    start, end = (text_at(element, "period", name) for name in ("start", "end"))
    is_old = text_at(element, "use") == "old"
    return not is_old and not is_past(end, now, zone) and not is_future(start, now, zone)


def list_current(node: Any, name: str, now: str, zone: ZoneInfo) -> Iterator[Element]:
    """The elements of a list that hold."""
    return (item for item in elements_at(node, name) if is_current(item, now, zone))


def human_name(node: Any, now: str, zone: ZoneInfo) -> tuple[str, str, str]:
    """Family, given names and prefix of a list of HumanNames.

    Of those that hold the official one, else the usual; when none holds, the one that ended last: a
    person is never without a name.
    """
    names = list(elements_at(node))
    current = _sort_by_use((n for n in names if is_current(n, now, zone)), _NAME_USES)
    past = sorted(names, key=lambda name: text_at(name, "period", "end"), reverse=True)
    best: Element = next(iter([*current, *past]), {})
    given_names, prefix = (" ".join(texts_at(best, part)) for part in ("given", "prefix"))
    family = text_at(best, "family")
    return (family or ("" if given_names else text_at(best, "text"))), given_names, prefix


def choose_address(node: Any, now: str, zone: ZoneInfo) -> Element:
    """The address that holds, at home before elsewhere; empty when none does."""
    addresses = list_current(node, "address", now, zone)
    return next(iter(_sort_by_use(addresses, _ADDRESS_USES)), {})


def choose_phone(node: Any, now: str, zone: ZoneInfo) -> str:
    """The telephone number that holds, by its rank and use; empty when none does."""
    phones = [
        item
        for item in list_current(node, "telecom", now, zone)
        if text_at(item, "system") in _PHONE_SYSTEMS and text_at(item, "value")
    ]
    ranked = sorted(_sort_by_use(phones, _PHONE_USES), key=_get_rank)
    return text_at(ranked[0], "value") if ranked else ""


def _get_rank(item: Element) -> int:
    rank = text_at(item, "rank")
    return int(rank) if rank.isdecimal() and len(rank) < 5 else _OTHER_USE


def _sort_by_use(items: Iterable[Element], order: dict[str, int]) -> list[Element]:
    return sorted(items, key=lambda item: order.get(text_at(item, "use"), _OTHER_USE))
