"""FHIR bundles say what the paper says, the same whenever they are made, and name nobody twice."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from downtime import config
from downtime.entry.facts import PaperPerson
from downtime.entry.scans import FieldPosition
from downtime.errors import InputError
from downtime.reconcile.identity.model import Merge, MergeState
from downtime.reconcile.model import ItemState
from downtime.returns.fhir import bundles
from downtime.returns.fhir.resources import BUILDERS, has_resource
from downtime.returns.fhir.target import FhirTarget, read_fhir_target
from tests.unit.returns.fhir_cases import (
    FACTS,
    FHIR,
    NAMES,
    PERSON,
    SETTINGS,
    UNKNOWN,
    fact,
    form,
    row,
)


def bundle(*facts, scan=b"", corrections=0, names=NAMES):
    rows = [row(one) for one in facts]
    return json.loads(
        bundles.write_form_bundle(
            rows, form(scan, corrections), "DT1", bundles.make_context(SETTINGS, names)
        )
    )


def resource(one, kind=""):
    wanted = kind or one.type
    return next(
        e["resource"] for e in bundle(one)["entry"] if e["resource"]["resourceType"] == wanted
    )


def test_every_kind_of_fact_has_a_case():
    assert {one.type for one in FACTS.values()} == set(BUILDERS)


@pytest.mark.parametrize("name", FACTS)
def test_a_bundle_is_the_same_bytes_whenever_it_is_made(name):
    one = row(FACTS[name])
    first = bundles.write_form_bundle(
        [one], form(b"%PDF"), "DT1", bundles.make_context(SETTINGS, NAMES)
    )
    assert first == bundles.write_form_bundle(
        [one], form(b"%PDF"), "DT1", bundles.make_context(SETTINGS, NAMES)
    )


@pytest.mark.parametrize("name", FACTS)
def test_every_entry_is_created_only_if_it_is_not_there(name):
    entries = bundle(FACTS[name], scan=b"%PDF")["entry"]
    assert all(e["request"]["method"] == "POST" and e["request"]["ifNoneExist"] for e in entries)
    assert len({e["fullUrl"] for e in entries}) == len(entries)


@pytest.mark.parametrize("name", FACTS)
def test_nothing_that_was_written_is_lost(name):
    text = bundles.write_form_bundle(
        [row(FACTS[name])], form(), "DT1", bundles.make_context(SETTINGS, NAMES)
    ).decode()
    fields = FACTS[name].fields
    coded = ("kind", "status", "none_known", "category", "severity", "minutes", "event")
    for key, value in fields.items():
        if key not in coded and not re.match(r"\d{4}-\d\d-\d\dT", value):
            assert json.dumps(value, ensure_ascii=False)[1:-1] in text, key
    for _, answer in FACTS[name].notes:
        assert answer in text


def test_a_correction_has_another_identifier_and_a_replay_the_same():
    said = FACTS["phoned-result"]
    corrected = said._replace(fields={**said.fields, "value": "6.20"})
    first, again, other = (bundles.item_identifier(row(one)) for one in (said, said, corrected))
    assert first == again != other


def test_digits_are_kept_as_they_were_written():
    content = bundles.write_form_bundle(
        [row(FACTS["phoned-result"])], form(), "DT1", bundles.make_context(SETTINGS, NAMES)
    )
    assert b'"valueQuantity":{"value":6.10,"unit":"mmol/L"' in content
    assert b'{"valueDecimal":38.10}' in content


def test_words_are_never_made_a_number():
    assert resource(FACTS["words"])["valueString"] == "<Alert> & 0100"
    leading_zero = fact("Observation", fields={"display": "Code", "value": "007"})
    assert resource(leading_zero)["valueString"] == "007"


def test_a_phoned_result_is_preliminary_until_its_laboratory_reports_it():
    assert resource(FACTS["phoned-result"])["status"] == "preliminary"
    assert resource(FACTS["observation"])["status"] == "final"


def test_times_are_the_patient_s_and_carry_their_offset():
    admitted = resource(FACTS["admission"])
    assert admitted["period"]["start"] == "2026-07-02T14:40:00+01:00"


def test_provenance_tells_author_from_transcriber_and_verifier_and_event_from_entry():
    made = resource(FACTS["observation"], "Provenance")
    agents = {a["type"]["coding"][0]["code"]: a["who"]["display"] for a in made["agent"]}
    assert agents == {"author": "Sam Okoro", "enterer": "Ann Clerk", "verifier": "Ben Records"}
    assert made["occurredDateTime"] == "2026-11-02T14:00:00+00:00"
    assert made["recorded"] == "2026-11-03T09:00:00+00:00"


def test_provenance_points_at_every_resource_and_at_the_form():
    entries = bundle(FACTS["observation"], FACTS["phoned-result"])["entry"]
    (made,) = (e["resource"] for e in entries if e["resource"]["resourceType"] == "Provenance")
    by_url = {e["fullUrl"]: e["resource"]["resourceType"] for e in entries}
    assert [by_url[one["reference"]] for one in made["target"]] == [
        "Observation",
        "Observation",
        "QuestionnaireResponse",
    ]
    assert by_url[made["entity"][0]["what"]["reference"]] == "QuestionnaireResponse"


def test_a_known_patient_is_found_by_number_and_never_created():
    entries = bundle(FACTS["observation"])["entry"]
    subject = resource(FACTS["observation"])["subject"]["reference"]
    assert subject == "Patient?identifier=https%3A%2F%2Fdowntime.example%2Ffhir%2Fid%2FDEMO%7CH100"
    assert not [e for e in entries if e["resource"]["resourceType"] == "Patient"]
    assert "O'Brien" not in json.dumps(entries)


def test_an_unknown_patient_is_registered_once_under_the_downtime_number():
    rows = [row(FACTS["admission-unknown"]), row(fact("Observation", person=UNKNOWN))]
    made = json.loads(
        bundles.write_form_bundle(rows, form(), "DT1", bundles.make_context(SETTINGS, NAMES))
    )
    patients = [e for e in made["entry"] if e["resource"]["resourceType"] == "Patient"]
    assert len(patients) == 1
    assert patients[0]["resource"]["name"] == [{"text": "UNKNOWN"}]
    assert patients[0]["request"]["ifNoneExist"].endswith("%7CDK700043V")
    subjects = {
        e["resource"]["subject"]["reference"]
        for e in made["entry"]
        if e["resource"]["resourceType"] in ("Encounter", "Observation")
    }
    assert subjects == {patients[0]["fullUrl"]}


def test_answers_of_a_list_about_several_people_name_none_of_them_as_subject():
    other = fact("Observation", key="K7000042X-x", person=PaperPerson(mrn="H200"))
    made = bundle(FACTS["observation"], other)
    (answers,) = (
        e["resource"]
        for e in made["entry"]
        if e["resource"]["resourceType"] == "QuestionnaireResponse"
    )
    assert "subject" not in answers


def test_a_corrected_form_is_a_response_of_its_own():
    first, second = bundle(FACTS["flag"]), bundle(FACTS["flag"], corrections=1)
    searches = [
        next(
            e["request"]["ifNoneExist"]
            for e in made["entry"]
            if e["resource"]["resourceType"] == "QuestionnaireResponse"
        )
        for made in (first, second)
    ]
    assert searches[0] != searches[1]


def test_an_amount_in_words_stays_words():
    assert resource(FACTS["given"])["dosage"]["dose"] == {
        "value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg",
    }  # fmt: skip
    made = resource(FACTS["given-words"])
    assert "dosage" not in made
    assert {"text": "Dosage: two tablets"} in made["note"]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (FACTS["admission"], True),
        (fact("Encounter", fields={"event": "admit"}), True),
        (fact("Encounter", fields={"event": "transfer"}), False),
        (fact("Encounter", fields={"event": "discharge"}), False),
        (fact("Patient"), False),
        (fact("Document"), False),
        (fact("Appointment", fields={"status": "booked"}), False),
        (fact("Appointment", fields={"status": "moved", "start": "2026-11-02T13:00:00Z"}), False),
        (FACTS["clinic"], True),
        (FACTS["cancelled-undated"], True),
    ],
)
def test_what_would_replace_a_live_record_is_left_to_people(one, expected):
    assert has_resource(one) is expected


def test_a_long_form_goes_out_in_parts_that_the_receiver_allows():
    small = read_fhir_target(SETTINGS, "EPR", {**FHIR, "entries": 8})
    rows = [row(fact("Observation", key=f"K7000042X-{n:02}")) for n in range(12)]
    parts = bundles.split_items(rows, small)
    assert [len(part) for part in parts] == [5, 5, 2]
    assert sorted(r.key for part in parts for r in part) == [r.key for r in rows]
    strangers = [row(one.item.fact, ItemState.UNMATCHED) for one in rows]
    for part in bundles.split_items(strangers, small):
        made = bundles.write_form_bundle(
            part, form(b"%PDF"), "DT1", bundles.make_context(SETTINGS, small)
        )
        assert len(json.loads(made)["entry"]) <= 8


def test_a_merge_retires_the_downtime_record_and_touches_no_other():
    survivor = PaperPerson(mrn="H100")
    merge = Merge(
        "DK700043V", survivor, UNKNOWN, MergeState.LINKED, "2026-11-04T10:00:00Z", "Ben", "l-1"
    )
    (entry,) = json.loads(
        bundles.write_merge_bundle(merge, "DT1", bundles.make_context(SETTINGS, NAMES))
    )["entry"]
    assert entry["request"]["method"] == "PUT"
    assert entry["request"]["url"].endswith("%7CDK700043V")
    assert entry["resource"]["active"] is False
    assert entry["resource"]["link"][0]["other"]["reference"].endswith("%7CH100")
    undone = replace(merge, state=MergeState.UNLINKED)
    (entry,) = json.loads(
        bundles.write_merge_bundle(undone, "DT1", bundles.make_context(SETTINGS, NAMES))
    )["entry"]
    assert entry["resource"]["active"] is True
    assert "link" not in entry["resource"]


def test_a_site_names_its_own_profiles_units_and_systems():
    own = read_fhir_target(
        SETTINGS, "EPR",
        {**FHIR, "profiles": {"Observation": "https://site.example/Obs"}, "codes": "urn:x"},
    )  # fmt: skip
    made = bundle(fact("Observation", fields={"code": "K", "display": "Potassium", "value": "1",
                                              "units": "mmol/L"}), names=own)  # fmt: skip
    seen = made["entry"][0]["resource"]
    assert seen["meta"]["profile"] == ["https://site.example/Obs"]
    assert seen["code"]["coding"][0]["system"] == "urn:x"
    assert seen["valueQuantity"]["code"] == "mmol/L"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"url": "ftp://x.example"},
        {"url": "http://epr.example/fhir"},
        {"url": "https://me:secret@epr.example/fhir"},
        {"url": "https://epr.example", "entries": 3},
        {"url": "https://epr.example", "answer_seconds": 0},
        {"url": "https://epr.example", "token": "secret"},
        {"url": "https://epr.example", "units": {"a": 1}},
    ],
)
def test_a_mistake_in_the_settings_is_named_without_what_it_holds(wrong):
    with pytest.raises(InputError) as refused:
        read_fhir_target(SETTINGS, "EPR", wrong)
    assert "returns.targets.EPR.fhir." in refused.value.sentence
    assert "secret" not in str(refused.value)


def test_a_name_is_never_part_of_an_address():
    assert PERSON.family not in json.dumps(
        [e["request"] for one in FACTS.values() for e in bundle(one)["entry"]]
    )


def test_the_document_lists_every_key_as_the_program_has_it():
    page = Path(__file__).parents[3] / "docs" / "returns.md"
    assert config.describe_table(FhirTarget) in page.read_text(encoding="utf-8")


def test_each_answer_says_where_it_stands_on_the_scan_and_who_keyed_it_is_said_of_both():
    places = {"pulse:1": FieldPosition(1, 0.1, 0.25, 0.05, 0.02)}
    source = replace(form(b"%PDF"), positions=places)
    context = bundles.make_context(SETTINGS, NAMES)
    text = bundles.write_form_bundle([row(FACTS["admission"])], source, "DT1", context)
    entries = {e["resource"]["resourceType"]: e for e in json.loads(text)["entry"]}
    (taken,) = (
        group for group in entries["QuestionnaireResponse"]["resource"]["item"] if "item" in group
    )
    pulse = next(item for item in taken["item"] if item["linkId"] == "pulse")
    ((extension,), answer) = pulse["extension"], pulse["answer"]
    assert answer
    assert extension["extension"] == [
        {
            "url": "document",
            "valueReference": {"reference": entries["DocumentReference"]["fullUrl"]},
        },
        {"url": "page", "valuePositiveInt": 1},
        {"url": "region", "valueString": "xywh=percent:10.00,25.00,5.00,2.00"},
    ]
    assert not any("extension" in item for item in taken["item"] if item is not pulse)
    sources = [e["what"]["reference"] for e in entries["Provenance"]["resource"]["entity"]]
    assert sources == [
        entries[kind]["fullUrl"] for kind in ("QuestionnaireResponse", "DocumentReference")
    ]


def test_a_scan_that_stays_on_the_station_is_named_by_its_address():
    address = "https://records.example.nhs.uk/key/K7000042X"
    source = replace(form(b"%PDF"), document_address=address)
    context = bundles.make_context(SETTINGS, NAMES)
    text = bundles.write_form_bundle([row(FACTS["admission"])], source, "DT1", context)
    (document,) = (
        e["resource"]
        for e in json.loads(text)["entry"]
        if e["resource"]["resourceType"] == "DocumentReference"
    )
    attachment = document["content"][0]["attachment"]
    assert (attachment["url"], attachment["size"]) == (address, 4)
    assert "data" not in attachment
