"""Who may do what: one table, action by role."""

from collections.abc import Mapping
from typing import Protocol

from downtime.errors import ForbiddenError

ROLES: Mapping[str, str] = {
    "ward": "Ward staff",
    "site": "Site team",
    "records-clerk": "Records clerk",
    "records-supervisor": "Records supervisor",
    "administrator": "Administrator",
    "auditor": "Auditor",
    "service": "A program without a person",
}

_CARE = ("ward", "site")
_RECORDS = ("records-clerk", "records-supervisor")
_PATIENTS = (*_CARE, *_RECORDS)
_EVERYBODY = tuple(ROLES)

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "session.own": _EVERYBODY,
    "job.own": _EVERYBODY,
    "patient.find": _PATIENTS,
    "patient.view": _PATIENTS,
    "bed.list": _PATIENTS,
    "test.list": _PATIENTS,
    "appointment.list": _PATIENTS,
    "pack.print": (*_CARE, "service"),
    "form.print": (*_CARE, "service"),
    "number.issue": (*_CARE, "service"),
    "outage.view": _EVERYBODY,
    "outage.declare": (*_CARE, "administrator", "service"),
    "outage.end": ("site", "administrator", "service"),
    "snapshot.build": ("administrator", "service"),
    "snapshot.load": (*_CARE, "records-supervisor", "administrator", "service"),
    "snapshot.list": _EVERYBODY,
    "ledger.view": (*_PATIENTS, "auditor", "service"),
    "ledger.move": _PATIENTS,
    "ledger.assign": (*_PATIENTS, "service"),
    "handover.view": (*_PATIENTS, "auditor", "service"),
    "handover.seal": (*_CARE, "records-supervisor", "service"),
    "handover.take": ("records-supervisor", "service"),
    "handover.take-over": ("records-supervisor",),
    "handover.settle": ("records-supervisor",),
    "entry.key": _RECORDS,
    "entry.import": (*_RECORDS, "service"),
    "entry.verify": _RECORDS,
    "entry.queue": (*_RECORDS, "auditor", "service"),
    "entry.quality": ("records-supervisor", "auditor", "service"),
    "entry.scan": (*_RECORDS, "service"),
    "reconcile.run": ("records-supervisor", "service"),
    "reconcile.list": (*_RECORDS, "auditor", "service"),
    "reconcile.decide": ("records-supervisor",),
    "identity.list": (*_RECORDS, "auditor", "service"),
    "identity.propose": (*_RECORDS, "service"),
    "identity.confirm": _RECORDS,
    "identity.undo": _RECORDS,
    "rekey.list": _RECORDS,
    "rekey.tick": _RECORDS,
    "return.export": ("records-supervisor", "service"),
    "statement.make": (*_CARE, "records-supervisor", "auditor", "service"),
    "statement.sign": (*_CARE, "records-supervisor"),
    "statement.sign-ward": _CARE,
    "statement.sign-records": ("records-supervisor",),
    "statement.sign-safety": ("site",),
    "report.make": (*_CARE, "records-supervisor", "auditor", "service"),
    "harm.list": (*_CARE, "records-supervisor", "auditor", "service"),
    "harm.run": ("site", "records-supervisor", "service"),
    "harm.review": _CARE,
    "harm.explain": (*_CARE, "records-supervisor"),
    "person.manage": ("administrator",),
    "device.manage": ("administrator", "service"),
    "audit.view": ("administrator", "auditor"),
    "audit.verify": ("site", "administrator", "auditor", "service"),
    "config.manage": ("administrator",),
}

PUBLIC = "public"  # the sign-in page, help, `init`: nobody needs to be known


class HasRole(Protocol):
    """A person, as far as permissions go."""

    @property
    def role(self) -> str:
        """One of ROLES."""


def can(person: HasRole | None, action: str) -> bool:
    """Whether the person may do it; `None` is somebody who has not signed in. KeyError is a bug."""
    if action == PUBLIC:
        return True
    roles = ACTIONS[action]
    return person is not None and person.role in roles


def check_can(person: HasRole | None, action: str) -> None:
    """ForbiddenError with who may do it instead."""
    if can(person, action):
        return
    may = " or ".join(ROLES[role].lower() for role in ACTIONS[action] if role != "service")
    raise ForbiddenError(
        "permission.role",
        f"Your role ({ROLES[person.role].lower() if person else 'not signed in'}) does not allow"
        " this.",
        f"Ask somebody whose role is {may}.",
    )
