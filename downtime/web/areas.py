"""What the menu offers: areas in the order of each role's work, and the pages inside an area."""

from collections.abc import Mapping
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
    _single_page("numbers.show", "Numbers", Permission.NUMBER_ISSUE),
    _single_page("guidance.show", "What to do now", Permission.SESSION_OWN),
)
RECORDS_AREAS: tuple[MenuArea, ...] = (
    _single_page("worklists.show", "Worklists", Permission.ENTRY_QUEUE),
    MenuArea(
        "Paper",
        (
            MenuPage("check_in.show", "Check in forms", Permission.LEDGER_MOVE),
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
    _single_page("outages.show", "Outages", Permission.OUTAGE_VIEW),
    _single_page("snapshots.show", "Snapshots", Permission.SNAPSHOT_LIST),
    _single_page("people.show", "People", Permission.PERSON_MANAGE),
    _single_page("field_placement.choose", "Forms", Permission.CONFIG_MANAGE),
    _single_page("devices.show", "Devices", Permission.DEVICE_MANAGE),
    _single_page("audit.show", "Audit", Permission.AUDIT_VERIFY),
)
MENU_BLUEPRINTS = {"queues": "keying", "verifying": "keying"}
"""Pages that belong to the entry of others."""
START_PAGES = (
    (Permission.ENTRY_KEY, "worklists.show"),
    (Permission.PATIENT_FIND, "find.results"),
    (Permission.PERSON_MANAGE, "outages.show"),
    (Permission.AUDIT_VIEW, "audit.show"),
    (Permission.SESSION_OWN, "guidance.show"),
)
"""The page on which a person starts: that of the first action which they may do."""
