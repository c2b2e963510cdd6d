"""Key a form: keep a draft as typed, and enter it once every field passes; each step with its trace."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry import absent, claims, opening, quality, saves, store, store_checks, typed
from downtime.entry.corrections import count_corrected
from downtime.entry.model import COMPARE, DRAFT, ENTERED, KEY_AGAIN, LIFECYCLE, UNSAMPLED, Entry
from downtime.entry.review import review
from downtime.entry.saves import LateError, Page
from downtime.entry.validation import InvalidAnswersError
from downtime.entry.verification import accepted
from downtime.errors import ConflictError
from downtime.paper import ledger, serials
from downtime.paper.issue import KEYED, Issued
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

TAKEN_OVER = "another person went on with the draft"


def save_draft(
    vault: Vault,
    serial: str,
    answers: Mapping[str, str],
    who: Actor,
    page: Page | None = None,
) -> Entry:
    """Keep answers as typed, unchecked; those of a page that has kept newer ones are let go.

    ConflictError once the form is entered, while somebody else has it on the screen, and when it
    was kept from elsewhere after the page was opened.
    """
    issued = opening.keyable(vault, serial)
    try:
        with vault.change(who, "entry.draft", target=issued.serial) as db:
            entry = _draft(db, issued, who, vault.now(), page)
            entry = replace(
                entry,
                answers={key: text for key, text in answers.items() if text},
                transcriber=who.id,
                transcriber_name=who.name,
                changed=vault.now(),
            )
            store.save(db, entry)
    except LateError:
        return opening.get(vault, issued.serial)
    return entry


def submit(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    who: Actor,
    *,
    origin: str = "keyed",
    page: Page | None = None,
) -> Entry:
    """Enter a form: every field must pass its definition, and the ledger marks it keyed.

    InvalidAnswersError holds one sentence for each field at fault; ConflictError when the form is
    already entered, void or declared lost, somebody else has it on the screen, or it was kept from
    elsewhere after the page was opened. A page that is sent twice enters it once. What has no
    critical field and is not in the sample counts as verified at once.
    """
    form = opening.open_form(vault, serial, settings)
    checked = review(form, settings, answers, vault)
    if checked.problems:
        raise InvalidAnswersError(list(checked.problems))
    kept = checked.answers
    if form.entry and page and _is_repeated(vault.db, form.entry, kept, page, who):
        return form.entry
    zone = ZoneInfo(settings.site.time_zone)
    with vault.change(who, "entry.submit", target=form.issued.serial, why=origin) as db:
        entry = _draft(db, form.issued, who, vault.now(), page)
        LIFECYCLE.check(entry.state, ENTERED)
        ledger.move(db, entry.serial, KEYED, vault.now(), who)
        if entry.corrections:
            count_corrected(db, form, entry, kept, vault.now())
        entry = replace(
            entry,
            state=ENTERED,
            answers=kept,
            event=typed.instant(kept["event.date"], kept["event.time"], zone),
            author=absent.known(kept, "author.name"),
            author_role=absent.known(kept, "author.role"),
            origin=origin,
            transcriber=who.id,
            transcriber_name=who.name,
            entered=vault.now(),
            changed=vault.now(),
            sampled=int(quality.is_chosen(vault, db, settings, entry)),
            waits=KEY_AGAIN if form.critical_keys else COMPARE,
            basis="",
        )
        if not form.critical_keys and not entry.sampled:
            entry = accepted(db, entry, who, vault.now(), UNSAMPLED)
        store.save(db, entry)
        store_checks.drop_claim(db, entry.serial)
    return entry


def _is_repeated(
    db: Database, entry: Entry, kept: Mapping[str, str], page: Page, who: Actor
) -> bool:
    """Whether this page has entered the form before: the key was pressed twice."""
    same = entry.state != DRAFT and entry.transcriber == who.id and entry.answers == kept
    return same and saves.is_from(db, entry.serial, page)


def _draft(db: Database, issued: Issued, who: Actor, now: str, page: Page | None = None) -> Entry:
    """The draft that this person may go on with; what another typed before them is kept."""
    present = store.fetch(db, issued.serial)
    if page and present:
        saves.check_unchanged(present, page, who.id)
    claims.check(db, issued.serial, who, now)
    if page:
        is_open = present is None or present.state == DRAFT
        saves.note(db, issued.serial, page, is_open=is_open)
    if present is None:
        return Entry(
            serial=issued.serial,
            form=issued.form,
            version=issued.version,
            state=DRAFT,
            outage=issued.outage,
            ward=issued.ward,
            answers={},
        )
    if present.state != DRAFT:
        raise ConflictError(
            "entry.entered",
            f"Form {serials.shown(present.serial)} is already entered.",
            "If it is wrong, send it back with a reason; then it can be keyed again.",
        )
    if present.transcriber not in ("", who.id) and not present.corrections:
        store.keep_past(db, present, now, who.id, TAKEN_OVER)
    return present
