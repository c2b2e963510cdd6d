"""The menu: its pages in the order of each role's work, and what a person may open of them."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from downtime.accounts.model import Permission


class MenuPage(NamedTuple):
    """A page that the menu offers: endpoint, words, the permission that it needs."""

    endpoint: str
    text: str
    permission: Permission
    arguments: Mapping[str, str] = MappingProxyType({})


class MenuArea(NamedTuple):
    """One entry of the menu; with several pages they stand in a second line while one is open."""

    text: str
    pages: tuple[MenuPage, ...]


def _single_page(endpoint: str, text: str, permission: Permission) -> MenuArea:
    return MenuArea(text, (MenuPage(endpoint, text, permission),))


CARE_AREAS: tuple[MenuArea, ...] = (
    _single_page("find.results", "Find", Permission.PATIENT_FIND),
    _single_page("beds.wards", "Beds", Permission.BED_LIST),
    _single_page("outstanding_tests.outstanding", "Tests outstanding", Permission.TEST_LIST),
    _single_page("appointments.lists", "Appointments", Permission.APPOINTMENT_LIST),
    _single_page("printing.choose", "Print", Permission.FORM_PRINT),
    _single_page("events.show", "Events", Permission.EVENT_VIEW),
    _single_page("laboratory.show", "Laboratory", Permission.EVENT_VIEW),
    _single_page("numbers.show", "Numbers", Permission.NUMBER_ISSUE),
    _single_page("shelf.show", "Reference", Permission.SHELF_VIEW),
    _single_page("guidance.show", "What to do now", Permission.SESSION_OWN),
)
RECORDS_AREAS: tuple[MenuArea, ...] = (
    MenuArea(
        "Worklists",
        (
            MenuPage("worklists.show", "Worklists", Permission.ENTRY_QUEUE),
            MenuPage("open_list.show", "Why is it still open?", Permission.ENTRY_QUEUE),
        ),
    ),
    MenuArea(
        "Paper",
        (
            MenuPage("check_in.show", "Check in forms", Permission.LEDGER_MOVE),
            MenuPage("scanning.show", "Scanned boxes", Permission.ENTRY_SCAN),
            MenuPage("piles.show", "Ward piles", Permission.LEDGER_MOVE),
            MenuPage("ledger.show", "All forms", Permission.LEDGER_VIEW),
            MenuPage(
                "check_in.list_papers", "Need action", Permission.LEDGER_VIEW, {"name": "missing"}
            ),
            MenuPage("laptops.show", "Laptops", Permission.SYNC_VIEW),
        ),
    ),
    MenuArea(
        "Key",
        (
            MenuPage("keying.choose", "Key a form", Permission.ENTRY_KEY),
            MenuPage("snippets.show", "One field over many", Permission.ENTRY_KEY),
            MenuPage("questions.show", "Questions", Permission.QUERY_LIST),
            MenuPage("queues.show_quality", "Keying error rate", Permission.ENTRY_QUALITY),
        ),
    ),
    _single_page("identity.show", "Unmatched", Permission.IDENTITY_LIST),
    _single_page("comparison.show", "Comparison", Permission.RECONCILE_LIST),
    MenuArea(
        "Returns",
        (
            MenuPage("returns.show", "Messages", Permission.RETURN_EXPORT),
            MenuPage("rekey_worklists.show", "Re-key worklists", Permission.REKEY_LIST),
        ),
    ),
    MenuArea(
        "Sign-off",
        (
            MenuPage("harm.show", "Harm review", Permission.HARM_LIST),
            MenuPage("statement.show", "Statement", Permission.STATEMENT_MAKE),
            MenuPage("report.show", "Report", Permission.REPORT_MAKE),
        ),
    ),
)
SITE_AREAS: tuple[MenuArea, ...] = (
    MenuArea(
        "Outages",
        (
            MenuPage("outages.show", "Outages", Permission.OUTAGE_VIEW),
            MenuPage("readiness.show", "Readiness", Permission.FORM_PRINT),
            MenuPage("endurance.show", "Endurance", Permission.OUTAGE_VIEW),
            MenuPage("mutual_aid.show", "Mutual aid", Permission.AID_VIEW),
            MenuPage("training.show", "Training", Permission.OUTAGE_VIEW),
            MenuPage("break_glass.show", "Break-glass", Permission.BREAK_GLASS_LIST),
        ),
    ),
    _single_page("snapshots.show", "Snapshots", Permission.SNAPSHOT_LIST),
    _single_page("ingest.show", "Ingest", Permission.INGEST_VIEW),
    _single_page("people.show", "People", Permission.PERSON_MANAGE),
    _single_page("field_placement.choose", "Forms", Permission.FORM_APPROVE),
    MenuArea(
        "Fleet",
        (
            MenuPage("fleet.show", "Fleet", Permission.FLEET_VIEW),
            MenuPage("machines.show", "List of machines", Permission.DEVICE_MANAGE),
        ),
    ),
    _single_page("audit.show", "Audit", Permission.AUDIT_VERIFY),
)
MENU_BLUEPRINTS = {
    "handover": "beds",
    "medicines_due": "beds",
    "quarantine": "snapshots",
    "queues": "keying",
    "verifying": "keying",
}
"""Blueprints whose pages belong to the menu page of another one."""
START_PAGES = (
    (Permission.ENTRY_KEY, "worklists.show"),
    (Permission.PATIENT_FIND, "find.results"),
    (Permission.PERSON_MANAGE, "outages.show"),
    (Permission.AUDIT_VIEW, "audit.show"),
    (Permission.SESSION_OWN, "guidance.show"),
)
"""The page on which a person starts: that of the first action which they may do."""


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


def build_menu(has_permission: Callable[[Permission], bool], endpoint: str) -> Menu:
    """The entries that a person may open; the one of the present page is current."""
    current = _menu_endpoint(endpoint)
    groups: list[list[MenuItem]] = []
    menu = Menu(groups, "", [])
    for group in _permitted_groups(has_permission):
        entries = []
        for area, pages in group:
            items = [
                MenuItem(p.endpoint, p.text, p.endpoint == current, p.arguments) for p in pages
            ]
            is_open = any(item.current for item in items)
            text = area.text if len(items) > 1 else items[0].text
            entries.append(items[0]._replace(text=text, current=is_open))
            if is_open and len(items) > 1:
                menu = Menu(groups, area.text, items)
        groups.append(entries)
    return menu


def start_endpoint(has_permission: Callable[[Permission], bool]) -> str:
    """The page on which a person starts."""
    return next(endpoint for permission, endpoint in START_PAGES if has_permission(permission))


def _permitted_groups(
    has_permission: Callable[[Permission], bool],
) -> Iterator[list[tuple[MenuArea, list[MenuPage]]]]:
    """First what a person works with most; nothing of what they may not open."""
    if has_permission(Permission.ENTRY_KEY):
        order = (RECORDS_AREAS, CARE_AREAS, SITE_AREAS)
    else:
        order = (
            (CARE_AREAS, RECORDS_AREAS, SITE_AREAS)
            if has_permission(Permission.PATIENT_FIND)
            else (SITE_AREAS, RECORDS_AREAS, CARE_AREAS)
        )
    for group in order:
        allowed = (
            (area, [page for page in area.pages if has_permission(page.permission)])
            for area in group
        )
        if permitted := [(area, pages) for area, pages in allowed if pages]:
            yield permitted


def _menu_endpoint(endpoint: str) -> str:
    """The menu's page to which a page belongs: itself, else the first of the same blueprint."""
    groups = (CARE_AREAS, RECORDS_AREAS, SITE_AREAS)
    endpoints = [page.endpoint for group in groups for area in group for page in area.pages]
    if endpoint in endpoints:
        return endpoint
    blueprint = endpoint.partition(".")[0]
    blueprint = MENU_BLUEPRINTS.get(blueprint, blueprint)
    return next((e for e in endpoints if e.partition(".")[0] == blueprint), endpoint)
