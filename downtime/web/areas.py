"""What the menu offers: areas in the order of each role's work, and the pages inside an area."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from downtime.accounts.model import Permission


class Page(NamedTuple):
    """A page that the menu offers: endpoint, words, the permission that it needs."""

    endpoint: str
    text: str
    permission: Permission
    arguments: Mapping[str, str] = MappingProxyType({})


class Area(NamedTuple):
    """One entry of the menu; with several pages they stand in a second line while one is open."""

    text: str
    pages: tuple[Page, ...]


def _one(endpoint: str, text: str, permission: Permission) -> Area:
    return Area(text, (Page(endpoint, text, permission),))


CARE: tuple[Area, ...] = (
    _one("find.results", "Find", Permission.PATIENT_FIND),
    _one("beds.wards", "Beds", Permission.BED_LIST),
    _one("tests.outstanding", "Tests outstanding", Permission.TEST_LIST),
    _one("appointments.lists", "Appointments", Permission.APPOINTMENT_LIST),
    _one("printing.choose", "Print", Permission.FORM_PRINT),
    _one("numbers.show", "Numbers", Permission.NUMBER_ISSUE),
    _one("guidance.show", "What to do now", Permission.SESSION_OWN),
)
RECORDS: tuple[Area, ...] = (
    _one("waiting.show", "What waits", Permission.ENTRY_QUEUE),
    Area(
        "Paper",
        (
            Page("booking.show", "Book paper", Permission.LEDGER_MOVE),
            Page("ledger.show", "All forms", Permission.LEDGER_VIEW),
            Page("booking.listing", "Not in order", Permission.LEDGER_VIEW, {"name": "missing"}),
            Page("handover.show", "Gathering", Permission.SYNC_VIEW),
        ),
    ),
    Area(
        "Key",
        (
            Page("keying.choose", "Key a form", Permission.ENTRY_KEY),
            Page("queues.show_quality", "How many fields are wrong", Permission.ENTRY_QUALITY),
        ),
    ),
    _one("identity.show", "Unmatched", Permission.IDENTITY_LIST),
    _one("comparison.show", "Comparison", Permission.RECONCILE_LIST),
    Area(
        "Returns",
        (
            Page("returns.show", "Messages", Permission.RETURN_EXPORT),
            Page("rekey_worklists.show", "Re-key worklists", Permission.REKEY_LIST),
        ),
    ),
    Area(
        "Sign-off",
        (
            Page("harm.show", "Harm review", Permission.HARM_LIST),
            Page("statement.show", "Statement", Permission.STATEMENT_MAKE),
            Page("report.show", "Report", Permission.REPORT_MAKE),
        ),
    ),
)
SITE: tuple[Area, ...] = (
    _one("outages.show", "Outages", Permission.OUTAGE_VIEW),
    _one("snapshots.show", "Snapshots", Permission.SNAPSHOT_LIST),
    _one("people.show", "People", Permission.PERSON_MANAGE),
    _one("placing.choose", "Forms", Permission.CONFIG_MANAGE),
    _one("devices.show", "Devices", Permission.DEVICE_MANAGE),
    _one("audit.show", "Audit", Permission.AUDIT_VERIFY),
)
OF_ANOTHER = {"queues": "keying", "verifying": "keying"}
"""Pages that belong to the entry of others."""
STARTS = (
    (Permission.ENTRY_KEY, "waiting.show"),
    (Permission.PATIENT_FIND, "find.results"),
    (Permission.PERSON_MANAGE, "outages.show"),
    (Permission.AUDIT_VIEW, "audit.show"),
    (Permission.SESSION_OWN, "guidance.show"),
)
"""The page on which a person starts: that of the first action which they may do."""
