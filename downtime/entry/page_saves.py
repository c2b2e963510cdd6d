"""The saves of an open page in their order: one that comes late never overwrites a newer one.

A page numbers its saves. They are sent one after the other, but a page that is left sends its last
one beside an earlier that is not answered yet, and a server with many threads handles them in any
order.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry.model import Entry
from downtime.entry.store import page_saves
from downtime.entry.store.page_saves import LastSave
from downtime.errors import ConflictError


class LateSaveError(ConflictError):
    """A newer save of the same page was kept before: of a draft nothing is left to do."""


@dataclass(frozen=True, slots=True)
class PageSave:
    """A form as it stands open in one browser, with one save of it."""

    id: str = ""
    """Made up anew each time a form is opened; empty for what is no page."""
    step: int = 0
    """Counts the saves of this page up."""
    seen: str = ""
    """What `last_save` was when the form was opened."""
    changed: str = ""
    """When its entry had changed last then (UTC)."""


def last_save(db: Database, serial: str) -> str:
    """Which save of which page a form was kept with last; empty while none was."""
    last = page_saves.fetch(db, serial)
    return f"{last.page}:{last.step}" if last.page else ""


def record_save(db: Database, serial: str, page: PageSave, *, is_open: bool) -> None:
    """Note a save inside the transaction that keeps it; `is_open` while the form takes drafts.

    LateSaveError when a newer save of the same page was kept, or this very one and the form was
    then finished; ConflictError when the form was kept from another page after this one was opened.
    """
    last = page_saves.fetch(db, serial)
    if page.id and page.id == last.page:
        if page.step < last.step or (page.step == last.step and not is_open):
            raise LateSaveError(
                "entry.late",
                "What was typed later on this page is kept already.",
                "Open it again to see what was kept.",
            )
    elif page.id and page.seen != (f"{last.page}:{last.step}" if last.page else ""):
        raise ConflictError(
            "entry.elsewhere",
            "This form was kept from another page while it was open on this one.",
            "Open it again to see what was kept.",
        )
    page_saves.save(db, serial, LastSave(page.id, page.step))


def check_unchanged(entry: Entry, page: PageSave, person: str) -> None:
    """ConflictError when somebody else kept this form after the page was opened."""
    if entry.transcriber not in ("", person) and entry.changed != page.changed:
        raise ConflictError(
            "entry.changed",
            f"{entry.transcriber_name} has keyed this form while it was open on your screen.",
            "Open it again to see what was kept.",
        )


def is_last_page(db: Database, serial: str, page: PageSave) -> bool:
    """Whether this page was the last to keep the form; it may have finished it."""
    return bool(page.id) and page_saves.fetch(db, serial).page == page.id
