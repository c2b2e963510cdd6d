"""Key a form: keep a draft as typed, and enter it once every field passes; each step with its trace."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry import absent_values, claims, open_form, page_saves, quality, typed_times
from downtime.entry.corrections import count_corrected
from downtime.entry.model import (
    COMPARE,
    DRAFT,
    ENTERED,
    KEY_AGAIN,
    LIFECYCLE,
    UNSAMPLED,
    AuditAction,
    Entry,
)
from downtime.entry.page_saves import LateSaveError, PageSave
from downtime.entry.review import validate_form
from downtime.entry.store import checks, entries
from downtime.entry.validation import InvalidAnswersError
from downtime.entry.verify_entry import accept_entry
from downtime.errors import ConflictError
from downtime.paper import ledger, serials
from downtime.paper.model import FormState, IssuedForm
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

TAKEN_OVER = "another person went on with the draft"


def save_draft(
    vault: Vault,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    page: PageSave | None = None,
) -> Entry:
    """Keep answers as typed, unchecked; those of a page that has kept newer ones are let go.

    ConflictError once the form is entered, while somebody else has it on the screen, and when it
    was kept from elsewhere after the page was opened.
    """
    issued = open_form.get_keyable_form(vault, serial)
    try:
        with vault.change(actor, AuditAction.ENTRY_DRAFT, target=issued.serial) as db:
            entry = _open_draft(db, issued, actor, vault.now(), page)
            entry = replace(
                entry,
                answers={key: text for key, text in answers.items() if text},
                transcriber=actor.id,
                transcriber_name=actor.name,
                changed=vault.now(),
            )
            entries.save(db, entry)
    except LateSaveError:
        return open_form.get_entry(vault, issued.serial)
    return entry


def submit_entry(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    *,
    origin: str = "keyed",
    page: PageSave | None = None,
) -> Entry:
    """Enter a form: every field must pass its definition, and the ledger marks it keyed.

    InvalidAnswersError holds one sentence for each field at fault; ConflictError when the form is
    already entered, void or declared lost, somebody else has it on the screen, or it was kept from
    elsewhere after the page was opened. A page that is sent twice enters it once. What has no
    critical field and is not in the sample counts as verified at once.
    """
    form = open_form.open_form(vault, serial, settings)
    checked = validate_form(form, settings, answers, vault)
    if checked.problems:
        raise InvalidAnswersError(list(checked.problems))
    kept = checked.answers
    if form.entry and page and _is_resubmission(vault.db, form.entry, kept, page, actor):
        return form.entry
    zone = ZoneInfo(settings.site.time_zone)
    with vault.change(
        actor, AuditAction.ENTRY_SUBMIT, target=form.issued.serial, reason=origin
    ) as db:
        entry = _open_draft(db, form.issued, actor, vault.now(), page)
        LIFECYCLE.check(entry.state, ENTERED)
        ledger.move_form(db, entry.serial, FormState.KEYED, vault.now(), actor)
        if entry.corrections:
            count_corrected(db, form, entry, kept, vault.now())
        entry = replace(
            entry,
            state=ENTERED,
            answers=kept,
            event=typed_times.to_utc(kept["event.date"], kept["event.time"], zone),
            author=absent_values.known_value(kept, "author.name"),
            author_role=absent_values.known_value(kept, "author.role"),
            origin=origin,
            transcriber=actor.id,
            transcriber_name=actor.name,
            entered=vault.now(),
            changed=vault.now(),
            sampled=int(quality.is_in_sample(vault, db, settings, entry)),
            waits=KEY_AGAIN if form.critical_keys else COMPARE,
            basis="",
        )
        if not form.critical_keys and not entry.sampled:
            entry = accept_entry(db, entry, actor, vault.now(), UNSAMPLED)
        entries.save(db, entry)
        checks.delete_claim(db, entry.serial)
    return entry


def _is_resubmission(
    db: Database, entry: Entry, kept: Mapping[str, str], page: PageSave, actor: Actor
) -> bool:
    """Whether this page has entered the form before: the key was pressed twice."""
    same = entry.state != DRAFT and entry.transcriber == actor.id and entry.answers == kept
    return same and page_saves.is_last_page(db, entry.serial, page)


def _open_draft(
    db: Database, issued: IssuedForm, actor: Actor, now: str, page: PageSave | None = None
) -> Entry:
    """The draft that this person may go on with; what another typed before them is kept."""
    present = entries.fetch(db, issued.serial)
    if page and present:
        page_saves.check_unchanged(present, page, actor.id)
    claims.check_not_claimed(db, issued.serial, actor, now)
    if page:
        is_open = present is None or present.state == DRAFT
        page_saves.record_save(db, issued.serial, page, is_open=is_open)
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
            f"Form {serials.format_serial(present.serial)} is already entered.",
            "If it is wrong, send it back with a reason; then it can be keyed again.",
        )
    if present.transcriber not in ("", actor.id) and not present.corrections:
        entries.save_past(db, present, now, actor.id, TAKEN_OVER)
    return present
