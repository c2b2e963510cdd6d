"""Key a form, keep a draft, submit it, have it verified, send it back: each step with its trace."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry import absent, claims, policies, quality, saves, store, store_checks, typed
from downtime.entry.facts import person
from downtime.entry.forms import KeyedForm, printed_for
from downtime.entry.model import (
    ADJUDICATING,
    AGREED,
    COMPARE,
    COMPARED,
    DRAFT,
    ENTERED,
    KEY_AGAIN,
    LIFECYCLE,
    UNSAMPLED,
    VERIFIED,
    Check,
    Entry,
)
from downtime.entry.saves import LateError, Page
from downtime.entry.validation import Checked, InvalidAnswersError, Problem, check
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.definitions.questionnaire import FormDefinition
from downtime.paper.issue import FILED, KEYED, RETURNED, Issued
from downtime.paper.issue import VERIFIED as FORM_VERIFIED
from downtime.paper.printed import printed
from downtime.settings import Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

TAKEN_OVER = "another person went on with the draft"


def open_form(vault: Vault, serial: str, settings: Settings | None = None) -> KeyedForm:
    """The form of a serial as typed or scanned; with settings, as the site's policy has it keyed.

    NotFoundError; InputError for a mistyped one, and for a paper of which nothing is keyed.
    """
    issued = _keyable(vault, serial)
    definition = printed(vault, issued)
    if settings is not None:
        definition = policies.applied(definition, settings)
    kept = saves.last(vault.db, issued.serial)  # first: what is kept from here on is a conflict
    return KeyedForm(issued, definition, store.fetch(vault.db, issued.serial), kept)


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
    issued = _keyable(vault, serial)
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
        return get(vault, issued.serial)
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
    form = open_form(vault, serial, settings)
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
            _count_corrected(db, form, entry, kept, vault.now())
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


def accepted(db: Database, entry: Entry, who: Actor, now: str, basis: str) -> Entry:
    """The entry as verified, inside the caller's transaction; the ledger's form goes along.

    What was not in the sample names nobody as its verifier: nobody compared it.
    """
    LIFECYCLE.check(entry.state, VERIFIED)
    ledger.move(db, entry.serial, FORM_VERIFIED, now, who, basis)
    by = Actor("", "", "") if basis == UNSAMPLED else who
    return replace(
        entry,
        state=VERIFIED,
        waits="",
        basis=basis,
        verifier=by.id,
        verifier_name=by.name,
        verified=now,
        changed=now,
    )


def review(
    form: KeyedForm, settings: Settings, answers: Mapping[str, str], vault: Vault
) -> Checked:
    """Answers in their stored form and every problem, the identity on the form included."""
    zone = ZoneInfo(settings.site.time_zone)
    checked = check(form.definition, answers, zone, vault.clock())
    strange = _identity_problems(form.issued, form.definition, checked.answers)
    return Checked(checked.answers, (*checked.problems, *strange))


def verify(vault: Vault, serial: str, who: Actor, why: str = "") -> Entry:
    """A second person compared the whole entry with the paper, and it says the same.

    ForbiddenError for the one who keyed it; ConflictError unless it is entered, or counts as
    verified without that anybody compared it.
    """
    number = serials.parse(serial)
    with vault.change(who, "entry.verify", target=number, why=why) as db:
        entry = get(vault, number)
        check_other(entry, who)
        claims.check(db, number, who, vault.now())
        if entry.state == ADJUDICATING:
            raise ConflictError(
                "entry.disputed",
                "Two people keyed this form differently.",
                "A third person decides between them first.",
            )
        if entry.state == VERIFIED and entry.basis in (UNSAMPLED, AGREED):
            entry = replace(entry, verifier=who.id, verifier_name=who.name, basis=COMPARED)
        else:
            entry = accepted(db, entry, who, vault.now(), COMPARED)
        store.save(db, entry)
        store_checks.drop_claim(db, number)
        if not entry.corrections:  # what it had wrong was counted when it was corrected
            add_check(db, entry, COMPARED, _compared(vault, db, entry), 0, vault.now())
    return entry


def check_other(entry: Entry, who: Actor) -> None:
    """ForbiddenError for the one who keyed it."""
    if who.id == entry.transcriber:
        raise ForbiddenError(
            "entry.own",
            "You keyed this form, so somebody else has to verify it.",
            "Ask a colleague to compare it with the paper.",
        )


def add_check(db: Database, entry: Entry, basis: str, fields: int, errors: int, at: str) -> None:
    """Note what a check found, once for each way: of what was keyed anew the first keying counts.

    `fields` are those a second person looked at, filled in either version; none says nothing.
    """
    if fields and not store_checks.is_checked(db, entry.serial, basis):
        found = Check(
            serial=entry.serial,
            outage=entry.outage,
            form=entry.form,
            at=at,
            basis=basis,
            fields=fields,
            errors=errors,
        )
        store_checks.add_check(db, found)


def send_back(vault: Vault, serial: str, who: Actor, why: str) -> Entry:
    """Make an entry a draft again because it is wrong; what it said is kept. `why` is required.

    ConflictError when the paper is already filed away.
    """
    if not why.strip():
        raise InputError("entry.reason", "A reason is needed.", "Say in a few words what is wrong.")
    number = serials.parse(serial)
    with vault.change(who, "entry.send-back", target=number, why=why) as db:
        entry = get(vault, number)
        LIFECYCLE.check(entry.state, DRAFT)
        ledger.move(db, number, RETURNED, vault.now(), who, why)
        now = vault.now()
        store.keep_past(db, entry, now, who.id, why.strip())
        _put_second_away(db, entry, now, who, why.strip())
        entry = replace(
            entry,
            state=DRAFT,
            waits="",
            basis="",
            verifier="",
            verifier_name="",
            verified="",
            changed=now,
            corrections=entry.corrections + 1,
        )
        store.save(db, entry)
    return entry


def file_away(
    vault: Vault, serial: str, who: Actor, why: str = "", settings: Settings | None = None
) -> None:
    """The paper goes to its file: once verified, or unkeyed where the form's policy is `scan`."""
    form = open_form(vault, serial, settings)
    with vault.change(who, "entry.file", target=form.issued.serial, why=why) as db:
        entry = store.fetch(db, form.issued.serial)
        keyed = entry is not None and entry.state == VERIFIED
        if not keyed and form.definition.policy != "scan":
            raise ConflictError(
                "entry.unverified",
                "This form is keyed by policy, and its entry is not verified yet.",
                "Key it and have it verified, then file the paper.",
            )
        ledger.move(db, form.issued.serial, FILED, vault.now(), who, why)


def get(vault: Vault, serial: str) -> Entry:
    """The entry of a form; NotFoundError while nobody has keyed it."""
    entry = store.fetch(vault.db, serials.parse(serial))
    if entry is None:
        raise NotFoundError(
            "entry.none", "Nobody has keyed this form yet.", "Key it from the paper first."
        )
    return entry


def _keyable(vault: Vault, serial: str) -> Issued:
    issued = ledger.issued(vault, serial)
    if not issued.returns:
        raise InputError(
            "entry.nothing",
            f"Nothing is keyed from '{issued.title}': it need not come back.",
            "Put it back where it is used, and scan the next form.",
        )
    return issued


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


def _put_second_away(db: Database, entry: Entry, now: str, who: Actor, why: str) -> None:
    """What was keyed a second time goes to the past too: the form is keyed twice anew."""
    if keyed := store_checks.second(db, entry.serial):
        as_entry = replace(entry, state=KEY_AGAIN, answers=keyed.answers, transcriber=keyed.person)
        store.keep_past(db, as_entry, now, who.id, why)
        store_checks.drop_second(db, entry.serial)


def _count_corrected(
    db: Database, form: KeyedForm, entry: Entry, kept: Mapping[str, str], now: str
) -> None:
    """Count what a sent-back entry had wrong: the fields that its correction changed.

    Critical ones count among the critical, unless they had been keyed twice and counted before.
    """
    wrong = [row for row in store.past(db, entry.serial) if row["state"] not in (DRAFT, KEY_AGAIN)]
    before = wrong[-1]["answers"]
    filled = {key for said in (before, kept) for key, text in said.items() if text}
    critical = filled & set(form.critical_keys)
    for basis, keys in ((COMPARED, filled - critical), (AGREED, critical)):
        changed = [key for key in keys if before.get(key, "") != kept.get(key, "")]
        add_check(db, entry, basis, len(keys), len(changed), now)


def _compared(vault: Vault, db: Database, entry: Entry) -> int:
    """The filled fields that somebody compares, without those that another person keyed blind."""
    filled = {key for key, text in entry.answers.items() if text}
    if store_checks.is_checked(db, entry.serial, AGREED):
        filled -= set(open_form(vault, entry.serial).critical_keys)
    return len(filled)


def _identity_problems(
    issued: Issued, form: FormDefinition, answers: Mapping[str, str]
) -> list[Problem]:
    """A number or date of birth on paper that is not the one the form was printed with."""
    printed = printed_for(issued)
    written = person(form, answers, type(printed)())
    words = {
        "nhs_number": ("patient.nhs", "NHS number"),
        "mrn": ("patient.mrn", "hospital number"),
        "birth_date": ("patient.born", "date of birth"),
        "downtime_number": ("patient.downtime-number", "downtime number"),
    }
    return [
        Problem(
            key,
            f"The {name} differs from the one this form was printed with: "
            "the paper may be about somebody else.",
        )
        for field, (key, name) in words.items()
        if getattr(printed, field)
        and getattr(written, field)
        and _folded(getattr(printed, field)) != _folded(getattr(written, field))
    ]


def _folded(number: str) -> str:
    return number.replace(" ", "").replace("-", "").upper()
