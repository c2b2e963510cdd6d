"""What the menu offers: areas in the order of each role's work, and the pages inside an area."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Page(NamedTuple):
    """A page that the menu offers: endpoint, words, the action that it needs."""

    endpoint: str
    text: str
    action: str
    arguments: Mapping[str, str] = MappingProxyType({})


class Area(NamedTuple):
    """One entry of the menu; with several pages they stand in a second line while one is open."""

    text: str
    pages: tuple[Page, ...]


def _one(endpoint: str, text: str, action: str) -> Area:
    return Area(text, (Page(endpoint, text, action),))


CARE: tuple[Area, ...] = (
    _one("find.results", "Find", "patient.find"),
    _one("beds.wards", "Beds", "bed.list"),
    _one("tests.outstanding", "Tests outstanding", "test.list"),
    _one("appointments.lists", "Appointments", "appointment.list"),
    _one("printing.choose", "Print", "form.print"),
    _one("numbers.show", "Numbers", "number.issue"),
    _one("guidance.show", "What to do now", "session.own"),
)
RECORDS: tuple[Area, ...] = (
    _one("waiting.show", "What waits", "entry.queue"),
    Area(
        "Paper",
        (
            Page("booking.show", "Book paper", "ledger.move"),
            Page("ledger.show", "All forms", "ledger.view"),
            Page("booking.listing", "Not in order", "ledger.view", {"name": "missing"}),
            Page("handover.show", "Gathering", "handover.view"),
        ),
    ),
    Area(
        "Key",
        (
            Page("keying.choose", "Key a form", "entry.key"),
            Page("queues.show_quality", "How many fields are wrong", "entry.quality"),
        ),
    ),
    _one("identity.show", "Unmatched", "identity.list"),
    _one("comparison.show", "Comparison", "reconcile.list"),
    Area(
        "Returns",
        (
            Page("returning.show", "Messages", "return.export"),
            Page("worklists.show", "Worklists", "rekey.list"),
        ),
    ),
    Area(
        "Sign-off",
        (
            Page("harm.show", "Harm review", "harm.list"),
            Page("statement.show", "Statement", "statement.make"),
            Page("report.show", "Report", "report.make"),
        ),
    ),
)
SITE: tuple[Area, ...] = (
    _one("outages.show", "Outages", "outage.view"),
    _one("snapshots.show", "Snapshots", "snapshot.list"),
    _one("people.show", "People", "person.manage"),
    _one("placing.choose", "Forms", "config.manage"),
    _one("devices.show", "Devices", "device.manage"),
    _one("audit.show", "Audit", "audit.verify"),
)
OF_ANOTHER = {"queues": "keying", "verifying": "keying"}
"""Pages that belong to the entry of others."""
STARTS = (
    ("entry.key", "waiting.show"),
    ("patient.find", "find.results"),
    ("person.manage", "outages.show"),
    ("audit.view", "audit.show"),
    ("session.own", "guidance.show"),
)
"""The page on which a person starts: that of the first action which they may do."""
