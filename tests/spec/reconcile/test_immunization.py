"""Immunisations all the way: a FHIR feed, the snapshot, the patient's page, paper, comparison."""

import json
import os
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import Immunization, Patient
from downtime.clinical.record_types import RECORD_TYPES
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import Fact, PaperPerson
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.paper.forms.load_form import check_text, parse_form
from downtime.reconcile.compare.comparison import compare_facts
from downtime.reconcile.record_index import RecordIndex
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault import device, schema
from downtime.vault.vault import Vault
from downtime.web.template_filters import format_field

LONDON = ZoneInfo("Europe/London")
FORM = """
name: vaccines
version: "1"
title: Vaccines given
status: active
purpose: Record vaccines while the electronic chart is down.
policy: part
record: Document
system: EPR
item:
  - linkId: vaccine
    text: Vaccines
    type: group
    record: Immunization
    says: {status: completed}
    repeats: true
    rows: 3
    layout: table
    item:
      - {linkId: taken, text: Date and time, type: dateTime, required: true, maps: when}
      - {linkId: name, text: Vaccine, type: string, maps: display}
      - {linkId: batch, text: Batch, type: string, maps: lot_number}
      - {linkId: site, text: Site, type: string, maps: site}
"""
FEED = {
    "resourceType": "Immunization",
    "id": "i1",
    "status": "completed",
    "vaccineCode": {
        "coding": [{"system": "http://snomed.info/sct", "code": "1119349007"}],
        "text": "COVID-19 mRNA vaccine",
    },
    "patient": {"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}},
    "occurrenceDateTime": "2026-11-02T14:05:00+00:00",
    "lotNumber": "AB123",
    "site": {"text": "Left upper arm"},
    "route": {"text": "Intramuscular"},
    "doseQuantity": {"value": 0.3, "unit": "mL"},
    "performer": [{"actor": {"display": "Sam Okoro"}}],
    "recorder": {"display": "Amina Ward"},
}  # fmt: skip
ANN = Patient(id="p-ann", mrn="H100", identifiers=("MR|DEMO|H100",), family="Hill", given="Ann")
LIVE = Immunization(
    id="i", patient="p-ann", source="EPR", code="1119349007", display="COVID-19 mRNA vaccine",
    dosage="0.3 mL", lot_number="AB123", occurrence="2026-11-02T14:05:00Z", status="completed",
)  # fmt: skip
ANSWERS = {"taken:1": "2026-11-02T14:00", "name:1": "COVID-19 mRNA vaccine", "batch:1": "ab 123"}


@pytest.fixture
def publisher(home, clock):
    """A machine that publishes to itself."""
    key = os.urandom(32)
    device.create_device(home, key, "K7", "publisher")
    vault = Vault(home, key, clock)
    schema.create_schema(vault.db, clock)
    yield vault
    vault.close()


def test_a_feed_reaches_the_patients_page(publisher, actor, tmp_path):
    feed = tmp_path / "epr.json"
    feed.write_text(json.dumps(FEED))
    settings, share = Settings(), tmp_path / "share"
    built = publish_snapshot(publisher, settings, [feed], share, actor)
    assert built.header.counts["Immunization"] == 1
    receive_snapshot(publisher, settings, share, actor)
    row = RECORD_TYPES["Immunization"]
    with local_snapshots.open_current_snapshot(publisher) as snapshot:
        assert snapshot.has_type("Immunization")
        patient = snapshot.find_patient_by_identifier("9990000018")
        (record,) = snapshot.list_patient_records(row, patient.id)
    assert record.recorder == "Amina Ward"
    assert [format_field(record, column, LONDON) for column in row.section.columns] == [
        "02-Nov-2026 14:05", "COVID-19 mRNA vaccine", "0.3 mL", "Intramuscular", "Left upper arm",
        "AB123", "Completed", "Sam Okoro",
    ]  # fmt: skip


def on_paper(**answers):
    assert not check_text("vaccines", FORM)
    given = ANSWERS | {f"{name}:1": text for name, text in answers.items()}
    base = Fact(
        key="K7000042X", type="", system="", form="vaccines", serial="K7000042X",
        person=PaperPerson(mrn="H100", family="Hill", given="Ann"), event="2026-11-02T15:00:00Z",
    )  # fmt: skip
    (fact,) = find_facts(parse_form(FORM), given, base, LONDON)
    return fact


def test_a_row_of_a_form_is_an_immunisation():
    fact = on_paper(site="Left arm")
    assert (fact.type, fact.title, fact.event) == (
        "Immunization", "COVID-19 mRNA vaccine", "2026-11-02T14:00:00Z",
    )  # fmt: skip
    assert fact.fields == {
        "status": "completed", "display": "COVID-19 mRNA vaccine", "lot_number": "ab 123",
        "site": "Left arm", "occurrence": "2026-11-02T14:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "live", "state"),
    [
        ({}, [LIVE], "already-there"),
        ({"name": "Covid-19 MRNA vaccine", "batch": ""}, [LIVE], "already-there"),
        ({}, [], "new"),
        ({"name": "Influenza vaccine"}, [LIVE], "new"),
        ({"taken": "2026-11-01T14:00"}, [LIVE], "new"),
        ({"batch": "ZZ9"}, [LIVE], "conflict"),
        ({}, [replace(LIVE, status="not-done")], "conflict"),
    ],
)
def test_paper_beside_the_recovered_system(answers, live, state):
    after = RecordIndex([ANN, *live], delivered_types=("Immunization",))
    (item,) = compare_facts(RecordIndex(), [on_paper(**answers)], after, Settings())
    assert (item.state, item.needs_second_person) == (state, state == "conflict")


def test_a_system_that_tells_no_immunisations_is_looked_at():
    after = RecordIndex([ANN], delivered_types=("Encounter",))
    (item,) = compare_facts(RecordIndex(), [on_paper()], after, Settings())
    assert item.state == "held"
