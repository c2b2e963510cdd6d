"""Every field of every form: paper, keyed, decided, sent, read back by a program that is not ours.

`tests/spec/returns/field_places.py` says where each one goes (docs/round-trip.md); here it is looked
for there, in HL7 v2, FHIR and on the worklist, and has to be what the paper says.
"""

import io
import re
from dataclasses import replace

import pytest

from downtime.clinical.model import Encounter
from downtime.clinical.record_types import DOCUMENT
from downtime.entry import keyed_form
from downtime.entry.fact_reader import find_facts
from downtime.entry.store import entries as entry_store
from downtime.errors import InputError
from downtime.paper import ledger
from downtime.paper.forms.load_form import load_form, load_forms
from downtime.paper.forms.model import FieldType, KeyingPolicy
from downtime.paper.model import Subject
from downtime.reconcile.model import (
    AuditAction,
    Decision,
    DecisionRecord,
    Item,
    ItemState,
    StoredItem,
)
from downtime.reconcile.store import items as items_store
from downtime.returns import queue_messages
from downtime.returns.channels import CHANNELS
from downtime.returns.message_drafts import MessageContext
from downtime.returns.model import Channel
from downtime.returns.profiles import read_target
from downtime.returns.rekey import line_table, rekey_lines
from downtime.returns.rekey.workbook import to_xlsx
from downtime.settings import ReturnsSettings
from tests.integration.keying_steps import see_through, submit_confirmed
from tests.integration.recovery.conftest import ANN, HOSPITAL, SIGNED
from tests.spec.returns.field_places import (
    ANSWERS,
    FILED,
    IN_SIGN_OFF,
    ON_PAPER,
    find_places,
    list_fields,
)

from . import read_back
from .exact_places import find_misread_values, find_torn_rows, find_unlabelled, word
from .read_back import LONDON

COMES_BACK = sorted(name for name, form in load_forms().items() if form.returns)
KEYED = [name for name in COMES_BACK if load_form(name).policy != KeyingPolicy.SCAN]
OF_ANN = {
    "nhs_number": "9990000018", "mrn": "H100", "birth_date": "1960-01-02", "name": "HILL, Ann",
    "number": "H100",
}  # fmt: skip
BLANK = Subject(downtime_number="DK700001X")
STAY = replace(
    next(one for one in HOSPITAL if isinstance(one, Encounter)), visit_number="V77", ward="C9",
    bay="2", bed="11",
)  # fmt: skip
WORKLIST_ONLY = {"moved", "died"}
"""Options of which no message speaks: people key what they mean."""
CODES = {
    "female": "F", "male": "M", "other": "O", "unknown": "U",
    "inpatient": "I", "emergency": "E", "daycase": "D",
    "routine": "R", "urgent": "A", "stat": "S",
    "mild": "MI", "moderate": "MO", "severe": "SV", "none": "716186003",
    "transfused": "CP", "returned": "NA", "discarded": "NA",
    "ward": "A02", "unit": "A02", "hospital": "A03",
    "advised": "01", "self": "07", "transferred": "02",
    "arrived": "Started", "fulfilled": "Complete", "noshow": "Noshow", "cancelled": "Cancelled",
    "booked": "Booked",
}  # fmt: skip
"""What HL7 calls the codes of options (tables 0001, 0004, 0485, 0128, 0322, 0003, 0112, 0278)."""
MOVES = {"ward": "Transfer", "unit": "Transfer", "hospital": "Discharge"}
"""What a worklist calls them."""
FHIR_CODES = {
    "inpatient": "IMP", "emergency": "EMER", "daycase": "SS", "transfused": "completed",
    "returned": "not-done", "discarded": "not-done", "none": "716186003",
}  # fmt: skip


def paper(form, which: int) -> dict[str, str]:
    """An answer of its own for every field, in two rows of every table; `which` option of a choice."""
    answers, number = dict(SIGNED), 0
    for item in list_fields(form):
        for key in item.answer_keys()[:2]:
            number += 1
            if item.keyed and key not in answers:
                answers[key] = answer_of(item, number, which)
    return answers | {key: text for key, text in SUMS.items() if key in answers}


def answer_of(item, number: int, which: int) -> str:
    name = item.maps.removeprefix("Patient.")
    if item.maps.startswith("Patient.") and name in OF_ANN:
        return OF_ANN[name]
    if item.options:
        codes = [option.code for option in item.options if option.code not in WORKLIST_ONLY]
        return codes[which]
    if item.maps in ("ward", "prior_ward"):
        return "A1"
    match item.type:
        case FieldType.BOOLEAN:
            return "true"
        case FieldType.INTEGER | FieldType.DECIMAL | FieldType.QUANTITY:
            return number_of(item, number)
        case FieldType.DATE:
            return "2026-11-02"
        case FieldType.TIME:
            return f"13:{number % 60:02}"
        case FieldType.DATE_TIME:
            is_coming = "rebook" in item.maps or item.link_id in ("wanted", "limit")
            return f"2026-11-{'09' if is_coming else '02'}T13:{number % 60:02}"
    return f"Words {number}" if item.max_length == 0 or item.max_length > 9 else f"w{number}"


SUMS = {"total-in": "1500", "total-urine": "900", "total-out": "1000", "total-balance": "500"}
"""Answers of the fluid balance, whose last is what the others make."""
USUAL = {"systolic": 130, "diastolic": 70, "temperature": 37, "pulse": 80, "respirations": 16}


def number_of(item, number: int) -> str:
    low = int(item.min or 0)
    high = int(item.max) if item.max is not None else low + 1000
    start = USUAL.get(item.link_id, low + (high - low) // 3)
    value = start + number % max(1, min(9, high - start))
    return (
        f"{value}.{number % 9 + 1}"
        if item.type == FieldType.DECIMAL and value < high
        else str(value)
    )


class Trip:
    """One form that was keyed and decided, and what of it went out by each channel."""

    def __init__(self, vault, settings, form, answers, rows, actor) -> None:
        self.vault, self.form, self.answers = vault, form, answers
        systems = {row.item.fact.system or "EPR" for row in rows}
        table = {"documents": True, "channel": "file"}
        fhir = {"channel": "fhir", "documents": True, "fhir": {"url": "http://127.0.0.1:1/fhir"}}
        self.settings = {
            Channel.FILE: replace(
                settings, returns=ReturnsSettings(targets=dict.fromkeys(systems, table))
            ),
            Channel.FHIR: replace(
                settings, returns=ReturnsSettings(targets=dict.fromkeys(systems, fhir))
            ),
        }
        self.unsaid = 0
        self.messages = self._write(Channel.FILE, rows)
        self.bundles = self._write(Channel.FHIR, rows)
        queue_messages.queue_items(vault, settings, actor, channel=Channel.WORKLIST)
        lines = rekey_lines.list_lines(vault, rows[0].outage)
        workbook = to_xlsx(line_table.build_table(lines, LONDON))
        self.lines = read_back.read_worklist(io.BytesIO(workbook))

    def _write(self, channel, rows) -> list[bytes]:
        contents = []
        definition = CHANNELS[channel]
        for system in sorted({row.item.fact.system or "EPR" for row in rows}):
            target = read_target(self.settings[channel], system)
            context = MessageContext(self.vault, self.settings[channel], target)
            mine = [
                row
                for row in rows
                if (row.item.fact.system or "EPR") == system and definition.can_write(row.item.fact)
            ]
            for n, draft in enumerate(definition.draft_items(context, mine)):
                try:
                    contents.append(draft.write(f"DT{n}"))
                except InputError as error:
                    if error.code != "fhir.unsaid":
                        raise
                    self.unsaid += len(draft.items)
        return contents

    def time_beside(self, item, key: str) -> str:
        """The time of a value as paper has it: of its row, else of its form."""
        row = key.partition(":")[2]
        for other in list_fields(self.form):
            if other.maps in ("effective", "when") and other.group == item.group and row:
                return self.answers.get(f"{other.link_id}:{row}", "")
        for other in list_fields(self.form):
            if other.maps in ("effective", "when") and not other.repeated:
                return self.answers.get(other.link_id, "")
        return f"{self.answers['event.date']}T{self.answers['event.time']}"

    def hl7_says(self, places, item, answer, messages=()) -> bool:
        if places is FILED:
            texts = [t for m in self.messages for t in read_back.read_hl7(m, "OBX-5")]
            return any(says(text, item, answer, {}) for text in texts)
        return any(
            says(text, item, answer, CODES)
            for place in places.hl7
            for message in messages or self.messages
            for text in read_back.read_hl7(message, place)
        )

    def is_in(self, message: bytes, item, answer: str) -> bool:
        """Whether one message has an answer at its place, or as a note behind its own words."""
        if item.maps or any(option.fixed_fields for option in item.options):
            return self.hl7_says(find_places(self.form, item), item, answer, [message])
        return f"{item.text}: {word(item, answer)}" in read_back.read_notes(message)

    def fhir_says(self, places, item, answer) -> bool:
        if item.maps.startswith("rebook_") and self.answers.get("accepted") == "declined":
            return True  # a date that was declined is no booking: it stands among the answers
        is_discharge = any("/period/end" in read_back.read_patches(b) for b in self.bundles)
        is_registered = any(
            read_back.read_fhir(b, "Patient.identifier.value") for b in self.bundles
        )
        paths = [
            path
            for path in places.fhir
            if path != ANSWERS
            and (is_registered or not path.startswith("Patient."))
            and not (is_discharge and path == "PATCH /location/-")
        ]
        texts = [
            text
            for path in paths
            for bundle in self.bundles
            for text in (
                read_back.read_patches(bundle).get(path.removeprefix("PATCH "), ())
                if path.startswith("PATCH")
                else read_back.read_fhir(bundle, path)
            )
        ]
        return not paths or any(says(text, item, answer, FHIR_CODES) for text in texts)

    def worklist_says(self, places, item, answer) -> bool:
        texts = [
            part
            for line in self.lines
            for column in places.worklist
            for part in (line[column], *line[column].split("; "))
        ]
        return not places.worklist or any(says(text, item, answer, MOVES) for text in texts)


def says(text: str, item, answer: str, codes: dict[str, str]) -> bool:
    """Whether a text that was read says what paper says, by itself or behind its label."""
    if item.type == FieldType.DATE_TIME:
        return answer in read_back.local_times(text) or text.endswith(answer)
    words = {answer, codes.get(answer, answer)}
    if item.type == FieldType.BOOLEAN:
        words = {"yes", item.code or "yes", item.text}
    words |= {option.display for option in item.options if option.code == answer}
    words |= {
        text for option in item.options if option.code == answer for _, text in option.fixed_fields
    }
    if item.maps == "Patient.name":
        words |= {answer.partition(",")[0]}
    if item.type == FieldType.DATE:
        words |= {answer.replace("-", ""), "02-Jan-1960" if "1960" in answer else "02-Nov-2026"}
    if item.maps == "Patient.nhs_number":
        return "".join(sign for sign in text if sign.isdigit()) == answer
    if item.link_id in IN_SIGN_OFF:
        return answer in text
    return any(
        part in words or part.endswith(f" {word}") or value_of(part).startswith(f"{word} ")
        for part in (text, *text.split("; "), *text.split(", "), *re.findall(r'"([^"]*)"', text))
        for word in words
    )


def value_of(part: str) -> str:
    """What stands behind a label."""
    return part.rpartition(": ")[2]


@pytest.fixture
def trip(vault, settings, issue, outage, actor, checker, hold):
    """`trip(name, answers)`: a form is keyed, decided and written for every channel."""
    t0 = hold(7, (*(one for one in HOSPITAL if one.id != STAY.id), STAY))

    def take(name: str, answers: dict[str, str], subject: Subject | None = None) -> Trip:
        form = load_form(name)
        if subject is None:
            subject = BLANK if name == "admission" else ANN if form.identity else Subject()
        serial = issue(name, subject)
        submit_confirmed(vault, settings, serial, answers, actor)
        see_through(vault, settings, serial, checker)
        entry = entry_store.fetch_entry(vault.db, serial)
        base = keyed_form.make_base_fact(ledger.get_form(vault, serial), entry)
        facts = find_facts(form, entry.answers, base, LONDON)
        rows = [decided(fact, outage.id, t0, vault.now()) for fact in facts]
        returned = [row for row in rows if row.decided.decision == Decision.RETURN]
        with vault.change(actor, AuditAction.RECONCILE_DECIDE) as db:
            items_store.save_items(db, returned)
        documents = [row for row in rows if row.item.fact.type == DOCUMENT]
        return Trip(vault, settings, form, entry.answers, returned + documents, actor)

    return take


def decided(fact, outage: str, snapshot: str, at: str) -> StoredItem:
    """A fact as it is stored once somebody decided that it is returned."""
    is_known = bool(fact.person.mrn) and fact.form != "admission"
    is_sent_along = fact.type == "Patient" and fact.form == "admission"
    state = ItemState.NEW if is_known else ItemState.UNMATCHED
    if fact.type == DOCUMENT or is_sent_along:
        state = ItemState.NOT_COMPARED
    event = fact.fields.get("event", "admit")
    matched = (STAY.id,) if fact.type == "Encounter" and event != "admit" else ()
    item = Item(fact, state, (), "p-ann" if is_known else "", matched, fact.person)
    is_held = state == ItemState.NOT_COMPARED
    decision = Decision.OPEN if is_held else Decision.RETURN
    record = DecisionRecord(
        decision=decision, decided="" if is_held else at, decided_by_name="Ben", reason="not there"
    )
    return StoredItem(item, outage, items_store.fact_digest(fact), snapshot, at, record)


@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("name", KEYED)
def test_every_answer_is_read_back_where_the_table_says(name, which, trip):
    form = load_form(name)
    done = trip(name, paper(form, which))
    lost = []
    read = {k: v for bundle in done.bundles for k, v in read_back.read_answers(bundle).items()}
    for item in list_fields(form):
        places = find_places(form, item)
        for key in item.answer_keys():
            answer = done.answers.get(key)
            if places is ON_PAPER or not answer:
                continue
            if places.hl7 and not done.hl7_says(places, item, answer):
                lost.append((key, answer, "HL7", places.hl7))
            if not done.unsaid and not done.fhir_says(places, item, answer):
                lost.append((key, answer, "FHIR", places.fhir))
            if not done.worklist_says(places, item, answer):
                lost.append((key, answer, "worklist", places.worklist))
            if not done.unsaid and not is_answered(read.get(key, ""), item, answer):
                lost.append((key, answer, "FHIR answers", read.get(key)))
    lost += [*find_misread_values(done), *find_unlabelled(done), *find_torn_rows(done)]
    assert not lost, "\n".join(map(str, lost))


def is_answered(found: str, item, answer: str) -> bool:
    """Whether a QuestionnaireResponse has exactly the answer of the paper."""
    if item.type == FieldType.DATE_TIME:
        return answer in read_back.local_times(found)
    return found.removesuffix(":00") == answer if item.type == FieldType.TIME else found == answer
