"""The menu: what each role sees, in the order of a ward's, the records team's and the site's work."""

from collections.abc import Callable
from typing import NamedTuple

GROUPS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (
        ("find.results", "Find", "patient.find"),
        ("beds.wards", "Beds", "bed.list"),
        ("tests.outstanding", "Tests outstanding", "test.list"),
        ("appointments.lists", "Appointments", "appointment.list"),
        ("printing.choose", "Print", "form.print"),
        ("numbers.show", "Numbers", "number.issue"),
        ("guidance.show", "What to do now", "session.own"),
    ),
    (
        ("keying.choose", "Key", "entry.key"),
        ("handover.show", "Gathering", "handover.view"),
        ("ledger.show", "Missing forms", "ledger.view"),
        ("identity.show", "Unmatched", "identity.list"),
        ("comparison.show", "Comparison", "reconcile.list"),
        ("returning.show", "Returns", "return.export"),
        ("worklists.show", "Worklists", "rekey.list"),
        ("harm.show", "Harm review", "harm.list"),
        ("statement.show", "Statement", "statement.make"),
        ("report.show", "Report", "report.make"),
    ),
    (
        ("outages.show", "Outages", "outage.view"),
        ("snapshots.show", "Snapshots", "snapshot.list"),
        ("people.show", "People", "person.manage"),
        ("placing.choose", "Forms", "config.manage"),
        ("devices.show", "Devices", "device.manage"),
        ("audit.show", "Audit", "audit.verify"),
    ),
)


AREAS = {"booking": "ledger", "queues": "keying", "verifying": "keying"}
"""Pages that belong to the area of another entry."""


class Item(NamedTuple):
    """One entry of the menu."""

    endpoint: str
    text: str
    current: bool


def menu(may: Callable[[str], bool], endpoint: str) -> list[list[Item]]:
    """The entries that a person may open; the one of the present page's area is current."""
    page = endpoint.partition(".")[0]
    area = AREAS.get(page, page)
    groups = [
        [Item(name, text, name.partition(".")[0] == area) for name, text, act in group if may(act)]
        for group in GROUPS
    ]
    return [group for group in groups if group]


def first(may: Callable[[str], bool]) -> str:
    """The page on which a person starts."""
    return next(name for group in GROUPS for name, _, act in group if may(act))
