"""An entry: what one form said, who wrote it, who keyed it, who checked it, and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from downtime.entry.plausibility.model import Confirmation
from downtime.vault.lifecycle import Lifecycle
from downtime.vault.model import Actor


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    ENTRY_ADJUDICATE = "entry.adjudicate"
    ENTRY_CONFIRM = "entry.confirm"
    ENTRY_CONFIRM_EMPTY = "entry.confirm-empty"
    ENTRY_DRAFT = "entry.draft"
    ENTRY_FILE = "entry.file"
    ENTRY_KEEP_HERE = "entry.keep-here"
    ENTRY_KEEP_THERE = "entry.keep-there"
    ENTRY_SCAN = "entry.scan"
    ENTRY_SCAN_AWAY = "entry.scan-away"
    ENTRY_SCAN_CONFIRM = "entry.scan-confirm"
    ENTRY_SCAN_READ = "entry.scan-read"
    ENTRY_PAGE_UNSCANNED = "entry.page-unscanned"
    ENTRY_LATE_PAGE = "entry.late-page"
    """Somebody looked at a page that was scanned after its form was entered: what was entered stands."""
    ENTRY_SCAN_RECODE = "entry.scan-recode"
    """A page's picture was made small; the reason has its digests before and after."""
    ENTRY_SECOND = "entry.second"
    ENTRY_SECOND_DRAFT = "entry.second-draft"
    ENTRY_SEND_BACK = "entry.send-back"
    ENTRY_SUBMIT = "entry.submit"
    ENTRY_VERIFY = "entry.verify"


class EntryState(StrEnum):
    """How far one form's answers have come."""

    DRAFT = "draft"
    ENTERED = "entered"
    ADJUDICATING = "adjudicating"
    CRITICAL_AGREED = "second"
    """The critical fields are certain, and the others are still to be compared."""
    VERIFIED = "verified"


LIFECYCLE = Lifecycle(
    "entry",
    {
        EntryState.DRAFT: (EntryState.ENTERED,),  # every field passes the definition
        # A second person keys fields of it blind, compares it or agrees that it is empty; or sends it back.
        EntryState.ENTERED: (
            EntryState.CRITICAL_AGREED,
            EntryState.ADJUDICATING,
            EntryState.VERIFIED,
            EntryState.DRAFT,
        ),
        # The two keyings differ: a third person decides.
        EntryState.ADJUDICATING: (
            EntryState.CRITICAL_AGREED,
            EntryState.VERIFIED,
            EntryState.DRAFT,
        ),
        # The rest is in the sample.
        EntryState.CRITICAL_AGREED: (EntryState.VERIFIED, EntryState.DRAFT),
        EntryState.VERIFIED: (EntryState.DRAFT,),  # found wrong later: corrected with a reason
    },
)


class Task(StrEnum):
    """What a form or its entry waits for."""

    NONE = ""
    KEY = "key"
    CONFIRM = "confirm"
    """Somebody says why an implausible answer stands, or sends it back."""
    KEY_AGAIN = "key-again"
    ADJUDICATE = "adjudicate"
    COMPARE = "compare"
    CONFIRM_EMPTY = "confirm-empty"


class Emptiness(StrEnum):
    """Whether a form has no answer beyond what was printed, and who says so."""

    NONE = ""
    DECLARED = "declared"
    """Who keyed it says so."""
    CONFIRMED = "confirmed"
    """Another person, who saw the paper, says so too."""


class VerificationBasis(StrEnum):
    """Why an entry counts as verified."""

    NONE = ""
    COMPARED = "compared"
    """All of it was compared with the paper."""
    AGREED = "agreed"
    """What two people keyed of it, critical fields and those of the sample, is alike."""
    ADJUDICATED = "adjudicated"
    """A third person decided where the two keyings differed."""
    UNSAMPLED = "unsampled"
    """Nothing in it is critical, and it is not in the sample."""
    EMPTY = "empty"
    """Nothing stands on it beyond what was printed, as two people say."""
    READ = "read"
    """What the scanner read of it, as the second keying of all that is keyed twice, is alike."""
    REKEYED = "rekeyed"
    """Of a check only: fields that are not critical, keyed again by a person who did not see them."""
    READ_TICKS = "read-ticks"
    """Of a check only: ticks that the scanner read, beside what two people keyed."""
    READ_EMPTY = "read-empty"
    """Of a check only: fields in which the scanner saw no ink, beside what two people keyed."""


class ReadingKind(StrEnum):
    """What the scanner may read as the second keying of a field, where a site lets it."""

    TICKS = "ticks"
    EMPTY = "empty"
    """Fields for writing in which there is no ink."""


class EntryOrigin(StrEnum):
    """How the answers came in: at a screen, or from a QuestionnaireResponse."""

    KEYED = "keyed"
    IMPORTED = "imported"


class PastState(StrEnum):
    """States that only a past version has: what another person keyed blind."""

    SECOND_KEYING = "key-again"


class PastReason(StrEnum):
    """Why an answer was replaced where nobody gave a reason; the words stand in vaults."""

    TAKEN_OVER = "another person went on with the draft"
    ADJUDICATED = "decided by a third person"
    NOT_ENOUGH_PEOPLE = "verified without the people whom that needs"
    IMPLAUSIBLE = "a value is implausible and not confirmed"


class EntryChoice(StrEnum):
    """Which of two entries of one form counts: the one on this machine, or a laptop's."""

    LOCAL = "here"
    ELSEWHERE = "there"


class ScanDoubt(StrEnum):
    """Why a scan that another machine sent does not stand beside its form yet."""

    NONE = ""
    OTHER_SERIAL = "other-serial"
    """A code on it names another form."""
    SAME_FILE = "same-file"
    """The very same file is the scan of another form."""
    NO_CODE = "no-code"
    """No code was read on it, and nobody said that it is this form's."""


class WorkKind(StrEnum):
    """What of somebody's work a form carries that is in no list of entries yet."""

    DRAFT = "draft"
    SCAN = "scan"
    OPEN = "open"
    """It is before somebody on the screen now."""
    CAME_BACK = "came-back"
    IN_TRAY = "in-tray"
    """A scanned page that its code names lies in the tray: nobody has said yet where it belongs."""


@dataclass(frozen=True, slots=True)
class RetiredWork:
    """What would disappear with a form, and whose it is (account ids)."""

    serial: str
    kind: WorkKind
    people: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One form's answers. `event` is when it really happened, `entered` when it was keyed (UTC).

    `author` wrote on the paper, `transcriber` keyed it, `verifier` compared the two; the last two
    are account ids with the name that was shown then.
    """

    serial: str
    form: str
    version: str
    state: EntryState
    outage: str
    """The outage whose ledger the form stands in; empty when it was printed ahead of any."""
    answers: Mapping[str, str]
    event: str = ""
    author: str = ""
    author_role: str = ""
    origin: EntryOrigin = EntryOrigin.KEYED
    transcriber: str = ""
    transcriber_name: str = ""
    entered: str = ""
    verifier: str = ""
    verifier_name: str = ""
    verified: str = ""
    changed: str = ""
    """When the row last changed; a screen that holds an older one is refused."""
    corrections: int = 0
    """How often it was sent back after it had been entered."""
    ward: str = ""
    confirmations: tuple[Confirmation, ...] = ()
    """Of implausible answers, who said that they stand, and why."""
    waits: Task = Task.NONE
    """What a person has to do next; nothing for a draft and once it is verified."""
    sampled: int = 1
    """1 when a second person keys fields that are not critical, too."""
    basis: VerificationBasis = VerificationBasis.NONE
    sample_keys: tuple[str, ...] = ()
    """Those fields; nobody who keys first sees which they are."""
    emptiness: Emptiness = Emptiness.NONE
    confirmer: str = ""
    """Who agreed that the form is empty: an account id, with the name that was shown then."""
    confirmer_name: str = ""
    read_answers: Mapping[str, str] = field(default_factory=dict)
    """What the scanner read, by key, of fields that it may read; whoever keyed them had not seen it."""
    reading_counts: int = 0
    """1 when that is the second keying of these fields; else it is only held against two people's."""

    @property
    def second_reading(self) -> Mapping[str, str]:
        """What the scanner read in a second person's stead; no other field of the form was keyed by it."""
        return self.read_answers if self.reading_counts else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEntry:
    """What an entry said before it was sent back, or what was put aside for another."""

    serial: str
    until: str
    """When it was replaced (UTC)."""
    state: str
    """An `EntryState`, or a `PastState`."""
    answers: Mapping[str, str]
    transcriber: str
    verifier: str
    sent_back_by: str
    reason: str
    confirmations: tuple[Confirmation, ...] = ()


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
    confirmations: tuple[Confirmation, ...] = ()
    """Of this person's own implausible answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who has a form on the screen, since when, and until when if nothing happens (UTC)."""

    serial: str
    person: str
    name: str
    since: str
    until: str
    minutes: int
    """For how long it was claimed."""

    def is_of(self, actor: Actor) -> bool:
        """Whether it is this person's."""
        return self.person == actor.id


class CheckTotals(NamedTuple):
    """Forms, fields and wrong fields of several checks."""

    forms: int
    fields: int
    errors: int


class CheckSum(NamedTuple):
    """The same of all checks of one form on one basis."""

    form: str
    basis: VerificationBasis
    forms: int
    fields: int
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanInfo:
    """What is known of a scan without opening it; `attached` is UTC as stored."""

    serial: str
    media_type: str
    sha256: str
    bytes: int
    pages: int
    attached: str
    attached_by: str
    attached_name: str
    codes: str = ""
    """The page codes that were read on it, with spaces between them."""
    without_code: int = 0
    """1 when a page shows no code, and whoever attached it said that it is this form's."""
    doubt: ScanDoubt = ScanDoubt.NONE

    @property
    def is_read(self) -> bool:
        """Whether a code on it says whose it is, and none is missing."""
        return bool(self.codes) and not self.without_code


class PageQuestion(StrEnum):
    """What keeps a statement open until somebody answers for a page; also the table of the answers."""

    UNSCANNED = "unscanned_page"
    """It is not scanned although others of its form are."""
    CAME_LATE = "late_page"
    """It was scanned after its form was entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """What somebody said of such a page; `at` is UTC."""

    serial: str
    page: int
    reason: str
    at: str
    person: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one check of an entry found: how many filled fields were looked at, how many wrong."""

    serial: str
    outage: str
    form: str
    at: str
    basis: VerificationBasis
    """`agreed` for critical fields, `rekeyed` for others that a second person keyed blind or found
    wrong; `compared` for fields that somebody looked at, from which no error rate follows."""
    fields: int
    errors: int
