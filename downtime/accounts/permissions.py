"""Who may do what: one table, permission by role."""

from collections.abc import Mapping
from typing import Protocol

from downtime.accounts.model import Permission, Role
from downtime.errors import ForbiddenError

ROLE_TITLES: Mapping[Role, str] = {
    Role.WARD: "Ward staff",
    Role.SITE: "Site team",
    Role.RECORDS_CLERK: "Records clerk",
    Role.RECORDS_SUPERVISOR: "Records supervisor",
    Role.ADMINISTRATOR: "Administrator",
    Role.AUDITOR: "Auditor",
    Role.SERVICE: "A program without a person",
    Role.GUEST: "Break-glass",
}

_CARE = (Role.WARD, Role.SITE)
_RECORDS = (Role.RECORDS_CLERK, Role.RECORDS_SUPERVISOR)
_PATIENTS = (*_CARE, *_RECORDS)
_EVERYONE = tuple(role for role in Role if role is not Role.GUEST)
_AND_GUEST = (*_EVERYONE, Role.GUEST)

ROLES_ALLOWED: Mapping[Permission, tuple[Role, ...]] = {
    Permission.SESSION_OWN: _AND_GUEST,
    Permission.JOB_OWN: _AND_GUEST,
    Permission.PATIENT_FIND: (*_PATIENTS, Role.GUEST),
    Permission.PATIENT_VIEW: (*_PATIENTS, Role.GUEST),
    Permission.BED_LIST: (*_PATIENTS, Role.GUEST),
    Permission.TEST_LIST: _PATIENTS,
    Permission.APPOINTMENT_LIST: _PATIENTS,
    Permission.PACK_PRINT: (*_CARE, Role.SERVICE, Role.GUEST),
    Permission.FORM_PRINT: (*_CARE, Role.SERVICE),
    Permission.FORM_APPROVE: (Role.SITE, Role.ADMINISTRATOR),
    Permission.NUMBER_ISSUE: (*_CARE, Role.SERVICE),
    Permission.EVENT_VIEW: (*_PATIENTS, Role.SERVICE),
    Permission.EVENT_RECORD: (*_CARE, Role.GUEST),
    Permission.SHELF_VIEW: _AND_GUEST,
    Permission.SHELF_MANAGE: (Role.SITE, Role.ADMINISTRATOR, Role.SERVICE),
    Permission.AID_VIEW: (*_PATIENTS, Role.SERVICE),
    Permission.AID_RECEIVE: _CARE,
    Permission.PARTNER_MANAGE: (Role.SITE, Role.ADMINISTRATOR, Role.SERVICE),
    Permission.OUTAGE_VIEW: _EVERYONE,
    Permission.OUTAGE_DECLARE: (*_CARE, Role.ADMINISTRATOR, Role.SERVICE),
    Permission.OUTAGE_END: (Role.SITE, Role.ADMINISTRATOR, Role.SERVICE),
    Permission.OUTAGE_CLOSE: (
        Role.SITE,
        Role.RECORDS_SUPERVISOR,
        Role.ADMINISTRATOR,
        Role.SERVICE,
    ),
    Permission.OUTAGE_REOPEN: (Role.SITE, Role.RECORDS_SUPERVISOR),
    Permission.INGEST_RELEASE: (Role.SITE, Role.ADMINISTRATOR),
    Permission.INGEST_REPLAY: (Role.SITE, Role.ADMINISTRATOR, Role.SERVICE),
    Permission.INGEST_RUN: (Role.ADMINISTRATOR, Role.SERVICE),
    Permission.INGEST_STATUS: _EVERYONE,
    Permission.INGEST_VALUES: (Role.SITE,),
    Permission.INGEST_VIEW: (Role.SITE, Role.ADMINISTRATOR, Role.AUDITOR, Role.SERVICE),
    Permission.SNAPSHOT_BUILD: (Role.ADMINISTRATOR, Role.SERVICE),
    Permission.SNAPSHOT_LOAD: (*_CARE, Role.RECORDS_SUPERVISOR, Role.ADMINISTRATOR, Role.SERVICE),
    Permission.SNAPSHOT_LIST: _EVERYONE,
    Permission.QUARANTINE_VIEW: _EVERYONE,
    Permission.QUARANTINE_DECIDE: (*_CARE, Role.RECORDS_SUPERVISOR, Role.ADMINISTRATOR),
    Permission.LEDGER_VIEW: (*_PATIENTS, Role.AUDITOR, Role.SERVICE),
    Permission.LEDGER_MOVE: _PATIENTS,
    Permission.LEDGER_ASSIGN: (*_PATIENTS, Role.SERVICE),
    Permission.SYNC_VIEW: (*_PATIENTS, Role.AUDITOR, Role.SERVICE),
    Permission.SYNC_EXPORT: (*_CARE, Role.RECORDS_SUPERVISOR, Role.SERVICE),
    Permission.SYNC_MERGE: (Role.RECORDS_SUPERVISOR, Role.SERVICE),
    Permission.SYNC_MERGE_UNTRUSTED: (Role.RECORDS_SUPERVISOR,),
    Permission.SYNC_SETTLE: (Role.RECORDS_SUPERVISOR,),
    Permission.ENTRY_KEY: _RECORDS,
    Permission.ENTRY_IMPORT: (*_RECORDS, Role.SERVICE),
    Permission.ENTRY_VERIFY: _RECORDS,
    Permission.ENTRY_QUEUE: (*_RECORDS, Role.AUDITOR, Role.SERVICE),
    Permission.ENTRY_QUALITY: (Role.RECORDS_SUPERVISOR, Role.AUDITOR, Role.SERVICE),
    Permission.ENTRY_SCAN: (*_RECORDS, Role.SERVICE),
    Permission.QUERY_LIST: (*_RECORDS, Role.AUDITOR, Role.SERVICE),
    Permission.QUERY_TALK: _RECORDS,
    Permission.RECONCILE_RUN: (Role.RECORDS_SUPERVISOR, Role.SERVICE),
    Permission.RECONCILE_LIST: (*_RECORDS, Role.AUDITOR, Role.SERVICE),
    Permission.RECONCILE_DECIDE: (Role.RECORDS_SUPERVISOR,),
    Permission.IDENTITY_LIST: (*_RECORDS, Role.AUDITOR, Role.SERVICE),
    Permission.IDENTITY_PROPOSE: (*_RECORDS, Role.SERVICE),
    Permission.IDENTITY_CONFIRM: _RECORDS,
    Permission.IDENTITY_UNDO: _RECORDS,
    Permission.REKEY_LIST: _RECORDS,
    Permission.REKEY_TICK: _RECORDS,
    Permission.RETURN_EXPORT: (Role.RECORDS_SUPERVISOR, Role.SERVICE),
    Permission.STATEMENT_MAKE: (*_CARE, Role.RECORDS_SUPERVISOR, Role.AUDITOR, Role.SERVICE),
    Permission.STATEMENT_SIGN: (*_CARE, Role.RECORDS_SUPERVISOR),
    Permission.STATEMENT_SIGN_WARD: _CARE,
    Permission.STATEMENT_SIGN_RECORDS: (Role.RECORDS_SUPERVISOR,),
    Permission.STATEMENT_SIGN_SAFETY: (Role.SITE,),
    Permission.STATEMENT_EXPLAIN: (Role.SITE, Role.RECORDS_SUPERVISOR),
    Permission.PAGES_LIST: (Role.SITE, Role.RECORDS_SUPERVISOR, Role.AUDITOR),
    Permission.PAGES_DESTROY: (Role.SITE, Role.RECORDS_SUPERVISOR),
    Permission.REPORT_MAKE: (*_CARE, Role.RECORDS_SUPERVISOR, Role.AUDITOR, Role.SERVICE),
    Permission.HARM_LIST: (*_CARE, Role.RECORDS_SUPERVISOR, Role.AUDITOR, Role.SERVICE),
    Permission.HARM_RUN: (Role.SITE, Role.RECORDS_SUPERVISOR, Role.SERVICE),
    Permission.HARM_REVIEW: _CARE,
    Permission.HARM_EXPLAIN: _CARE,
    Permission.HARM_EXPORT: (*_CARE, Role.RECORDS_SUPERVISOR),
    Permission.BREAK_GLASS_START: _CARE,
    Permission.BREAK_GLASS_LIST: (
        *_CARE,
        Role.RECORDS_SUPERVISOR,
        Role.ADMINISTRATOR,
        Role.AUDITOR,
        Role.SERVICE,
    ),
    Permission.BREAK_GLASS_REVIEW: (Role.SITE, Role.RECORDS_SUPERVISOR),
    Permission.PERSON_MANAGE: (Role.ADMINISTRATOR,),
    Permission.DEVICE_MANAGE: (Role.ADMINISTRATOR, Role.SERVICE),
    Permission.FLEET_VIEW: (Role.SITE, Role.ADMINISTRATOR, Role.SERVICE),
    Permission.AUDIT_VIEW: (Role.ADMINISTRATOR, Role.AUDITOR),
    Permission.AUDIT_VERIFY: (Role.SITE, Role.ADMINISTRATOR, Role.AUDITOR, Role.SERVICE),
    Permission.CONFIG_MANAGE: (Role.ADMINISTRATOR,),
    Permission.HOME_DESTROY: (Role.ADMINISTRATOR,),
    Permission.BACKUP_MAKE: (Role.ADMINISTRATOR, Role.SERVICE),
}


class HasRole(Protocol):
    """A person, as far as permissions go."""

    @property
    def role(self) -> Role:
        """What this person may do."""


def is_permitted(person: HasRole | None, permission: Permission) -> bool:
    """Whether the person may do it; `None` is somebody who has not signed in."""
    if permission is Permission.PUBLIC:
        return True
    return person is not None and person.role in ROLES_ALLOWED[permission]


def is_guest(person: HasRole) -> bool:
    """Whether somebody was let in by break-glass: what they open depends on more than their role."""
    return person.role is Role.GUEST


def check_can(person: HasRole | None, permission: Permission) -> None:
    """ForbiddenError with who may do it instead."""
    if is_permitted(person, permission):
        return
    unasked = (Role.SERVICE, Role.GUEST)
    people = [role for role in ROLES_ALLOWED[permission] if role not in unasked]
    raise ForbiddenError(
        "permission.role",
        f"Your role ({ROLE_TITLES[person.role].lower() if person else 'not signed in'}) does not"
        " allow this.",
        f"Ask somebody whose role is {' or '.join(ROLE_TITLES[role].lower() for role in people)}.",
    )
