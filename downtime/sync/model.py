"""What laptops send to the records station, whether it is trusted, and which laptops are awaited."""

from dataclasses import dataclass, field
from enum import StrEnum

from downtime.errors import UntrustedError

_NEXT_STEP = (
    "Keep the file and tell security. Nothing of it was merged; a records supervisor can accept it"
    " with a reason (downtime sync merge-untrusted), which the statement will say."
)


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    HANDOVER_EXCUSE = "handover.excuse"
    HANDOVER_EXPECT = "handover.expect"
    HANDOVER_MERGED = "handover.merged"
    """A records station has merged all up to an entry of this audit: the target is its code and that number."""
    HANDOVER_JOIN = "handover.join"
    HANDOVER_OPEN_BOOKS = "handover.open-books"
    HANDOVER_SEAL = "handover.seal"
    HANDOVER_SEAL_BROKEN = "handover.seal-broken"
    HANDOVER_SETTLE_CLASH = "handover.settle-clash"
    HANDOVER_TAKE = "handover.take"
    HANDOVER_TAKE_OVER = "handover.take-over"
    HOME_DESTROY = "home.destroy"


class TrustFailureKind(StrEnum):
    """Why a bundle whose signature holds is not trusted; also the code of its refusal."""

    CHAIN_BROKEN = "sync.chain-broken"
    CHAIN_FORKED = "sync.chain-forked"
    DUPLICATE_NUMBERS = "sync.clash"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFailure:
    """What speaks against a laptop's past."""

    kind: TrustFailureKind
    laptop: str
    """What people call the laptop."""
    device: str
    entry: int
    """The first audit entry that does not hold, or that differs from those of before."""
    duplicates: int = 0
    """How many numbers of the bundle stand for something else here."""
    branch: str = ""
    """The name of a second past of one laptop, `K7-41`; empty where there is one past only."""

    @property
    def sentence(self) -> str:
        """Why it is not trusted, for a person."""
        name = f"{self.laptop} ({self.device})"
        match self.kind:
            case TrustFailureKind.CHAIN_BROKEN:
                return (
                    f"The audit chain of {name} does not hold from entry {self.entry} on: what this"
                    " laptop says was changed, or its disk has failed."
                )
            case TrustFailureKind.CHAIN_FORKED:
                return (
                    f"This bundle of {name} does not continue the one merged before, from entry"
                    f" {self.entry} on: its past was rewritten, or the laptop was put back from a"
                    " backup and went on from there. Two papers may carry one serial."
                )
            case TrustFailureKind.DUPLICATE_NUMBERS:
                return (
                    f"{self.duplicates} serials or downtime numbers in the bundle of {name} stand"
                    " for something else here: a laptop was put back from a backup."
                )

    @property
    def error(self) -> UntrustedError:
        """What it is refused with."""
        return UntrustedError(self.kind, self.sentence, _NEXT_STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedBundle:
    """A bundle that was merged: whose, how far its audit chain went, and who merged it when (UTC)."""

    sha256: str
    device: str
    sequence: int
    """The length of the laptop's audit chain."""
    head: str
    created: str
    merged: str
    merged_by: str
    merged_name: str
    checkpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedBundle:
    """A bundle that was merged all the same: what spoke against it, and who merged it why and when."""

    sha256: str
    device: str
    failure: TrustFailure | None
    """None where only the sentence was kept."""
    kept_sentence: str
    """The sentence with which an older program refused it."""
    reason: str
    merged: str
    """UTC as stored."""
    merged_by: str
    merged_name: str
    duplicate_numbers: tuple[str, ...]
    """Serials as they are printed, and downtime numbers, that stand for two things."""
    file: bytes = field(default=b"", repr=False)
    """The sealed file as it came; empty where only what is known of it is read."""

    @property
    def sentence(self) -> str:
        """What spoke against it."""
        return self.failure.sentence if self.failure else self.kept_sentence


class DuplicateNumberKind(StrEnum):
    """What stands a second time under one number."""

    UNKNOWN = ""
    FORM = "form"
    DOWNTIME_NUMBER = "downtime-number"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateNumber:
    """The second thing under one number, and what a person says became of it. Times are UTC.

    `title`, `ward` and `issued_name` are those of a form; no patient is named.
    """

    number: str
    """A serial as it is printed, or a downtime number."""
    digest: str
    """Tells the second thing from a third one under the number; empty where nobody noted it."""
    device: str
    """The laptop that issued it again, or the name of its second past: `K7-41`."""
    noticed: str
    kind: DuplicateNumberKind = DuplicateNumberKind.UNKNOWN
    title: str = ""
    ward: str = ""
    issued_name: str = ""
    kept_description: str = ""
    """What an older program said of it."""
    settled: str = ""
    settled_by: str = ""
    settled_name: str = ""
    reason: str = ""

    @property
    def description(self) -> str:
        """What the second thing is, for a person."""
        match self.kind:
            case DuplicateNumberKind.FORM:
                ward = f" of ward {self.ward}" if self.ward else ""
                return f"{self.title}{ward}, printed by {self.issued_name}"
            case DuplicateNumberKind.DOWNTIME_NUMBER:
                return "a patient's downtime number"
            case DuplicateNumberKind.UNKNOWN:
                return self.kept_description

    @property
    def sentence(self) -> str:
        """What is known of it, for a person."""
        return (
            f"{self.number} was given out twice. The second one, by {self.device}:"
            f" {self.description}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcusedLaptop:
    """A laptop of which no bundle is awaited, why, and who said so."""

    device: str
    reason: str
    at: str
    by: str
    by_name: str


class ReportState(StrEnum):
    """Whether something is still awaited of a laptop."""

    COMPLETE = "complete"
    AWAITED = "awaited"
    EXCUSED = "excused"


class AwaitedReason(StrEnum):
    """Why something is still awaited of a laptop."""

    UNREPORTED_PAPER = "unreported-paper"
    NEVER_SENT = "never-sent"
    DOWN_ON_LAPTOP = "down-on-laptop"
    STILL_DOWN = "still-down"
    SENT_BEFORE_RECOVERY = "sent-before-recovery"
