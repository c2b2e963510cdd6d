"""What leaves says what the paper said: blood, oxygen, notes, the visit, and a NEWS2 that is the same."""

import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import hl7
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downtime.clinical.news2 import VitalSigns, score_news2
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import Fact, PaperPerson
from downtime.errors import InputError
from downtime.paper.forms.load_form import load_form
from downtime.returns.channels import CHANNELS
from downtime.returns.fhir import bundles
from downtime.returns.form_documents import FormAnswer
from downtime.returns.hl7.messages import make_segment_writer, write_answers, write_facts
from downtime.returns.matched_stays import Stay
from downtime.returns.model import Channel
from downtime.returns.profiles import read_target
from downtime.settings import Settings
from tests.unit.returns.fhir_cases import NAMES, SETTINGS, form, row

LONDON = ZoneInfo("Europe/London")
ANN = PaperPerson(id="p-ann", mrn="H100", family="Hill", given="Ann")
DECIDED = "2026-11-04T10:00:00Z"
VERSIONS = ("2.3", "2.4", "2.8")
SIGNED = {"author.name": "Sam Okoro", "author.role": "Staff nurse"}


def facts_of(name: str, answers: dict[str, str]) -> list[Fact]:
    base = Fact(
        key="K7000042X", type="", system="", form=name, serial="K7000042X", ward="PRINTED",
        person=ANN, event="2026-11-02T14:00:00Z", entered="2026-11-03T09:00:00Z",
        author="Sam Okoro", author_role="Staff nurse", transcriber="u-7",
    )  # fmt: skip
    return find_facts(load_form(name), answers, base, LONDON)


def sent(facts: list[Fact], version: str = "2.4", stays=None, **keys) -> hl7.Message:
    site = Settings()
    target = replace(read_target(site, facts[0].system), version=version, **keys)
    writer = replace(make_segment_writer(site, target), stays=stays or {})
    return hl7.parse(write_facts(tuple(facts), ANN, DECIDED, "DT1", writer).decode())


def resources(facts: list[Fact], stays=None) -> list[dict]:
    context = replace(bundles.make_context(SETTINGS, NAMES), stays=stays or {})
    content = bundles.write_form_bundle([row(fact) for fact in facts], form(), "DT1", context)
    return [entry["resource"] for entry in json.loads(content)["entry"]]


def of_type(facts: list[Fact], record: str) -> list[Fact]:
    return [fact for fact in facts if fact.type == record]


def text(message: hl7.Message, name: str, field: int, component: int = 1) -> str:
    """A component of the first segment of a name, its escapes resolved."""
    segment = message.segments(name)[0]
    if field >= len(segment):
        return ""
    first = segment[field][0]
    parts = [first] if isinstance(first, str) else list(first)
    return message.unescape(str(parts[component - 1])) if component <= len(parts) else ""


TRANSFUSED = SIGNED | {
    "reason": "bleeding, Hb 62", "component:1": "Red cells, O neg", "donation:1": "G101626042231",
    "checked:1": "Bo Night", "started:1": "2026-11-02T12:55", "ended:1": "2026-11-02T14:10",
    "volume:1": "280", "reaction:1": "none",
}  # fmt: skip


class TestBlood:
    """A transfused unit leaves with its number, from when to when, and what became of it (R5)."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_in_hl7(self, version):
        (unit,) = of_type(facts_of("transfusion-record", TRANSFUSED), "MedicationAdministration")
        message = sent([unit], version)
        assert text(message, "RXA", 15) == "G101626042231"
        assert text(message, "RXA", 3) == "20261102125500+0000"
        assert text(message, "RXA", 4) == "20261102141000+0000"
        assert text(message, "RXA", 20) == "CP"
        assert (text(message, "RXA", 6), text(message, "RXA", 7)) == ("280", "mL")
        assert text(message, "RXA", 10, 2) == "Bo Night"
        notes = {(text_of(o, 3, 2), text_of(o, 5)) for o in message.segments("OBX")}
        assert ("Reaction (none or say which)", "none") in notes

    def test_in_fhir(self):
        (unit,) = of_type(facts_of("transfusion-record", TRANSFUSED), "MedicationAdministration")
        made = next(r for r in resources([unit]) if r["resourceType"] == unit.type)
        assert made["contained"][0]["batch"] == {"lotNumber": "G101626042231"}
        assert made["medicationReference"] == {"reference": "#medication"}
        assert made["effectivePeriod"] == {
            "start": "2026-11-02T12:55:00+00:00", "end": "2026-11-02T14:10:00+00:00",
        }  # fmt: skip
        assert made["status"] == "completed"
        assert made["dosage"]["dose"] == {
            "value": 280, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("fate", "completed", "why", "status"),
        [
            ("transfused", "CP", "", "completed"),
            ("returned", "NA", "returned", "not-done"),
            ("discarded", "NA", "discarded", "not-done"),
        ],
    )
    def test_its_fate(self, fate, completed, why, status):
        slip = {"donation:1": "G1", "fate:1": fate, "fate-at:1": "2026-11-02T13:00", "by:1": "Bo"}
        (unit,) = of_type(facts_of("blood-unit-fate", SIGNED | slip), "MedicationAdministration")
        message = sent([unit])
        assert (text(message, "RXA", 20), text(message, "RXA", 18, 2)) == (completed, why)
        made = next(r for r in resources([unit]) if r["resourceType"] == unit.type)
        assert made["status"] == status
        reason = made["statusReason" if why else "reasonCode"]
        assert reason == [{"text": fate}]

    @pytest.mark.parametrize(
        ("name", "answers"),
        [
            ("blood-unit-fate", {"donation:1": "G1", "fate:1": "moved", "by:1": "Bo"}),
            ("emergency-blood-log", {"donation:1": "G1", "patient:1": "H100", "group:1": "O-neg"}),
        ],
    )
    def test_nobody_is_told_that_a_unit_was_given_while_its_fate_is_open(self, name, answers):
        (unit,) = of_type(facts_of(name, SIGNED | answers), "MedicationAdministration")
        assert not CHANNELS[Channel.MLLP].can_write(unit)
        assert not CHANNELS[Channel.FILE].can_write(unit)
        with pytest.raises(InputError, match="not known yet"):
            sent([unit])
        made = next(r for r in resources([unit]) if r["resourceType"] == unit.type)
        assert made["status"] == "unknown"

    def test_a_dose_ends_when_it_began_where_paper_says_no_end(self):
        dose = {"taken:1": "2026-11-02T13:00", "given:1": "NovoRapid", "dose:1": "6"}
        (insulin,) = of_type(facts_of("insulin", SIGNED | dose), "MedicationAdministration")
        message = sent([insulin])
        assert text(message, "RXA", 3) == text(message, "RXA", 4) == "20261102130000+0000"
        assert (text(message, "RXA", 7, 1), text(message, "RXA", 7, 3)) == ("[IU]", "UCUM")


def text_of(segment, field: int, component: int = 1) -> str:
    first = segment[field][0]
    parts = [first] if isinstance(first, str) else list(first)
    return str(parts[component - 1]) if component <= len(parts) else ""


OBSERVED = SIGNED | {
    "taken:1": "2026-11-02T13:00", "respirations:1": "22", "spo2-2:1": "90", "oxygen:1": "O",
    "flow:1": "2.5", "device:1": "Venturi", "systolic:1": "105", "diastolic:1": "60",
    "pulse:1": "112", "consciousness:1": "C", "temperature:1": "38.50", "pain:1": "4",
}  # fmt: skip


class TestOxygen:
    """Oxygen leaves as observations, coded, with its flow and device (R9)."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_in_hl7(self, version):
        message = sent(facts_of("observations", OBSERVED), version)
        values = {text_of(o, 3): o for o in message.segments("OBX")}
        oxygen = values["INSPIRED-OXYGEN"]
        assert text_of(oxygen, 2) == ("CWE" if version == "2.8" else "CE")
        assert [text_of(oxygen, 5, n) for n in (1, 2, 3, 5)] == [
            "371825009", "Patient on oxygen", "SCT", "Oxygen",
        ]  # fmt: skip
        assert (text_of(values["3151-8"], 5), text_of(values["3151-8"], 6)) == ("2.5", "L/min")
        assert text_of(values["OXYGEN-DEVICE"], 5) == "Venturi"

    def test_on_air(self):
        air = facts_of("observations", SIGNED | {"taken:1": "2026-11-02T13:00", "oxygen:1": "A"})
        made = next(r for r in resources(air) if r["resourceType"] == "Observation")
        assert made["valueCodeableConcept"]["coding"] == [
            {
                "system": "http://snomed.info/sct",
                "code": "722742002",
                "display": "Breathing room air",
            }
        ]
        assert made["valueCodeableConcept"]["text"] == "Air"

    def test_vital_signs_have_their_category_standard_names_and_ucum(self):
        made = {
            r["code"]["coding"][0]["code"]: r
            for r in resources(facts_of("observations", OBSERVED))
            if r["resourceType"] == "Observation"
        }
        vital = {code for code, r in made.items() if "vital-signs" in json.dumps(r["category"])}
        assert vital == set(made) - {"72514-3"}
        pressure = made["8480-6"]
        assert pressure["code"]["coding"][0]["display"] == "Systolic blood pressure"
        assert pressure["code"]["text"] == "Systolic pressure"
        assert pressure["valueQuantity"] == {
            "value": 105, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]",
        }  # fmt: skip
        assert made["8310-5"]["valueQuantity"]["code"] == "Cel"

    def test_a_site_s_own_units_go_before(self):
        message = sent(facts_of("observations", OBSERVED), codes={"units": {"mmHg": "MMHG"}})
        pressure = next(o for o in message.segments("OBX") if text_of(o, 3) == "8480-6")
        assert (text_of(pressure, 6), text_of(pressure, 6, 3)) == ("MMHG", "")


PHONED = SIGNED | {
    "caller": "Jo Lab", "test:1": "Potassium", "value:1": "6.1", "units:1": "mmol/L",
    "read-back:1": "true", "test:2": "Sodium", "value:2": "138",
}  # fmt: skip


class TestNotes:
    """Notes of the form follow the OBR, those of one value its OBX (R9)."""

    def test_the_form_s_notes_stand_before_the_values(self):
        message = sent(of_type(facts_of("phoned-result", PHONED), "Observation"))
        names = [str(segment[0]) for segment in message]
        assert names[names.index("OBR") :] == ["OBR", "NTE", "NTE", "OBX", "NTE", "OBX"]
        notes = [text_of(n, 3) for n in message.segments("NTE")]
        assert notes == [
            "Downtime form K7000042X of ward PRINTED, written by Sam Okoro (Staff nurse).",
            "Caller's full name: Jo Lab", "Read back: yes",
        ]  # fmt: skip

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_form_without_a_scan_goes_out_answer_by_answer(self, version):
        fact = facts_of("progress-notes", SIGNED)[0]
        site = Settings()
        target = replace(read_target(site, "EPR"), version=version)
        answers = [FormAnswer("plan:1", "Plan", "Fluids\nand rest"), FormAnswer("x", "Seen", "yes")]
        writer = make_segment_writer(site, target)
        content = write_answers(fact, ANN, answers, "DT1", writer)
        message = hl7.parse(content.decode())
        assert text(message, "TXA", 12) == "K7000042X"
        assert [(text_of(o, 3), text_of(o, 3, 2), text_of(o, 5)) for o in message.segments("OBX")] == [
            ("plan:1", "Plan", "Fluids\\.br\\and rest"), ("x", "Seen", "yes"),
        ]  # fmt: skip


STAY = Stay("V77", "emergency", "C9", "2", "11")


class TestVisit:
    """PV1 names the visit and the place of the matched stay, never the ward that printed (R13)."""

    def requests(self) -> list[Fact]:
        asked = {"test.fbc": "true", "priority": "urgent", "collected": "2026-11-02T13:00"}
        return of_type(facts_of("blood-sciences-request", SIGNED | asked), "ServiceRequest")

    def test_of_the_stay(self):
        (fact,) = self.requests()
        message = sent([fact], stays={fact.key: STAY})
        place = [text(message, "PV1", 3, n) for n in (1, 2, 3)]
        assert place == ["C9", "2", "11"]
        assert (text(message, "PV1", 2), text(message, "PV1", 19)) == ("E", "V77")

    @pytest.mark.parametrize("name", ["blood-sciences-request", "observations", "phoned-result"])
    def test_without_a_stay_no_place_is_claimed(self, name):
        answers = {
            "blood-sciences-request": {"test.fbc": "true"}, "observations": OBSERVED,
            "phoned-result": PHONED,
        }[name]  # fmt: skip
        fact = facts_of(name, SIGNED | answers)[0]
        message = sent([fact])
        assert (text(message, "PV1", 3), text(message, "PV1", 19)) == ("", "")
        assert "PRINTED" in str(message.segments("NTE")[0])

    def test_a_movement_says_its_own_place_in_the_stay_it_moves(self):
        move = {
            "left": "2026-11-02T13:00", "kind": "ward", "from-ward": "C9", "to-ward": "B2",
            "to-bed": "3",
        }  # fmt: skip
        (fact,) = of_type(facts_of("transfer", SIGNED | move), "Encounter")
        message = sent([fact], stays={fact.key: STAY})
        assert (text(message, "PV1", 3), text(message, "PV1", 3, 3)) == ("B2", "3")
        assert (text(message, "PV1", 6), text(message, "PV1", 19)) == ("C9", "V77")

    def test_in_fhir_by_its_number(self):
        (fact,) = self.requests()
        made = next(
            r for r in resources([fact], {fact.key: STAY}) if r["resourceType"] == fact.type
        )
        assert made["encounter"]["identifier"]["value"] == "V77"
        made = next(r for r in resources([fact]) if r["resourceType"] == fact.type)
        assert "encounter" not in made


def test_fhir_never_calls_an_allergy_active_that_paper_calls_wrong():
    wrong = facts_of("allergies", SIGNED | {"corrections": "Penicillin: it was the sister's"})
    (fact,) = [one for one in wrong if one.fields.get("status") == "entered-in-error"]
    assert not CHANNELS[Channel.FHIR].can_write(fact)
    assert CHANNELS[Channel.MLLP].can_write(fact)


SETS = st.fixed_dictionaries(
    {
        "respirations": st.integers(4, 40), "systolic": st.integers(70, 240),
        "pulse": st.integers(30, 160), "consciousness": st.sampled_from("ACVPU"),
        "temperature": st.decimals("33.0", "41.0", places=1), "oxygen": st.sampled_from("AO"),
        "spo2": st.integers(70, 100), "scale": st.sampled_from("12"),
    }
)  # fmt: skip
ALIVE = {
    "248234008": "A", "130987000": "C", "300202002": "V", "450847001": "P", "422768004": "U",
}  # fmt: skip


def paper_set(values: dict) -> tuple[dict[str, str], VitalSigns]:
    """A row of the chart, and what its score is counted from."""
    numbers = {
        name: str(values[name]) for name in ("respirations", "systolic", "pulse", "temperature")
    }
    answers = {f"{name}:1": text for name, text in numbers.items()}
    answers |= {
        "taken:1": "2026-11-02T13:00", f"spo2-{values['scale']}:1": str(values["spo2"]),
        "oxygen:1": values["oxygen"], "consciousness:1": values["consciousness"],
    }  # fmt: skip
    saturation = {"1": "saturation", "2": "saturation_2"}[values["scale"]]
    signs = VitalSigns(
        **numbers, **{saturation: str(values["spo2"])}, on_oxygen=values["oxygen"] == "O",
        consciousness=values["consciousness"],
    )  # fmt: skip
    return SIGNED | answers, signs


def scored(values: dict[str, tuple[str, str]]) -> int | None:
    """NEWS2 of what was read: code to value and words of the paper."""
    saturation, words = values["59408-5"]
    scale = "saturation_2" if words.endswith("scale 2") else "saturation"
    return score_news2(
        VitalSigns(
            respirations=values["9279-1"][0], systolic=values["8480-6"][0],
            pulse=values["8867-4"][0], temperature=values["8310-5"][0],
            consciousness=ALIVE[values["80288-4"][0]],
            on_oxygen=values["INSPIRED-OXYGEN"][0] == "371825009", **{scale: saturation},
        )
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_news2_of_what_was_sent_is_that_of_the_paper(values):
    answers, signs = paper_set(values)
    facts = facts_of("observations", answers)
    expected = score_news2(signs)
    assert expected is not None
    by_hl7 = {text_of(o, 3): (text_of(o, 5), text_of(o, 3, 5)) for o in sent(facts).segments("OBX")}
    assert scored(by_hl7) == expected
    by_fhir = {}
    for made in resources(facts):
        if made["resourceType"] == "Observation":
            concept = made.get("valueCodeableConcept")
            value = concept["coding"][0]["code"] if concept else made["valueQuantity"]["value"]
            by_fhir[made["code"]["coding"][0]["code"]] = (str(value), made["code"]["text"])
    assert scored(by_fhir) == expected
