"""Key a form: keep a draft as typed, and enter it once every field passes; each step with its trace."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry.claims import check_not_claimed
from downtime.entry.compare_keyings import find_differing_keys
from downtime.entry.count_checks import count_corrected
from downtime.entry.empty_forms import is_empty
from downtime.entry.facts import known_value
from downtime.entry.judge_answers import (
    NOTHING_CONFIRMED,
    ConfirmRequests,
    judge_answers,
    trace_confirmations,
)
from downtime.entry.keyed_form import KeyedForm, with_person_check
from downtime.entry.keying_time import record_keying_time
from downtime.entry.model import (
    LIFECYCLE,
    AuditAction,
    Emptiness,
    Entry,
    EntryOrigin,
    EntryState,
    PastReason,
    Task,
    VerificationBasis,
)
from downtime.entry.open_form import get_entry, get_keyable_form, open_form
from downtime.entry.page_ink import InkPlace
from downtime.entry.page_saves import LateSaveError, PageSave, check_unchanged, record_save
from downtime.entry.policies import (
    check_can_key,
    check_emptiness,
    check_ink_was_looked_at,
    check_person_checked,
)
from downtime.entry.quality import choose_sample
from downtime.entry.queries.list_queries import list_queries_of_form
from downtime.entry.queries.policies import has_open
from downtime.entry.read_scans import find_ink, read_scans
from downtime.entry.second_reading import find_blind_ink, keep_reading
from downtime.entry.store import claims, entries
from downtime.entry.typed_times import to_utc
from downtime.entry.validation import SIGN_OFF_KEYS, InvalidAnswersError, ProblemKind
from downtime.entry.verify_entry import accept_entry
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.move_form import move_form
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def save_draft(
    vault: Vault,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    page: PageSave | None = None,
) -> Entry:
    """Keep answers as typed, unchecked; those of a page that has kept newer ones are ignored.

    ConflictError once the form is entered, filed, void or lost, while somebody else has it on the
    screen, and when it was kept from elsewhere after the page was opened.
    """
    issued = get_keyable_form(vault, serial)
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
            entries.save_entry(db, entry)
    except LateSaveError:
        return get_entry(vault, issued.serial)
    return entry


def submit_entry(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    *,
    origin: EntryOrigin = EntryOrigin.KEYED,
    page: PageSave | None = None,
    confirmed: ConfirmRequests = NOTHING_CONFIRMED,
    says_empty: bool = False,
    looked_at: Collection[str] = (),
) -> Entry:
    """Enter a form: every field must pass its definition, and the ledger marks it keyed.

    What is implausible has to be `confirmed`; of an import it is kept, and waits for somebody to do so.
    `says_empty`: nobody wrote an answer on the paper; another person confirms that. InputError for a
    form that is empty and not said to be, or the other way round. `looked_at` names the places of the scan
    whose ink somebody saw and does not key: UnseenInkError for any other one.

    InvalidAnswersError holds one sentence for each field at fault; ConflictError when the form is
    already entered, void or declared lost, somebody else has it on the screen, or it was kept from
    elsewhere after the page was opened. A page that is sent twice enters it once. What has no
    critical field and is not in the sample counts as verified at once.
    """
    form = with_person_check(open_form(vault, serial, settings), answers)
    if origin == EntryOrigin.KEYED:
        check_person_checked(form, answers)
    judged = judge_answers(vault, settings, form, answers, confirmed, actor)
    answers = judged.answers
    nothing_written = is_empty(vault, form, answers)
    is_import = origin == EntryOrigin.IMPORTED
    problems = judged.refusals if is_import else judged.problems
    if nothing_written and says_empty:
        problems = [p for p in problems if p.key in answers or p.key in SIGN_OFF_KEYS]
    if problems:
        raise InvalidAnswersError(list(problems))
    check_emptiness(form.issued.serial, is_empty=nothing_written, says_empty=says_empty)
    if form.entry and page and _is_resubmission(form, answers, page, actor):
        return form.entry
    read_scans(vault, settings, actor, form.issued.serial)  # a page that came a moment ago
    ink = find_ink(vault, form.issued.serial)
    if not (says_empty or is_import):
        ink = find_blind_ink(vault, settings, form)
    unkeyed = ink.list_unkeyed(form, answers)
    if origin == EntryOrigin.KEYED:
        check_ink_was_looked_at(form.issued.serial, unkeyed, looked_at)
    zone = ZoneInfo(settings.site.time_zone)
    with vault.change(
        actor,
        AuditAction.ENTRY_SUBMIT,
        target=form.issued.serial,
        reason=_say_origin(origin, unkeyed),
    ) as db:
        now = vault.now()
        entry = _open_draft(db, form.issued, actor, now, page)
        LIFECYCLE.check(entry.state, EntryState.ENTERED)
        record_keying_time(db, form.issued, Task.KEY, actor, now)
        move_form(db, entry.serial, FormState.KEYED, now, actor)
        if entry.corrections:
            count_corrected(db, form, entry, answers, now)
        entry = replace(
            entry,
            state=EntryState.ENTERED,
            answers=answers,
            event=to_utc(answers["event.date"], answers["event.time"], zone),
            author=known_value(answers, "author.name"),
            author_role=known_value(answers, "author.role"),
            origin=origin,
            transcriber=actor.id,
            transcriber_name=actor.name,
            entered=now,
            changed=now,
            basis=VerificationBasis.NONE,
            confirmations=judged.confirmations,
            emptiness=Emptiness.DECLARED if says_empty else Emptiness.NONE,
        )
        entry = _find_next_task(vault, db, settings, form, entry)
        if any(problem.kind == ProblemKind.ASKED for problem in judged.problems):
            entry = replace(entry, waits=Task.CONFIRM)
        if not entry.waits:
            is_read = bool(entry.second_reading)
            basis = VerificationBasis.READ if is_read else VerificationBasis.UNSAMPLED
            entry = accept_entry(db, entry, actor, now, basis)
        entries.save_entry(db, entry)
        trace_confirmations(db, entry.serial, judged, actor, now)
        claims.delete(db, entry.serial)
    return entry


def _say_origin(origin: EntryOrigin, unkeyed: Collection[InkPlace]) -> str:
    """How the entry came, and the ink of its scan that is in no answer."""
    return " ".join([origin, *(f"ink:{place.name}" for place in unkeyed)])


def _find_next_task(
    vault: Vault, db: Database, settings: Settings, form: KeyedForm, entry: Entry
) -> Entry:
    """The entry with what a second person does of it, and the fields that they key for the sample."""
    if entry.emptiness:
        filled = tuple(key for key in form.critical_keys if entry.answers.get(key))
        return replace(entry, waits=Task.CONFIRM_EMPTY, sampled=0, sample_keys=filled)
    sample = choose_sample(vault, db, settings, form, entry)
    entry = replace(entry, sampled=int(sample is not None), sample_keys=sample or ())
    if entry.origin == EntryOrigin.KEYED:
        entry = keep_reading(vault, db, settings, form, entry)
    form = replace(form, entry=entry)
    if form.second_keys:
        return replace(entry, waits=Task.KEY_AGAIN)
    if find_differing_keys(form, entry.answers, entry.second_reading):
        LIFECYCLE.check(entry.state, EntryState.ADJUDICATING)
        return replace(entry, state=EntryState.ADJUDICATING, waits=Task.ADJUDICATE)
    is_asked = has_open(list_queries_of_form(vault, entry.serial))
    is_sampled = entry.sampled and not form.compared_keys
    needs_look = is_sampled or entry.confirmations or is_asked
    return replace(entry, waits=Task.COMPARE if needs_look else Task.NONE)


def _is_resubmission(
    form: KeyedForm, answers: Mapping[str, str], page: PageSave, actor: Actor
) -> bool:
    """Whether this page has entered the form before: the key was pressed twice."""
    entry = form.entry
    if entry is None or entry.state == EntryState.DRAFT or entry.transcriber != actor.id:
        return False
    return entry.answers == answers and form.was_saved_last_by(page.id)


def _open_draft(
    db: Database, issued: IssuedForm, actor: Actor, now: str, page: PageSave | None
) -> Entry:
    """The draft that this person may go on with; what another typed before them is kept."""
    entry = entries.fetch_entry(db, issued.serial)
    if page and entry:
        check_unchanged(entry, page, actor.id)
    check_not_claimed(db, issued.serial, actor, now)
    if page:
        is_open = entry is None or entry.state == EntryState.DRAFT
        record_save(db, issued.serial, page, is_open=is_open)
    check_can_key(issued, entry)
    if entry is None:
        return Entry(
            serial=issued.serial,
            form=issued.form,
            version=issued.version,
            state=EntryState.DRAFT,
            outage=issued.outage,
            ward=issued.ward,
            answers={},
        )
    if entry.transcriber not in ("", actor.id) and not _is_as_sent_back(db, entry):
        entries.save_past(db, entry, now, actor.id, PastReason.TAKEN_OVER)
    return entry


def _is_as_sent_back(db: Database, entry: Entry) -> bool:
    """Whether nobody has typed since it was sent back: that version is kept already."""
    if not entry.corrections:
        return False
    last = entries.fetch_past(db, entry.serial)[-1]
    return (last.transcriber, last.answers) == (entry.transcriber, entry.answers)
