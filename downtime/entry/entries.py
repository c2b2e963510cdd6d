"""Key a form, keep a draft, submit it, have it verified, send it back: each step with its trace."""

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from downtime.config import Settings
from downtime.entry import store, typed
from downtime.entry.facts import person
from downtime.entry.forms import KeyedForm, printed_for
from downtime.entry.model import DRAFT, ENTERED, LIFECYCLE, VERIFIED, Entry
from downtime.entry.validation import Checked, InvalidAnswersError, Problem, check
from downtime.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.definitions.questionnaire import FormDefinition
from downtime.paper.issue import FILED, KEYED, RETURNED, Issued
from downtime.paper.issue import VERIFIED as FORM_VERIFIED
from downtime.paper.printed import printed
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault


def open_form(vault: Vault, serial: str) -> KeyedForm:
    """The form of a serial as typed or scanned.

    NotFoundError; InputError for a mistyped one, and for a paper of which nothing is keyed.
    """
    issued = ledger.issued(vault, serial)
    if not issued.returns:
        raise InputError(
            "entry.nothing",
            f"Nothing is keyed from '{issued.title}': it need not come back.",
            "Put it back where it is used, and scan the next form.",
        )
    return KeyedForm(issued, printed(vault, issued), store.fetch(vault.db, issued.serial))


def save_draft(vault: Vault, serial: str, answers: Mapping[str, str], who: Actor) -> Entry:
    """Keep answers as typed, unchecked; ConflictError once the form is entered."""
    form = open_form(vault, serial)
    with vault.change(who, "entry.draft", target=form.issued.serial) as db:
        entry = _draft(form, store.fetch(db, form.issued.serial))
        entry = replace(
            entry,
            answers={key: text for key, text in answers.items() if text},
            transcriber=who.id,
            transcriber_name=who.name,
            changed=vault.now(),
        )
        store.save(db, entry)
    return entry


def submit(
    vault: Vault,
    settings: Settings,
    serial: str,
    answers: Mapping[str, str],
    who: Actor,
    *,
    origin: str = "keyed",
) -> Entry:
    """Enter a form: every field must pass its definition, and the ledger marks it keyed.

    InvalidAnswersError holds one sentence for each field at fault; ConflictError when the form is
    already entered, void or declared lost.
    """
    form = open_form(vault, serial)
    checked = review(form, settings, answers, vault)
    if checked.problems:
        raise InvalidAnswersError(list(checked.problems))
    kept = checked.answers
    zone = ZoneInfo(settings.site.time_zone)
    with vault.change(who, "entry.submit", target=form.issued.serial, why=origin) as db:
        entry = _draft(form, store.fetch(db, form.issued.serial))
        LIFECYCLE.check(entry.state, ENTERED)
        ledger.move(db, entry.serial, KEYED, vault.now(), who)
        entry = replace(
            entry,
            state=ENTERED,
            answers=kept,
            event=typed.instant(kept["event.date"], kept["event.time"], zone),
            author=kept["author.name"],
            author_role=kept["author.role"],
            origin=origin,
            transcriber=who.id,
            transcriber_name=who.name,
            entered=vault.now(),
            changed=vault.now(),
        )
        store.save(db, entry)
    return entry


def review(
    form: KeyedForm, settings: Settings, answers: Mapping[str, str], vault: Vault
) -> Checked:
    """Answers in their stored form and every problem, the identity on the form included."""
    zone = ZoneInfo(settings.site.time_zone)
    checked = check(form.definition, answers, zone, vault.clock())
    strange = _identity_problems(form.issued, form.definition, checked.answers)
    return Checked(checked.answers, (*checked.problems, *strange))


def verify(vault: Vault, serial: str, who: Actor, why: str = "") -> Entry:
    """A second person agrees that the entry says what the paper says.

    ForbiddenError for the one who keyed it; ConflictError unless it is entered.
    """
    number = serials.parse(serial)
    with vault.change(who, "entry.verify", target=number, why=why) as db:
        entry = get(vault, number)
        LIFECYCLE.check(entry.state, VERIFIED)
        if who.id == entry.transcriber:
            raise ForbiddenError(
                "entry.own",
                "You keyed this form, so somebody else has to verify it.",
                "Ask a colleague to compare it with the paper.",
            )
        ledger.move(db, number, FORM_VERIFIED, vault.now(), who, why)
        now = vault.now()
        entry = replace(
            entry,
            state=VERIFIED,
            verifier=who.id,
            verifier_name=who.name,
            verified=now,
            changed=now,
        )
        store.save(db, entry)
    return entry


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
        entry = replace(
            entry,
            state=DRAFT,
            verifier="",
            verifier_name="",
            verified="",
            changed=now,
            corrections=entry.corrections + 1,
        )
        store.save(db, entry)
    return entry


def file_away(vault: Vault, serial: str, who: Actor, why: str = "") -> None:
    """The paper goes to its file: once verified, or unkeyed where the form's policy is `scan`."""
    form = open_form(vault, serial)
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


def _draft(form: KeyedForm, present: Entry | None) -> Entry:
    if present is None:
        return Entry(
            serial=form.issued.serial,
            form=form.issued.form,
            version=form.issued.version,
            state=DRAFT,
            outage=form.issued.outage,
            answers={},
        )
    if present.state != DRAFT:
        raise ConflictError(
            "entry.entered",
            f"Form {serials.shown(present.serial)} is already entered.",
            "If it is wrong, send it back with a reason; then it can be keyed again.",
        )
    return present


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
