"""One field over many forms: whoever keys sees its pictures one below the other, and whose they are not at all.

What is keyed goes into each form's own draft, by the rules of keying it whole: nobody keys a field first and
again, and a form that somebody has on the screen is left to them.
"""

import io
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from PIL import Image

from downtime.entry.claims import check_not_claimed, current_claims
from downtime.entry.double_keying import open_second_keying, save_second_draft
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.keying import save_draft
from downtime.entry.model import ReadingKind, Task
from downtime.entry.open_form import open_form
from downtime.entry.page_ink import kind_of
from downtime.entry.paper_kind import find_paper_kind
from downtime.entry.policies import can_key
from downtime.entry.read_scans import find_ink
from downtime.entry.scans import find_field_positions, find_scan, get_page_picture
from downtime.entry.store import entries, second_keyings
from downtime.entry.validation import AnswerProblem, read_latest, validate_answers
from downtime.errors import ConflictError, InputError, NotFoundError, UserError
from downtime.paper import ledger
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.model import FormItem, KeyingPolicy
from downtime.paper.model import FormState
from downtime.paper.store import issued_forms
from downtime.scanning.page_reading import Mark, PicturePlace
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

MOST_SNIPPETS = 50
MOST_FORMS = 300
"""Forms that are looked through at once: the next ones follow when these are keyed."""
TASKS = (Task.KEY, Task.KEY_AGAIN)
_MARGIN = 0.006
"""Of the page's width: a hand does not keep to its box."""


class SnippetField(NamedTuple):
    """One field of one kind of form, and in how many places it waits."""

    form: str
    title: str
    link_id: str
    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """One place to be keyed: a field of a form, and where it is on a page's picture."""

    serial: str
    key: str
    item: FormItem
    page: int
    place: PicturePlace


def list_fields(vault: Vault, settings: Settings, task: Task, actor: Actor) -> list[SnippetField]:
    """What this person can key so, of the forms that wait next, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    labels: dict[tuple[str, str], str] = {}
    for form in _list_forms(vault, settings, task, actor):
        for snippet in _find_snippets(vault, form):
            name = form.issued.form, snippet.item.link_id
            counts[name] += 1
            labels[name] = snippet.item.text or snippet.item.link_id
    titles = ledger.form_titles(vault)
    return [
        SnippetField(name, titles.get(name, name), link_id, labels[name, link_id], n)
        for (name, link_id), n in counts.most_common()
    ]


def list_snippets(
    vault: Vault,
    settings: Settings,
    task: Task,
    form: str,
    link_id: str,
    actor: Actor,
    without: Container[tuple[str, str]] = (),
) -> list[Snippet]:
    """The next places of one field for this person, `MOST_SNIPPETS` at most; `without` were passed over."""
    waiting = (
        snippet
        for opened in _list_forms(vault, settings, task, actor, form)
        for snippet in _find_snippets(vault, opened)
        if snippet.item.link_id == link_id and (snippet.serial, snippet.key) not in without
    )
    return list(islice(waiting, MOST_SNIPPETS))


def cut_picture(vault: Vault, settings: Settings, serial: str, key: str) -> bytes:
    """The JPEG of one field alone; NotFoundError where no scan shows it for certain."""
    form = open_form(vault, serial, settings)
    places = _find_places(vault, form)
    if key not in places:
        raise NotFoundError("snippet.none", "There is no such picture.", "Key the form as a whole.")
    number, place = places[key]
    page = Image.open(io.BytesIO(get_page_picture(vault, form.issued.serial, number)))
    margin = _MARGIN * page.width
    x_low, top = place.x * page.width - margin, place.y * page.height - margin
    right = (place.x + place.width) * page.width + margin
    bottom = (place.y + place.height) * page.height + margin
    out = io.BytesIO()
    page.crop((max(0, round(x_low)), max(0, round(top)), round(right), round(bottom))).save(
        out, "JPEG", quality=85
    )
    return out.getvalue()


def key_snippets(
    vault: Vault,
    settings: Settings,
    task: Task,
    typed: Mapping[tuple[str, str], str],
    actor: Actor,
) -> dict[tuple[str, str], str]:
    """Keep what was typed, by serial and key, in the drafts of their forms; a sentence for each that is not.

    An answer that its field does not allow is not kept; what another has begun meanwhile is theirs.
    """
    faults: dict[tuple[str, str], str] = {}
    for (serial, key), text in typed.items():
        try:
            if problem := _keep(vault, settings, task, serial, {key: text}, actor):
                faults[serial, key] = problem.sentence
        except UserError as error:
            faults[serial, key] = error.sentence
    return faults


def _keep(
    vault: Vault,
    settings: Settings,
    task: Task,
    serial: str,
    answer: Mapping[str, str],
    actor: Actor,
) -> AnswerProblem | None:
    form = _open(vault, settings, task, serial, actor)
    (key,) = answer
    if key not in _find_places(vault, form):
        raise InputError("snippet.none", "This field is not keyed so.", "Key the form as a whole.")
    zone = ZoneInfo(settings.site.time_zone)
    judged = validate_answers(form.definition, answer, zone, read_latest(vault, settings))
    if problem := next((p for p in judged.problems if p.key == key), None):
        return problem
    check_not_claimed(vault.db, form.issued.serial, actor, vault.now())
    answers = {**form.answers, key: judged.answers[key]}
    if task == Task.KEY:
        save_draft(vault, form.issued.serial, answers, actor)
    else:
        save_second_draft(vault, form.issued.serial, answers, actor)
    return None


def _open(vault: Vault, settings: Settings, task: Task, serial: str, actor: Actor) -> KeyedForm:
    """As this person keys it: of a second keying that another has begun, nothing is left to them."""
    if task != Task.KEY_AGAIN:
        return open_form(vault, serial, settings)
    begun = second_keyings.fetch(vault.db, serial)
    if begun and begun.person != actor.id:
        raise ConflictError(
            "snippet.begun", "Somebody else has begun to key this form again.", "Take the next one."
        )
    return open_second_keying(vault, settings, serial, actor)


def _list_forms(
    vault: Vault, settings: Settings, task: Task, actor: Actor, name: str = ""
) -> Iterator[KeyedForm]:
    """Scanned forms that wait for this and that nobody else has, as this person keys them."""
    kind = find_paper_kind(vault)
    names = [name] if name else list(ledger.form_titles(vault))
    claimed = {c.serial for c in current_claims(vault).values() if not c.is_of(actor)}
    if task == Task.KEY:
        serials = issued_forms.fetch_serials(
            vault.db, FormState.RETURNED, names, drill=kind.is_drill, without=claimed,
            limit=MOST_FORMS,
        )  # fmt: skip
    else:
        waiting = entries.find_waiting(
            vault.db, task, names, kind, without=claimed, not_by=actor.id, limit=MOST_FORMS
        )
        serials = [entry.serial for entry in waiting]
    for serial in serials:
        if find_scan(vault, serial) is None:
            continue
        with suppress(UserError):  # it is somebody else's, or theirs to key first only
            form = _open(vault, settings, task, serial, actor)
            if task == Task.KEY_AGAIN or can_key(form.issued, form.entry):
                yield form


def _find_snippets(vault: Vault, form: KeyedForm) -> Iterator[Snippet]:
    """What of a form is still to be keyed so: numbers and ticks where there is ink."""
    places = _find_places(vault, form)
    mark_by_key = find_ink(vault, form.issued.serial).find_marks() if places else {}
    for item in form.keyed_items:
        for key in item.answer_keys():
            has_ink = mark_by_key.get(key, Mark.EMPTY) != Mark.EMPTY
            if key in places and key not in form.answers and has_ink:
                yield Snippet(form.issued.serial, key, item, *places[key])


def _find_places(vault: Vault, form: KeyedForm) -> dict[str, tuple[int, PicturePlace]]:
    """Page and place of each field that may be keyed so: on a page that lies as it was printed, and never of
    what says who the form is about.
    """
    ink = find_ink(vault, form.issued.serial)
    pages = {n for n, reading in ink.readings.items() if reading.fields and reading.gate is None}
    if not pages or form.definition.policy == KeyingPolicy.SCAN:
        return {}
    keys = {
        key for item in form.keyed_items if _is_keyed_so(item) for key in item.answer_keys()
    } - ink.printed.keys()
    return {
        key: (at.page, PicturePlace(at.x, at.y, at.width, at.height))
        for key, at in find_field_positions(vault, form.issued.serial).items()
        if key in keys and at.page in pages
    }


def _is_keyed_so(item: FormItem) -> bool:
    if item.link_id.startswith("patient.") or item.maps.startswith("Patient."):
        return False
    return kind_of(item) == ReadingKind.TICKS or FIELD_TYPES[item.type].is_number
