"""The menu of a person: what they may open, and which entry the present page belongs to."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from downtime.accounts.model import Permission
from downtime.web.areas import (
    CARE_AREAS,
    MENU_BLUEPRINTS,
    RECORDS_AREAS,
    SITE_AREAS,
    START_PAGES,
    MenuArea,
    MenuPage,
)


class MenuItem(NamedTuple):
    """One entry of the menu, or of its second line."""

    endpoint: str
    text: str
    current: bool
    arguments: Mapping[str, str]


class Menu(NamedTuple):
    """The entries in their groups, and the second line: the pages of the area that is open."""

    groups: list[list[MenuItem]]
    area: str
    pages: list[MenuItem]


EMPTY_MENU = Menu([], "", [])
"""For who is not signed in."""


def build_menu(may: Callable[[Permission], bool], endpoint: str) -> Menu:
    """The entries that a person may open; the one of the present page is current."""
    here = _menu_endpoint(endpoint)
    groups: list[list[MenuItem]] = []
    shown = Menu(groups, "", [])
    for group in _permitted_groups(may):
        entries = []
        for area, pages in group:
            items = [MenuItem(p.endpoint, p.text, p.endpoint == here, p.arguments) for p in pages]
            is_open = any(item.current for item in items)
            text = area.text if len(items) > 1 else items[0].text
            entries.append(items[0]._replace(text=text, current=is_open))
            if is_open and len(items) > 1:
                shown = Menu(groups, area.text, items)
        groups.append(entries)
    return shown


def start_endpoint(may: Callable[[Permission], bool]) -> str:
    """The page on which a person starts."""
    return next(endpoint for permission, endpoint in START_PAGES if may(permission))


def _permitted_groups(
    may: Callable[[Permission], bool],
) -> Iterator[list[tuple[MenuArea, list[MenuPage]]]]:
    """First what a person works with most; nothing of what they may not open."""
    if may(Permission.ENTRY_KEY):
        order = (RECORDS_AREAS, CARE_AREAS, SITE_AREAS)
    else:
        order = (
            (CARE_AREAS, RECORDS_AREAS, SITE_AREAS)
            if may(Permission.PATIENT_FIND)
            else (SITE_AREAS, RECORDS_AREAS, CARE_AREAS)
        )
    for group in order:
        allowed = ((area, [page for page in area.pages if may(page.permission)]) for area in group)
        if found := [(area, pages) for area, pages in allowed if pages]:
            yield found


def _menu_endpoint(endpoint: str) -> str:
    """The menu's page to which a page belongs: itself, else the first of the same blueprint."""
    every = [
        page.endpoint
        for group in (CARE_AREAS, RECORDS_AREAS, SITE_AREAS)
        for a in group
        for page in a.pages
    ]
    if endpoint in every:
        return endpoint
    name = endpoint.partition(".")[0]
    name = MENU_BLUEPRINTS.get(name, name)
    return next((one for one in every if one.partition(".")[0] == name), endpoint)
