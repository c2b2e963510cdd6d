"""What speaks against the machine that makes a statement: rows, audit chain, clock, home.

What is found is open until two people have said what happened. It then stands on the statement with
their names, which can never say COMPLETE of that outage by itself again.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from downtime.errors import UserError
from downtime.returns.statement.model import OpenItem, OpenKind
from downtime.settings import Settings
from downtime.vault import audit
from downtime.vault.checkpoint import verify_chain_alone
from downtime.vault.model import AuditAction
from downtime.vault.slots import to_canonical_json
from downtime.vault.store import audit_chain
from downtime.vault.vault import Vault

_HOMES = {
    AuditAction.HOME_RESTORED: "this home was put back from a backup: what was done since is missing",
    AuditAction.HOME_COPIED: "this home is a copy of another, or was put back from one",
    AuditAction.MARKS_LOST: "the marks of how far this machine had come were missing or changed",
}
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was found: `names` are rows or audit entries, `subject` a table."""

    kind: OpenKind
    names: tuple[str, ...] = ()
    subject: str = ""
    explanation: str = ""

    @property
    def id(self) -> str:
        """Names it for as long as it is what it is: something else that is found is another problem."""
        content = to_canonical_json([self.kind, self.subject, *self.names, self.explanation])
        return hashlib.sha256(content).hexdigest()[:16]

    def as_json(self) -> dict[str, object]:
        """As it is stored with what was said of it."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "names": list(self.names),
            "explanation": self.explanation,
        }

    @property
    def item(self) -> OpenItem:
        """As something that is open."""
        return OpenItem(self.kind, self.names, subject=self.subject, explanation=self.explanation)


def parse_problem(stored: Mapping[str, Any]) -> Problem:
    """What `Problem.as_json` wrote."""
    return Problem(
        OpenKind(stored["kind"]), tuple(stored["names"]), stored["subject"], stored["explanation"]
    )


def find_problems(vault: Vault, settings: Settings, since: str) -> list[Problem]:
    """Everything that was found; of clock and home since the outage began (UTC text)."""
    return [
        *_find_changed_rows(vault),
        *_find_chain_problems(vault),
        *_find_clock_steps(vault, settings, since),
        *_find_home_events(vault, since),
    ]


def _find_changed_rows(vault: Vault) -> Iterator[Problem]:
    for content in audit.find_changed_content(vault.db):
        more = len(content.rows) - _NAMED
        parts = [row.sentence for row in content.rows[:_NAMED]] + [f"{more} more"] * (more > 0)
        names = tuple(row.key for row in content.rows)
        explanation = "; ".join(parts) or "which of them is not known"
        yield Problem(OpenKind.ROWS_CHANGED, names, content.table, explanation)


def _find_chain_problems(vault: Vault) -> Iterator[Problem]:
    try:
        sentences = verify_chain_alone(vault).problems
    except UserError as error:  # without the identity no checkpoint can be checked
        sentences = (error.sentence,)
    for sentence in sentences:
        yield Problem(OpenKind.AUDIT_BROKEN, explanation=sentence)


def _find_clock_steps(vault: Vault, settings: Settings, since: str) -> Iterator[Problem]:
    seconds = settings.vault.clock_back_minutes * 60.0
    for step in audit_chain.find_steps_back(vault.db, seconds):
        if step.latest >= since:
            explanation = f"audit entry {step.entry} is dated {step.at}, after {step.latest}"
            yield Problem(OpenKind.CLOCK_SET_BACK, (str(step.entry),), explanation=explanation)


def _find_home_events(vault: Vault, since: str) -> Iterator[Problem]:
    for entry in audit_chain.find_entries_of(vault.db, _HOMES):
        if entry.at >= since:
            sentence = _HOMES[AuditAction(entry.action)]
            explanation = f"audit entry {entry.seq} of {entry.at}: {sentence}"
            yield Problem(OpenKind.HOME_PUT_BACK, (str(entry.seq),), explanation=explanation)
