"""The menu of a person: what they may open, and which entry the present page belongs to."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from downtime.accounts.model import Permission
from downtime.web.areas import CARE, OF_ANOTHER, RECORDS, SITE, STARTS, Area, Page


class Item(NamedTuple):
    """One entry of the menu, or of its second line."""

    endpoint: str
    text: str
    current: bool
    arguments: Mapping[str, str]


class Menu(NamedTuple):
    """The entries in their groups, and the second line: the pages of the area that is open."""

    groups: list[list[Item]]
    area: str
    pages: list[Item]


NOTHING = Menu([], "", [])
"""For who is not signed in."""


def menu(may: Callable[[Permission], bool], endpoint: str) -> Menu:
    """The entries that a person may open; the one of the present page is current."""
    here = _entry_of(endpoint)
    groups: list[list[Item]] = []
    shown = Menu(groups, "", [])
    for group in _groups(may):
        entries = []
        for area, pages in group:
            items = [Item(p.endpoint, p.text, p.endpoint == here, p.arguments) for p in pages]
            is_open = any(item.current for item in items)
            text = area.text if len(items) > 1 else items[0].text
            entries.append(items[0]._replace(text=text, current=is_open))
            if is_open and len(items) > 1:
                shown = Menu(groups, area.text, items)
        groups.append(entries)
    return shown


def first(may: Callable[[Permission], bool]) -> str:
    """The page on which a person starts."""
    return next(endpoint for permission, endpoint in STARTS if may(permission))


def _groups(may: Callable[[Permission], bool]) -> Iterator[list[tuple[Area, list[Page]]]]:
    """First what a person works with most; nothing of what they may not open."""
    if may(Permission.ENTRY_KEY):
        order = (RECORDS, CARE, SITE)
    else:
        order = (CARE, RECORDS, SITE) if may(Permission.PATIENT_FIND) else (SITE, RECORDS, CARE)
    for group in order:
        allowed = ((area, [page for page in area.pages if may(page.permission)]) for area in group)
        if found := [(area, pages) for area, pages in allowed if pages]:
            yield found


def _entry_of(endpoint: str) -> str:
    """The menu's page to which a page belongs: itself, else the first of the same blueprint."""
    every = [page.endpoint for group in (CARE, RECORDS, SITE) for a in group for page in a.pages]
    if endpoint in every:
        return endpoint
    name = endpoint.partition(".")[0]
    name = OF_ANOTHER.get(name, name)
    return next((one for one in every if one.partition(".")[0] == name), endpoint)
