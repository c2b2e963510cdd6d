"""In which order a page keeps what is typed on it.

A page numbers its saves. They are sent one after the other, but a page that is left sends its last
one beside an earlier that is not answered yet, and a server with many threads handles them in any
order: one that comes late never overwrites a newer one.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from downtime.entry.model import Entry
from downtime.entry.store import claims
from downtime.entry.store.claims import LastSave
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
    """The mark of the form's last save when it was opened."""
    changed: str = ""
    """When its entry had changed last then (UTC)."""


def record_save(db: Database, serial: str, page: PageSave, *, is_open: bool) -> None:
    """Note a save inside the transaction that keeps it; `is_open` while the form takes drafts.

    LateSaveError when a newer save of the same page was kept, or this very one and the form was
    then finished; ConflictError when the form was kept from another page after this one was opened.
    """
    last = claims.fetch_last_save(db, serial)
    if page.id and page.id == last.page:
        if page.step < last.step or (page.step == last.step and not is_open):
            raise LateSaveError(
                "entry.late",
                "What was typed later on this page is kept already.",
                "Open it again to see what was kept.",
            )
    elif page.id and page.seen != last.mark:
        raise ConflictError(
            "entry.elsewhere",
            "This form was kept from another page while it was open on this one.",
            "Open it again to see what was kept.",
        )
    claims.save_last(db, serial, LastSave(page.id, page.step))


def check_unchanged(entry: Entry, page: PageSave, person: str) -> None:
    """ConflictError when somebody else kept this form after the page was opened."""
    if entry.transcriber not in ("", person) and entry.changed != page.changed:
        raise ConflictError(
            "entry.changed",
            f"{entry.transcriber_name} has keyed this form while it was open on your screen.",
            "Open it again to see what was kept.",
        )
