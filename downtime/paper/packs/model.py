"""One pack as data: what is to be printed, how its pages leave, and what was printed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from downtime.paper.layout.model import PrintedSheet
from downtime.paper.model import FormDraft, Pack, PackKind
from downtime.paper.packs.superseded_pages import KeptPage

Progress = Callable[[int, int], None]
"""Called with how many of how many documents are printed; what it raises stops the printing."""
Deliver = Callable[[str, str], None]
"""Called with file name and pack when all pages are complete; what it raises makes them void."""


class RequestKind(StrEnum):
    """What can be asked for; kept with jobs and packs."""

    WARDS = "wards"
    CHANGES = "changes"
    PATIENT = "patient"
    CLINIC = "clinic"
    THEATRE = "theatre"
    BLANK = "blank"
    REPRINT = "again"
    CONTINUED = "continued"
    LABELS = "labels"
    READINESS = "readiness"
    HANDOVER = "handover"
    MEDICINES_DUE = "medicines-due"
    REFERENCE = "reference"
    TRANSFER = "transfer-summary"
    CAPACITY = "capacity"
    LOG = "log"


class PrintChannel(StrEnum):
    """Where the pages of a pack go."""

    SCREEN = "screen"
    QUEUE = "queue"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class PrintDocument:
    """One form or list to print: its row in the ledger, what it says, the sheet that says it.

    `content` is called when its turn to print comes, so that memory stays flat.
    """

    draft: FormDraft
    content: Callable[[], Any]
    sheet: Callable[[str, Any], PrintedSheet]
    is_blank: bool = False
    """Whether nothing of a patient or a list stands on it."""
    records: str = ""
    """Of a list, which records its copy held, as JSON (`superseded_pages`)."""
    kept_pages: tuple[KeptPage, ...] = ()
    """Earlier pages that stay beside it."""


@dataclass(frozen=True, slots=True)
class PrintOutcome:
    """What was printed: pages of each document in order, blank backs, and all pages of the PDF.

    With `two_sided` every document begins on the front of a sheet.
    """

    pack: Pack
    documents: Sequence[PrintDocument]
    serials: tuple[str, ...]
    pages: tuple[int, ...]
    blank_backs: int
    two_sided: bool
    total: int
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPlan:
    """Everything that one pack will hold, before a serial is given or a page is printed."""

    kind: PackKind
    title: str
    file_name: str
    documents: Sequence[PrintDocument]
    wards: Sequence[str] = ()
    snapshot: str = ""
    as_at: str = ""
    """How old the data is, as the pages say."""
    cover: Callable[[PrintOutcome], PrintDocument] | None = None
    """Makes the first page, printed last, from what the others gave."""
    recalls: tuple[str, ...] = ()
    """Serials of pages that are void once this is delivered, and stand on a list to take out."""
    audit_target: str = ""
    """What the audit names, when it is not the wards."""


@dataclass(frozen=True, slots=True)
class PackResult:
    """What was printed. `forms` counts those for patients, `blank_forms` the spares."""

    id: str
    pages: int
    forms: int
    blank_forms: int
    file_name: str
    checksum: str = ""
    notes: tuple[str, ...] = ()
    """What is to be said of the hospital's own forms: left out, or to be reviewed by now."""
