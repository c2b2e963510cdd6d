"""What whoever watches a hospital's computers should hear of: a few kinds of event, each with its facts.

Events go to the logger `downtime.security`; `syslog` sends them on where a hospital wants that. Facts
are codes of ours, never what somebody typed and never a patient's: what does not look like a code is
left out.
"""

import logging
import re
from collections.abc import Mapping
from enum import StrEnum

from downtime.errors import UntrustedError

LOGGER = "downtime.security"
logging.getLogger(LOGGER).addHandler(logging.NullHandler())  # nowhere, until `syslog` says where
_CODE = re.compile(r"[\w.:+-]{1,64}", re.ASCII)


class SecurityEvent(StrEnum):
    """Each kind, as the receiver sees it; docs/monitoring.md says what to do about it."""

    SIGN_IN_REFUSED = "sign-in-refused"
    VERIFICATION_FAILED = "verification-failed"
    SNAPSHOT_QUARANTINED = "snapshot-quarantined"
    DATA_STALE = "data-stale"
    DATA_RENEWED = "data-renewed"
    OUTAGE_DECLARED = "outage-declared"
    OUTAGE_ENDED = "outage-ended"
    DECLARED_ELSEWHERE = "declared-elsewhere"
    MACHINE_REVOKED = "machine-revoked"
    AUDIT_BROKEN = "audit-broken"
    CHECKPOINT_FAILED = "checkpoint-failed"
    AUDIT_QUEUED = "audit-queued"


_LEVELS = {
    SecurityEvent.SIGN_IN_REFUSED: logging.WARNING,
    SecurityEvent.VERIFICATION_FAILED: logging.ERROR,
    SecurityEvent.SNAPSHOT_QUARANTINED: logging.ERROR,
    SecurityEvent.DATA_STALE: logging.ERROR,
    SecurityEvent.DATA_RENEWED: logging.INFO,
    SecurityEvent.OUTAGE_DECLARED: logging.WARNING,
    SecurityEvent.OUTAGE_ENDED: logging.INFO,
    SecurityEvent.DECLARED_ELSEWHERE: logging.WARNING,
    SecurityEvent.MACHINE_REVOKED: logging.WARNING,
    SecurityEvent.AUDIT_BROKEN: logging.CRITICAL,
    SecurityEvent.CHECKPOINT_FAILED: logging.ERROR,
    SecurityEvent.AUDIT_QUEUED: logging.ERROR,
}
_OF_ACTIONS = {
    "snapshot.quarantine": SecurityEvent.SNAPSHOT_QUARANTINED,
    "outage.declare": SecurityEvent.OUTAGE_DECLARED,
    "outage.end": SecurityEvent.OUTAGE_ENDED,
    "machine.revoke": SecurityEvent.MACHINE_REVOKED,
}
"""By the action of the audit that goes with it."""


def report_event(event: SecurityEvent, **facts: str) -> None:
    """Let the listeners know; a fact that is no code is left out, and nothing here ever fails."""
    codes = {name: value for name, value in facts.items() if _CODE.fullmatch(value)}
    logging.getLogger(LOGGER).log(_LEVELS[event], event, extra={"event": event, "facts": codes})


def report_error(error: Exception) -> None:
    """The same of an error that somebody meets, when it is that something must not be believed."""
    if isinstance(error, UntrustedError):
        report_event(SecurityEvent.VERIFICATION_FAILED, code=error.code)


def report_action(action: str, device: str) -> None:
    """The same of a change that was audited, when its kind is one of these."""
    if event := _OF_ACTIONS.get(action):
        report_event(event, device=device)


def event_level(event: SecurityEvent) -> str:
    """The name of its level, as Python's logging has it."""
    return logging.getLevelName(_LEVELS[event])


def describe_record(record: logging.LogRecord) -> tuple[str, Mapping[str, str]]:
    """The event and the facts of a log record that `report_event` made."""
    return record.event, record.facts  # type: ignore[attr-defined]
