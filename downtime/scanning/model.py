"""A batch of scanned pages, and what became of each: one outcome, and nothing is filed by guess."""

from dataclasses import dataclass
from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    SCAN_BATCH = "scan.batch"
    SCAN_BATCH_END = "scan.batch-end"
    SCAN_UPLOAD = "scan.upload"
    """A file belongs to a batch, or was read before."""
    SCAN_FILE_READ = "scan.file-read"
    SCAN_PAGE = "scan.page"
    """A page was read; its row says what became of it."""
    SCAN_COPY = "scan.copy"
    """A second scan of a page was measured to show nothing else."""
    SCAN_FILE_BY_HAND = "scan.file-by-hand"
    SCAN_ASIDE = "scan.aside"
    SCAN_ASIDE_CONFIRM = "scan.aside-confirm"


class BatchSource(StrEnum):
    """How the pages of a batch came."""

    FOLDER = "folder"
    UPLOAD = "upload"
    SCANNER = "scanner"
    TELEPHONE = "telephone"
    MACHINE = "machine"
    """Another machine sent them with what it holds."""


class PageOutcome(StrEnum):
    """What became of a page; each has exactly one."""

    FILED = "filed"
    """With its form, by its own code or by a person's word."""
    BLANK = "blank"
    """An empty back: no code, no ink."""
    COPY = "copy"
    """That page of that form is filed already, and this scan of it shows nothing else."""
    SECOND_SCAN = "second-scan"
    """That page is filed already; this scan shows other writing, or was not compared yet."""
    ASIDE = "aside"
    """Two people said why it belongs to no form."""
    OTHER_OUTAGE = "other-outage"
    RETIRED = "retired"
    """Its form is void or was declared lost."""
    NOT_ISSUED = "not-issued"
    """No form of that serial, or no such page of it, is known here."""
    OTHER_SCAN = "other-scan"
    """A scan that came as one file is attached to its form, and does not show this page."""
    UNREADABLE = "unreadable"
    """No code, or codes of several pages."""
    DAMAGED = "damaged"
    """The page, or its file, cannot be opened."""
    LOCKED = "locked"
    """Its file opens with a password only."""


HOMELESS = (
    PageOutcome.OTHER_OUTAGE,
    PageOutcome.RETIRED,
    PageOutcome.NOT_ISSUED,
    PageOutcome.OTHER_SCAN,
    PageOutcome.SECOND_SCAN,
    PageOutcome.UNREADABLE,
    PageOutcome.DAMAGED,
    PageOutcome.LOCKED,
)
"""Pages without a home: they lie in the tray, and keep the books open."""
OUTCOME_TITLES = {
    PageOutcome.FILED: "Filed with their forms",
    PageOutcome.BLANK: "Blank backs",
    PageOutcome.COPY: "Copies of filed pages",
    PageOutcome.SECOND_SCAN: "Second scans with other writing",
    PageOutcome.ASIDE: "Put aside by two people",
    PageOutcome.OTHER_OUTAGE: "Pages of another outage",
    PageOutcome.RETIRED: "Pages of void or lost forms",
    PageOutcome.NOT_ISSUED: "Pages never issued here",
    PageOutcome.OTHER_SCAN: "Pages of forms with another scan",
    PageOutcome.UNREADABLE: "Pages without a readable code",
    PageOutcome.DAMAGED: "Damaged pages and files",
    PageOutcome.LOCKED: "Files locked with a password",
}
OUTCOME_REASONS = {
    PageOutcome.FILED: "filed",
    PageOutcome.BLANK: "blank back",
    PageOutcome.COPY: "that page is filed already",
    PageOutcome.SECOND_SCAN: "that page is filed already, and this scan of it shows other writing: look at both",
    PageOutcome.ASIDE: "put aside",
    PageOutcome.OTHER_OUTAGE: "its form is of another outage",
    PageOutcome.RETIRED: "its form is void or was declared lost",
    PageOutcome.NOT_ISSUED: "its code names no page that was issued here",
    PageOutcome.OTHER_SCAN: "its form has a scan already that does not show this page",
    PageOutcome.UNREADABLE: "no code, or codes of several pages",
    PageOutcome.DAMAGED: "it cannot be opened: scan the paper again",
    PageOutcome.LOCKED: "its file is locked with a password: scan the paper again into one without",
}
"""The same of one page, in the middle of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanBatch:
    """A box of paper; times are UTC as stored. `ended` is empty while files of it are to be read."""

    id: str
    name: str
    source: BatchSource
    outage: str
    started: str
    owner: str
    owner_name: str
    ended: str = ""
    repeated: int = 0
    """Files that had been read before, in another batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    """One page of a batch; `place` counts in its file, `page` is the printed number."""

    id: str
    batch: str
    number: int
    sha256: str
    place: int
    file: str
    outcome: PageOutcome
    codes: str
    serial: str
    page: int
    outage: str
    read: str
    picture_sha256: str = ""
    proposer: str = ""
    """Who said first that it is to be put aside."""
    proposer_name: str = ""
    reason: str = ""
    settled: str = ""
    settled_name: str = ""
    two_tone: int = 0
    """1 when it was scanned in black and white only."""

    @property
    def is_homeless(self) -> bool:
        """Whether somebody still has to say where it belongs."""
        return self.outcome in HOMELESS


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a page belongs by its own codes; `page` is 0 where none is known."""

    outcome: PageOutcome
    serial: str = ""
    page: int = 0
    outage: str = ""
