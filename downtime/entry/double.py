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

from downtime.entry import claims, opening, saves, store, store_checks, verification
from downtime.entry.forms import KeyedForm
from downtime.entry.model import (
    ADJUDICATE,
    ADJUDICATED,
    ADJUDICATING,
    AGREED,
    COMPARE,
    KEY_AGAIN,
    LIFECYCLE,
    SECOND,
    Entry,
    Second,
)
from downtime.entry.review import review
from downtime.entry.saves import LateError, Page
from downtime.entry.validation import InvalidAnswersError, Problem, check, label
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import serials
from downtime.paper.forms.questionnaire import FormDefinition, Item
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

_EVENT = ("event.date", "event.time")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Dispute:
    """One field that two people keyed differently."""

    key: str
    item: Item
    label: str
    first: str
    second: str


def open_second(vault: Vault, settings: Settings, serial: str, who: Actor) -> KeyedForm:
    """The form to be keyed again, reduced to its critical fields.

    Its `answers` are what this second person keyed so far, and none of the first's.

    ForbiddenError for who keyed it first; ConflictError unless it waits for a second keying.
    """
    form = opening.open_form(vault, serial, settings)
    entry = _waiting(form.entry, form.issued.serial, KEY_AGAIN)
    verification.check_other(entry, who)
    begun = store_checks.second(vault.db, entry.serial)
    mine = begun.answers if begun and begun.person == who.id else {}
    return replace(
        form, definition=critical_only(form.definition), entry=replace(entry, answers=mine)
    )


@lru_cache(maxsize=256)
def critical_only(form: FormDefinition) -> FormDefinition:
    """The definition with nothing to key but what is critical."""
    return replace(
        form,
        items=tuple(_critical(item) for item in form.items),
        digest=f"{form.digest}:critical",
    )


def _critical(item: Item) -> Item:
    if item.type == "group":
        return replace(item, items=tuple(_critical(inside) for inside in item.items))
    return replace(item, keyed=item.keyed and item.critical)


def save_second(
    vault: Vault,
    serial: str,
    answers: Mapping[str, str],
    who: Actor,
    page: Page | None = None,
) -> None:
    """Keep what the second person typed, unchecked; what another had begun is replaced.

    Answers of a page that has kept newer ones are let go; ConflictError when the form was kept
    from elsewhere after the page was opened.
    """
    number = serials.parse(serial)
    with suppress(LateError), vault.change(who, "entry.second-draft", target=number) as db:
        _note(db, number, page)
        _open_for(db, number, KEY_AGAIN, who, vault.now())
        kept = {key: text for key, text in answers.items() if text}
        _keep(db, number, kept, who, vault.now(), "")


def submit_second(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    who: Actor,
    page: Page | None = None,
) -> Entry:
    """Finish the second keying: equal fields are accepted, any other goes to a third person.

    InvalidAnswersError for fields that their definition does not allow; ForbiddenError for who
    keyed it first; ConflictError unless it waits for a second keying, or somebody else has it.
    """
    form = opening.open_form(vault, serial, settings)
    number = form.issued.serial
    kept = _checked(vault, settings, form, answers)
    if form.entry and page and _is_repeated(vault.db, form.entry, kept, page, who):
        return form.entry
    with vault.change(who, "entry.second", target=number) as db:
        _note(db, number, page)
        entry = _open_for(db, number, KEY_AGAIN, who, vault.now())
        _keep(db, number, kept, who, vault.now(), vault.now())
        if differing(form, entry.answers, kept):
            LIFECYCLE.check(entry.state, ADJUDICATING)
            entry = replace(entry, state=ADJUDICATING, waits=ADJUDICATE, changed=vault.now())
        else:
            entry = _settled(db, entry, who, vault.now(), AGREED)
            fields = _looked_at(form, entry.answers, kept)
            verification.add_check(db, entry, AGREED, fields, 0, vault.now())
        store.save(db, entry)
        store_checks.drop_claim(db, number)
    return entry


def disputes(vault: Vault, settings: Settings, serial: str, who: Actor) -> list[Dispute]:
    """The fields that a third person decides, with both answers.

    ForbiddenError for who keyed either; ConflictError unless the form waits for a decision.
    """
    form = opening.open_form(vault, serial, settings)
    entry = _waiting(form.entry, form.issued.serial, ADJUDICATE)
    second = _third(vault.db, entry, who)
    items = {key: item for item in form.keyed_items for key in item.answer_keys()}
    return [
        Dispute(
            key,
            items[key],
            label(items[key], key),
            entry.answers.get(key, ""),
            second.answers.get(key, ""),
        )
        for key in differing(form, entry.answers, second.answers)
    ]


def adjudicate(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    who: Actor,
    why: str = "",
) -> Entry:
    """Decide what the paper says in each disputed field: the first's, the second's or another answer.

    A field that `answers` leaves out or empty is empty on the paper. InvalidAnswersError;
    ForbiddenError for who keyed either; ConflictError unless the form waits for a decision.
    """
    form = opening.open_form(vault, serial, settings)
    number = form.issued.serial
    disputed = disputes(vault, settings, number, who)
    said = {dispute.key: answers.get(dispute.key, "") for dispute in disputed}
    final = review(form, settings, {**form.answers, **said}, vault)
    if wrong := [problem for problem in final.problems if problem.key in said]:
        raise InvalidAnswersError(wrong)
    with vault.change(who, "entry.adjudicate", target=number, why=why) as db:
        entry = _open_for(db, number, ADJUDICATE, who, vault.now())
        second = _third(db, entry, who)
        slips = [key for key in said if final.answers.get(key, "") != entry.answers.get(key, "")]
        fields = _looked_at(form, entry.answers, second.answers)
        if slips:
            store.keep_past(db, entry, vault.now(), who.id, why or "decided by a third person")
        entry = replace(entry, answers=final.answers)
        entry = _settled(db, entry, who, vault.now(), ADJUDICATED)
        verification.add_check(db, entry, AGREED, fields, len(slips), vault.now())
        store.save(db, entry)
        store_checks.drop_claim(db, number)
    return entry


def differing(form: KeyedForm, first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """The critical fields whose two answers are not the same, in the order of the form."""
    return [key for key in form.critical_keys if not _same(first.get(key, ""), second.get(key, ""))]


def _same(first: str, second: str) -> bool:
    """Whether two kept answers say the same: case and spacing do not count, nor `6.1` for `6.10`."""
    one, other = (_SPACE.sub(" ", text).strip().casefold() for text in (first, second))
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _checked(
    vault: Vault, settings: Settings, form: KeyedForm, answers: Mapping[str, str]
) -> dict[str, str]:
    """The critical answers in their stored form; times are read beside the event first keyed."""
    keys = set(form.critical_keys)
    typed = {key: text for key, text in answers.items() if key in keys}
    beside = {key: form.answers[key] for key in _EVENT if key in form.answers}
    zone = ZoneInfo(settings.site.time_zone)
    found = check(form.definition, {**beside, **typed}, zone, vault.clock())
    problems: list[Problem] = [problem for problem in found.problems if problem.key in keys]
    if problems:
        raise InvalidAnswersError(problems)
    return {key: text for key, text in found.answers.items() if key in keys}


def _settled(db: Database, entry: Entry, who: Actor, now: str, basis: str) -> Entry:
    """The critical fields are certain: verified, or first compared when it is in the sample."""
    if not entry.sampled:
        return verification.accepted(db, entry, who, now, basis)
    LIFECYCLE.check(entry.state, SECOND)
    return replace(entry, state=SECOND, waits=COMPARE, changed=now)


def _looked_at(form: KeyedForm, first: Mapping[str, str], second: Mapping[str, str]) -> int:
    return sum(bool(first.get(key) or second.get(key)) for key in form.critical_keys)


def _keep(
    db: Database, serial: str, answers: Mapping[str, str], who: Actor, now: str, keyed: str
) -> Second:
    kept = Second(
        serial=serial, answers=answers, person=who.id, name=who.name, changed=now, keyed=keyed
    )
    store_checks.save_second(db, kept)
    return kept


def _note(db: Database, serial: str, page: Page | None) -> None:
    if page:
        entry = store.fetch(db, serial)
        saves.note(db, serial, page, is_open=entry is not None and entry.waits == KEY_AGAIN)


def _is_repeated(
    db: Database, entry: Entry, kept: Mapping[str, str], page: Page, who: Actor
) -> bool:
    """Whether this page has finished this second keying before: the key was pressed twice."""
    done = store_checks.second(db, entry.serial)
    if done is None or not done.keyed or done.person != who.id or done.answers != kept:
        return False
    return saves.is_from(db, entry.serial, page)


def _open_for(db: Database, serial: str, waits: str, who: Actor, now: str) -> Entry:
    """The entry inside the transaction that changes it, if it waits for this and is not theirs."""
    claims.check(db, serial, who, now)
    entry = _waiting(store.fetch(db, serial), serial, waits)
    verification.check_other(entry, who)
    return entry


def _waiting(entry: Entry | None, serial: str, waits: str) -> Entry:
    if entry is None or entry.waits != waits:
        words = {KEY_AGAIN: "be keyed a second time", ADJUDICATE: "be decided upon"}
        raise ConflictError(
            "entry.waits",
            f"Form {serials.shown(serial)} does not wait to {words[waits]}.",
            "Somebody may have done it meanwhile: take the next one.",
        )
    return entry


def _third(db: Database, entry: Entry, who: Actor) -> Second:
    """The second keying, for a person who keyed neither."""
    verification.check_other(entry, who)
    second = store_checks.second(db, entry.serial)
    if second is None or second.person == who.id:
        raise ForbiddenError(
            "entry.own",
            "You keyed this form, so a third person has to decide.",
            "Ask a colleague who keyed neither.",
        )
    return second
