"""People (and programs) with an account: their roles, and every permission there is."""

from dataclasses import dataclass
from enum import StrEnum

from downtime.vault.model import Actor


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    HOME_CREATE = "home.create"
    PERSON_ADD_PASSKEY = "person.add-passkey"
    PERSON_CONFIRM = "person.confirm"
    PERSON_CHANGE_PASSWORD = "person.change-password"  # noqa: S105 - an action, no password
    PERSON_CREATE = "person.create"
    PERSON_DISABLE = "person.disable"
    PERSON_ENABLE = "person.enable"
    PERSON_PRINT_CODES = "person.print-codes"
    PERSON_RECOVER = "person.recover"
    PERSON_REMOVE_PASSKEY = "person.remove-passkey"
    PERSON_RENAME = "person.rename"
    PERSON_RESET = "person.reset"
    PERSON_SET_ROLE = "person.set-role"
    ACCESS_REFUSED = "access.refused"
    SESSION_END = "session.end"
    SESSION_END_OTHERS = "session.end-others"
    SESSION_LOCK = "session.lock"
    SESSION_OPEN_FILE = "session.open-file"
    SESSION_PRINTED_CODE = "session.printed-code"
    SESSION_REFUSED = "session.refused"
    SESSION_REFUSED_BEFORE = "session.refused-before"
    SESSION_SET_PIN = "session.set-pin"
    SESSION_SIGN_IN = "session.sign-in"
    SESSION_START = "session.start"
    SESSION_UNLOCK = "session.unlock"


class Role(StrEnum):
    """What an account is for; each has exactly one."""

    WARD = "ward"
    SITE = "site"
    RECORDS_CLERK = "records-clerk"
    RECORDS_SUPERVISOR = "records-supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SERVICE = "service"
    """A program without a person."""
    GUEST = "guest"
    """Somebody without an account here, let in for a while by break-glass."""


class AccountState(StrEnum):
    """Whether an account opens anything."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Permission(StrEnum):
    """What a screen or a command does; `permissions` says which roles may.

    `PUBLIC` (the sign-in page, help, `init`) needs nobody to be known.
    """

    PUBLIC = "public"
    SESSION_OWN = "session.own"
    JOB_OWN = "job.own"
    PATIENT_FIND = "patient.find"
    PATIENT_VIEW = "patient.view"
    BED_LIST = "bed.list"
    TEST_LIST = "test.list"
    APPOINTMENT_LIST = "appointment.list"
    PACK_PRINT = "pack.print"
    FORM_PRINT = "form.print"
    FORM_APPROVE = "form.approve"
    """Look at forms on the hospital's own PDFs, and approve those that another person made."""
    NUMBER_ISSUE = "number.issue"
    EVENT_VIEW = "event.view"
    EVENT_RECORD = "event.record"
    """Record, correct and withdraw what happened during an outage."""
    SHELF_VIEW = "shelf.view"
    SHELF_MANAGE = "shelf.manage"
    """Put documents on the reference shelf, and take them off."""
    AID_VIEW = "aid.view"
    AID_RECEIVE = "aid.receive"
    PARTNER_MANAGE = "partner.manage"
    """Say which other hospitals' machines are believed."""
    OUTAGE_VIEW = "outage.view"
    OUTAGE_DECLARE = "outage.declare"
    OUTAGE_END = "outage.end"
    OUTAGE_CLOSE = "outage.close"
    OUTAGE_REOPEN = "outage.reopen"
    INGEST_RELEASE = "ingest.release"
    INGEST_REPLAY = "ingest.replay"
    INGEST_RUN = "ingest.run"
    INGEST_STATUS = "ingest.status"
    INGEST_VALUES = "ingest.values"
    """See what a received message says of a patient; else its values are masked."""
    INGEST_VIEW = "ingest.view"
    SNAPSHOT_BUILD = "snapshot.build"
    SNAPSHOT_LOAD = "snapshot.load"
    SNAPSHOT_LIST = "snapshot.list"
    QUARANTINE_VIEW = "quarantine.view"
    QUARANTINE_DECIDE = "quarantine.decide"
    LEDGER_VIEW = "ledger.view"
    LEDGER_MOVE = "ledger.move"
    LEDGER_ASSIGN = "ledger.assign"
    SYNC_VIEW = "sync.view"
    SYNC_EXPORT = "sync.export"
    SYNC_MERGE = "sync.merge"
    SYNC_MERGE_UNTRUSTED = "sync.merge-untrusted"
    SYNC_SETTLE = "sync.settle"
    ENTRY_KEY = "entry.key"
    ENTRY_IMPORT = "entry.import"
    ENTRY_VERIFY = "entry.verify"
    ENTRY_QUEUE = "entry.queue"
    ENTRY_QUALITY = "entry.quality"
    ENTRY_SCAN = "entry.scan"
    QUERY_LIST = "query.list"
    QUERY_TALK = "query.talk"
    RECONCILE_RUN = "reconcile.run"
    RECONCILE_LIST = "reconcile.list"
    RECONCILE_DECIDE = "reconcile.decide"
    IDENTITY_LIST = "identity.list"
    IDENTITY_PROPOSE = "identity.propose"
    IDENTITY_CONFIRM = "identity.confirm"
    IDENTITY_UNDO = "identity.undo"
    REKEY_LIST = "rekey.list"
    REKEY_TICK = "rekey.tick"
    RETURN_EXPORT = "return.export"
    STATEMENT_MAKE = "statement.make"
    STATEMENT_SIGN = "statement.sign"
    STATEMENT_SIGN_WARD = "statement.sign-ward"
    STATEMENT_SIGN_RECORDS = "statement.sign-records"
    STATEMENT_SIGN_SAFETY = "statement.sign-safety"
    STATEMENT_EXPLAIN = "statement.explain"
    """Say what happened to rows, chain, clock or home of a machine that makes statements."""
    PAGES_LIST = "pages.list"
    PAGES_DESTROY = "pages.destroy"
    """Sign a list of kept pages that are destroyed, as one of two people."""
    REPORT_MAKE = "report.make"
    HARM_LIST = "harm.list"
    HARM_RUN = "harm.run"
    HARM_REVIEW = "harm.review"
    HARM_EXPLAIN = "harm.explain"
    HARM_EXPORT = "harm.export"
    BREAK_GLASS_START = "break-glass.start"
    BREAK_GLASS_LIST = "break-glass.list"
    BREAK_GLASS_REVIEW = "break-glass.review"
    PERSON_MANAGE = "person.manage"
    DEVICE_MANAGE = "device.manage"
    FLEET_VIEW = "fleet.view"
    AUDIT_VIEW = "audit.view"
    AUDIT_VERIFY = "audit.verify"
    CONFIG_MANAGE = "config.manage"
    BACKUP_MAKE = "backup.make"
    HOME_DESTROY = "home.destroy"


@dataclass(frozen=True, slots=True)
class Person:
    """`name` is the one on screens and prints; `initial_password` says that somebody else set it."""

    id: str
    username: str
    name: str
    role: Role
    state: AccountState
    initial_password: bool

    @property
    def is_active(self) -> bool:
        """Whether this person may sign in."""
        return self.state is AccountState.ACTIVE

    def make_actor(self, device: str) -> Actor:
        """This person at a machine (its device code), as written into the audit."""
        return Actor(self.id, self.name, device)
