"""Blind double keying: another person keys the critical fields; where they differ, a third decides.

Nobody sees what the first keyed before the second has finished, and who keyed first or second does
not decide between the two.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry import claims, open_form, page_saves, verify_entry
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import (
    ADJUDICATE,
    ADJUDICATED,
    ADJUDICATING,
    AGREED,
    COMPARE,
    KEY_AGAIN,
    LIFECYCLE,
    SECOND,
    AuditAction,
    Entry,
    SecondKeying,
)
from downtime.entry.page_saves import LateSaveError, PageSave
from downtime.entry.review import validate_form
from downtime.entry.store import checks, entries
from downtime.entry.validation import InvalidAnswersError, Problem, field_label, validate_answers
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import serials
from downtime.paper.forms.model import FormDefinition, Item
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

_EVENT = ("event.date", "event.time")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class DisputedField:
    """One field that two people keyed differently."""

    key: str
    item: Item
    label: str
    first: str
    second: str


def open_second_keying(vault: Vault, settings: Settings, serial: str, actor: Actor) -> KeyedForm:
    """The form to be keyed again, reduced to its critical fields.

    Its `answers` are what this second person keyed so far, and none of the first's.

    ForbiddenError for who keyed it first; ConflictError unless it waits for a second keying.
    """
    form = open_form.open_form(vault, serial, settings)
    entry = _check_waits_for(form.entry, form.issued.serial, KEY_AGAIN)
    verify_entry.check_is_other_person(entry, actor)
    begun = checks.fetch_second(vault.db, entry.serial)
    mine = begun.answers if begun and begun.person == actor.id else {}
    return replace(
        form, definition=critical_only(form.definition), entry=replace(entry, answers=mine)
    )


@lru_cache(maxsize=256)
def critical_only(form: FormDefinition) -> FormDefinition:
    """The definition with nothing to key but what is critical."""
    return replace(
        form,
        items=tuple(_keep_critical(item) for item in form.items),
        digest=f"{form.digest}:critical",
    )


def _keep_critical(item: Item) -> Item:
    if item.type == "group":
        return replace(item, items=tuple(_keep_critical(inside) for inside in item.items))
    return replace(item, keyed=item.keyed and item.critical)


def save_second_draft(
    vault: Vault,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    page: PageSave | None = None,
) -> None:
    """Keep what the second person typed, unchecked; what another had begun is replaced.

    Answers of a page that has kept newer ones are let go; ConflictError when the form was kept
    from elsewhere after the page was opened.
    """
    number = serials.parse_serial(serial)
    with (
        suppress(LateSaveError),
        vault.change(actor, AuditAction.ENTRY_SECOND_DRAFT, target=number) as db,
    ):
        _record_page_save(db, number, page)
        _get_waiting_entry(db, number, KEY_AGAIN, actor, vault.now())
        kept = {key: text for key, text in answers.items() if text}
        _save_second(db, number, kept, actor, vault.now(), "")


def submit_second_keying(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    page: PageSave | None = None,
) -> Entry:
    """Finish the second keying: equal fields are accepted, any other goes to a third person.

    InvalidAnswersError for fields that their definition does not allow; ForbiddenError for who
    keyed it first; ConflictError unless it waits for a second keying, or somebody else has it.
    """
    form = open_form.open_form(vault, serial, settings)
    number = form.issued.serial
    kept = _validate_critical(vault, settings, form, answers)
    if form.entry and page and _is_resubmission(vault.db, form.entry, kept, page, actor):
        return form.entry
    with vault.change(actor, AuditAction.ENTRY_SECOND, target=number) as db:
        _record_page_save(db, number, page)
        entry = _get_waiting_entry(db, number, KEY_AGAIN, actor, vault.now())
        _save_second(db, number, kept, actor, vault.now(), vault.now())
        if differing_keys(form, entry.answers, kept):
            LIFECYCLE.check(entry.state, ADJUDICATING)
            entry = replace(entry, state=ADJUDICATING, waits=ADJUDICATE, changed=vault.now())
        else:
            entry = _accept_critical(db, entry, actor, vault.now(), AGREED)
            fields = _count_compared(form, entry.answers, kept)
            verify_entry.record_check(db, entry, AGREED, fields, 0, vault.now())
        entries.save(db, entry)
        checks.delete_claim(db, number)
    return entry


def find_disputed_fields(
    vault: Vault, settings: Settings, serial: str, actor: Actor
) -> list[DisputedField]:
    """The fields that a third person decides, with both answers.

    ForbiddenError for who keyed either; ConflictError unless the form waits for a decision.
    """
    form = open_form.open_form(vault, serial, settings)
    entry = _check_waits_for(form.entry, form.issued.serial, ADJUDICATE)
    second = _get_second_for_third_person(vault.db, entry, actor)
    items = {key: item for item in form.keyed_items for key in item.answer_keys()}
    return [
        DisputedField(
            key,
            items[key],
            field_label(items[key], key),
            entry.answers.get(key, ""),
            second.answers.get(key, ""),
        )
        for key in differing_keys(form, entry.answers, second.answers)
    ]


def adjudicate_entry(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    actor: Actor,
    reason: str = "",
) -> Entry:
    """Decide what the paper says in each disputed field: the first's, the second's or another answer.

    A field that `answers` leaves out or empty is empty on the paper. InvalidAnswersError;
    ForbiddenError for who keyed either; ConflictError unless the form waits for a decision.
    """
    form = open_form.open_form(vault, serial, settings)
    number = form.issued.serial
    disputed = find_disputed_fields(vault, settings, number, actor)
    said = {dispute.key: answers.get(dispute.key, "") for dispute in disputed}
    final = validate_form(form, settings, {**form.answers, **said}, vault)
    if wrong := [problem for problem in final.problems if problem.key in said]:
        raise InvalidAnswersError(wrong)
    with vault.change(actor, AuditAction.ENTRY_ADJUDICATE, target=number, reason=reason) as db:
        entry = _get_waiting_entry(db, number, ADJUDICATE, actor, vault.now())
        second = _get_second_for_third_person(db, entry, actor)
        slips = [key for key in said if final.answers.get(key, "") != entry.answers.get(key, "")]
        fields = _count_compared(form, entry.answers, second.answers)
        if slips:
            entries.save_past(
                db, entry, vault.now(), actor.id, reason or "decided by a third person"
            )
        entry = replace(entry, answers=final.answers)
        entry = _accept_critical(db, entry, actor, vault.now(), ADJUDICATED)
        verify_entry.record_check(db, entry, AGREED, fields, len(slips), vault.now())
        entries.save(db, entry)
        checks.delete_claim(db, number)
    return entry


def differing_keys(
    form: KeyedForm, first: Mapping[str, str], second: Mapping[str, str]
) -> list[str]:
    """The critical fields whose two answers are not the same, in the order of the form."""
    return [
        key
        for key in form.critical_keys
        if not _is_same_answer(first.get(key, ""), second.get(key, ""))
    ]


def _is_same_answer(first: str, second: str) -> bool:
    """Whether two kept answers say the same: case and spacing do not count, nor `6.1` for `6.10`."""
    one, other = (_SPACE.sub(" ", text).strip().casefold() for text in (first, second))
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _validate_critical(
    vault: Vault, settings: Settings, form: KeyedForm, answers: Mapping[str, str]
) -> dict[str, str]:
    """The critical answers in their stored form; times are read beside the event first keyed."""
    keys = set(form.critical_keys)
    typed = {key: text for key, text in answers.items() if key in keys}
    beside = {key: form.answers[key] for key in _EVENT if key in form.answers}
    zone = ZoneInfo(settings.site.time_zone)
    found = validate_answers(form.definition, {**beside, **typed}, zone, vault.clock())
    problems: list[Problem] = [problem for problem in found.problems if problem.key in keys]
    if problems:
        raise InvalidAnswersError(problems)
    return {key: text for key, text in found.answers.items() if key in keys}


def _accept_critical(db: Database, entry: Entry, actor: Actor, now: str, basis: str) -> Entry:
    """The critical fields are certain: verified, or first compared when it is in the sample."""
    if not entry.sampled:
        return verify_entry.accept_entry(db, entry, actor, now, basis)
    LIFECYCLE.check(entry.state, SECOND)
    return replace(entry, state=SECOND, waits=COMPARE, changed=now)


def _count_compared(form: KeyedForm, first: Mapping[str, str], second: Mapping[str, str]) -> int:
    return sum(bool(first.get(key) or second.get(key)) for key in form.critical_keys)


def _save_second(
    db: Database, serial: str, answers: Mapping[str, str], actor: Actor, now: str, keyed: str
) -> SecondKeying:
    kept = SecondKeying(
        serial=serial, answers=answers, person=actor.id, name=actor.name, changed=now, keyed=keyed
    )
    checks.save_second(db, kept)
    return kept


def _record_page_save(db: Database, serial: str, page: PageSave | None) -> None:
    if page:
        entry = entries.fetch(db, serial)
        page_saves.record_save(
            db, serial, page, is_open=entry is not None and entry.waits == KEY_AGAIN
        )


def _is_resubmission(
    db: Database, entry: Entry, kept: Mapping[str, str], page: PageSave, actor: Actor
) -> bool:
    """Whether this page has finished this second keying before: the key was pressed twice."""
    done = checks.fetch_second(db, entry.serial)
    if done is None or not done.keyed or done.person != actor.id or done.answers != kept:
        return False
    return page_saves.is_last_page(db, entry.serial, page)


def _get_waiting_entry(db: Database, serial: str, waits: str, actor: Actor, now: str) -> Entry:
    """The entry inside the transaction that changes it, if it waits for this and is not theirs."""
    claims.check_not_claimed(db, serial, actor, now)
    entry = _check_waits_for(entries.fetch(db, serial), serial, waits)
    verify_entry.check_is_other_person(entry, actor)
    return entry


def _check_waits_for(entry: Entry | None, serial: str, waits: str) -> Entry:
    if entry is None or entry.waits != waits:
        words = {KEY_AGAIN: "be keyed a second time", ADJUDICATE: "be decided upon"}
        raise ConflictError(
            "entry.waits",
            f"Form {serials.format_serial(serial)} does not wait to {words[waits]}.",
            "Somebody may have done it meanwhile: take the next one.",
        )
    return entry


def _get_second_for_third_person(db: Database, entry: Entry, actor: Actor) -> SecondKeying:
    """The second keying, for a person who keyed neither."""
    verify_entry.check_is_other_person(entry, actor)
    second = checks.fetch_second(db, entry.serial)
    if second is None or second.person == actor.id:
        raise ForbiddenError(
            "entry.own",
            "You keyed this form, so a third person has to decide.",
            "Ask a colleague who keyed neither.",
        )
    return second
