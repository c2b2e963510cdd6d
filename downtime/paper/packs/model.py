"""One printing as data: its jobs, how its pages are put together, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from downtime.paper.layout.model import PrintedSheet
from downtime.paper.model import FormDraft, Pack

Progress = Callable[[int, int], None]
"""Told how many of how many documents are printed; what it raises stops the printing."""
Deliver = Callable[[str, str], None]
"""Told the file name and the pack when the pages are complete; what it raises makes them void."""


class PrintChannel(StrEnum):
    """Where the pages of a pack go."""

    SCREEN = "screen"
    QUEUE = "queue"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class PrintDocument:
    """One form or list to print: its row in the ledger, what it says, the sheet that says it."""

    draft: FormDraft
    content: Callable[[], Any]
    sheet: Callable[[str, Any], PrintedSheet]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintOptions:
    """How pages are put together, and how they leave."""

    by_form: bool = False
    """All sheets of one form together, instead of all sheets of one patient."""
    two_sided: bool = False
    """Every form starts on the front of a sheet: none is ever carried away on another's back."""
    progress: Progress | None = None
    deliver: Deliver | None = None
    job: str = ""
    """The job in whose course this is printed."""
    request: str = ""
    """What was asked for, so that it can be asked for again."""


@dataclass(frozen=True, slots=True)
class PrintOutcome:
    """What was printed: pages of each job in order, blank backs, and all pages of the document."""

    pack: Pack
    serials: tuple[str, ...]
    pages: tuple[int, ...]
    blank_backs: int
    total: int
    checksum: str


DEFAULT_OPTIONS = PrintOptions()
