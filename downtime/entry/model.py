"""An entry: what one form said, who wrote it, who keyed it, who checked it, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from downtime.vault.lifecycle import Lifecycle


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    ENTRY_ADJUDICATE = "entry.adjudicate"
    ENTRY_DRAFT = "entry.draft"
    ENTRY_FILE = "entry.file"
    ENTRY_KEEP_HERE = "entry.keep-here"
    ENTRY_KEEP_THERE = "entry.keep-there"
    ENTRY_SCAN = "entry.scan"
    ENTRY_SCAN_AWAY = "entry.scan-away"
    ENTRY_SECOND = "entry.second"
    ENTRY_SECOND_DRAFT = "entry.second-draft"
    ENTRY_SEND_BACK = "entry.send-back"
    ENTRY_SUBMIT = "entry.submit"
    ENTRY_VERIFY = "entry.verify"


DRAFT, ENTERED, ADJUDICATING, SECOND = "draft", "entered", "adjudicating", "second"
VERIFIED = "verified"

LIFECYCLE = Lifecycle(
    "entry",
    {
        DRAFT: (ENTERED,),  # every field passes the definition
        # A second person keys the critical fields blind, or compares all of it; or sends it back.
        ENTERED: (SECOND, ADJUDICATING, VERIFIED, DRAFT),
        ADJUDICATING: (SECOND, VERIFIED, DRAFT),  # the two keyings differ: a third person decides
        SECOND: (VERIFIED, DRAFT),  # critical fields agree; the rest is in the sample
        VERIFIED: (DRAFT,),  # found wrong later: corrected with a reason
    },
)

KEY, KEY_AGAIN, ADJUDICATE, COMPARE = "key", "key-again", "adjudicate", "compare"
"""What a form or its entry waits for."""

COMPARED, AGREED, ADJUDICATED, UNSAMPLED = "compared", "agreed", "adjudicated", "unsampled"
"""Why an entry counts as verified: all of it compared with the paper; its critical fields keyed
twice alike, or decided upon by a third person, and the rest not in the sample; or nothing critical
in it, and not in the sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One form's answers. `event` is when it really happened, `entered` when it was keyed (UTC).

    `author` wrote on the paper, `transcriber` keyed it, `verifier` compared the two; the last two
    are account ids with the name that was shown then.
    """

    serial: str
    form: str
    version: str
    state: str
    outage: str
    """The outage whose ledger the form stands in; empty when it was printed ahead of any."""
    answers: Mapping[str, str]
    event: str = ""
    author: str = ""
    author_role: str = ""
    origin: str = "keyed"
    """`keyed` at a screen, or `imported` from a QuestionnaireResponse."""
    transcriber: str = ""
    transcriber_name: str = ""
    entered: str = ""
    verifier: str = ""
    verifier_name: str = ""
    verified: str = ""
    changed: str = ""
    """When the row last changed; a screen that holds an older one is told."""
    corrections: int = 0
    """How often it was sent back after it had been entered."""
    ward: str = ""
    waits: str = ""
    """`key-again`, `adjudicate` or `compare`; empty for a draft and once it is verified."""
    sampled: int = 1
    """1 when a second person compares the fields that are not critical, too."""
    basis: str = ""
    """Why it is verified: `compared`, `agreed`, `adjudicated` or `unsampled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondKeying:
    """What another person keyed of a form's critical fields without seeing the entry."""

    serial: str
    answers: Mapping[str, str]
    person: str
    name: str
    changed: str
    keyed: str = ""
    """When it was finished (UTC); empty while it is a draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one check of an entry found: how many filled fields were looked at, how many wrong."""

    serial: str
    outage: str
    form: str
    at: str
    basis: str
    """`agreed` for critical fields that a second person keyed blind or found wrong; `compared` for
    all others that a second person looked at. No field counts twice."""
    fields: int
    errors: int
