"""What was recorded on the screen leaves as keyed paper does: by HL7 v2 and FHIR, read back by others."""

from dataclasses import replace

import pytest

from downtime.clinical.model import Encounter
from downtime.outage.events.model import EventKind
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.model import Decision
from downtime.returns import queue_messages
from downtime.returns.model import Channel
from downtime.returns.store import outbox_messages
from downtime.settings import ReturnsSettings
from downtime.snapshot import local_snapshots
from downtime.vault import device
from downtime.vault.model import Actor
from tests.integration.recovery.conftest import HOSPITAL

from .read_back import read_answers, read_fhir, read_hl7, read_patches

NURSE = Actor("u-5", "Sam Okoro", "laptop-1")
SECOND = Actor("u-6", "Bo Night", "laptop-1")
AT = "2026-11-02T14:00:00Z"
RECOVERED = tuple(
    replace(one, visit_number="V77") if isinstance(one, Encounter) else one for one in HOSPITAL
)
ARRIVAL = {
    "identity": "known", "family": "Novak", "given": "Petra", "birth_date": "1985-03-01",
    "gender": "female", "ward": "A1", "bed": "9", "stay": "emergency", "reason": "Abdominal pain",
    "looks": "Red coat",
}  # fmt: skip

UNIT = {"donation": "G101626042231", "group": "O-neg", "why": "Bleeding", "authorised": "Dr Ng"}


@pytest.fixture
def record(vault, settings, outage):
    """Record an event on the screen, over the snapshot of T0."""
    device.create_device(vault.home, vault.data_key, "K7", "laptop K7")

    def save(kind, patient="p-ann", actor=NURSE, topic="", at=AT, **answers):
        snapshot = local_snapshots.open_snapshot(vault, outage.snapshot)
        recorder = EventRecorder(vault, settings, snapshot, actor, "Staff nurse")
        draft = EventDraft(kind=kind, happened=at, patient=patient, topic=topic, answers=answers)
        return recorder.record(draft, is_confirmed=True)

    return save


@pytest.fixture
def sent(vault, settings, outage, actor, compare, return_all):
    """`sent(channel)`: what was recorded is compared, decided and written; each message's bytes.

    `second` confirms what one person alone may not decide.
    """

    def write(channel: Channel, second: Actor | None = None) -> list[bytes]:
        compare(RECOVERED)
        return_all()
        if second:
            confirm(vault, outage, second)
        table = {"channel": channel}
        if channel == Channel.FHIR:
            table["fhir"] = {"url": "http://127.0.0.1:1/fhir"}
        targets = dict.fromkeys(("PAS", "LIMS", "EPR"), table)
        there = replace(settings, returns=ReturnsSettings(targets=targets))
        queued = queue_messages.queue_items(vault, there, actor)
        assert queued.outdated == ()
        messages = list(outbox_messages.list_messages(vault.db, channel=channel))
        return [outbox_messages.read_content(vault.db, one.control_id) for one in messages]

    return write


def confirm(vault, outage, person: Actor) -> None:
    """Another person decides the same wherever one has proposed to return something."""
    for row in find_items.list_items(vault, outage.id):
        if row.decided.proposal == Decision.RETURN:
            decide_item.decide_item(vault, row.key, Decision.RETURN, person, "not there")


def values(messages: list[bytes], place: str) -> set[str]:
    return {text for message in messages for text in read_hl7(message, place)}


def elements(bundles: list[bytes], path: str) -> set[str]:
    return {text for bundle in bundles for text in read_fhir(bundle, path)}


def answers(bundles: list[bytes]) -> dict[str, str]:
    return {key: text for bundle in bundles for key, text in read_answers(bundle).items()}


class TestByHl7:
    def test_an_arrival(self, record, sent):
        arrived = record(EventKind.ARRIVAL, "", **ARRIVAL)
        messages = sent(Channel.FILE)
        assert values(messages, "MSH-9.2") == {"A01"}
        assert values(messages, "PID-5.1") == {"Novak"}
        assert arrived.answers["downtime_number"] in values(messages, "PID-3.1")
        assert values(messages, "PV1-44") == {"20261102140000+0000"}
        assert values(messages, "PV1-3.1") == {"A1"}
        assert "Red coat" in values(messages, "OBX-5"), "what no field holds is a note"

    def test_a_move(self, record, sent):
        record(EventKind.MOVE, ward="B2", bed="4")
        messages = sent(Channel.FILE)
        assert values(messages, "MSH-9.2") == {"A02"}
        assert (values(messages, "PV1-3.1"), values(messages, "PV1-3.3")) == ({"B2"}, {"4"})
        assert (values(messages, "PV1-6.1"), values(messages, "PV1-19")) == ({"A1"}, {"V77"})

    def test_a_discharge(self, record, sent):
        record(EventKind.DISCHARGE, outcome="self", destination="home")
        messages = sent(Channel.FILE)
        assert values(messages, "MSH-9.2") == {"A03"}
        assert values(messages, "PV1-45") == {"20261102140000+0000"}
        assert (values(messages, "PV1-36"), values(messages, "PV1-19")) == ({"07"}, {"V77"})
        assert values(messages, "PV2-12") == {"Discharged to home"}

    def test_a_death_that_two_people_decided(self, record, sent):
        record(EventKind.DEATH, verified_by="Dr Cole")
        messages = sent(Channel.FILE, second=Actor("u-3", "Ines Records", "laptop-1"))
        assert (values(messages, "PID-30"), values(messages, "PV1-36")) == ({"Y"}, {"20"})
        assert values(messages, "PID-29") == {"20261102140000+0000"}
        assert "Dr Cole" in values(messages, "OBX-5")

    def test_a_phoned_result(self, record, sent):
        said = {"test": "Potassium", "value": "6.10", "units": "mmol/L", "caller": "Jo Lab"}
        result = record(EventKind.RESULT, **said)
        record(EventKind.READ_BACK, "p-ann", SECOND, result.id, value="6.10")
        messages = sent(Channel.FILE)
        assert (values(messages, "OBX-5"), values(messages, "OBX-3.2")) == ({"6.10"}, {"Potassium"})
        assert (values(messages, "OBX-11"), values(messages, "PV1-19")) == ({"P"}, {"V77"})
        assert "Who called: Jo Lab" in values(messages, "NTE-3")

    def test_a_result_names_the_ward_to_which_its_patient_was_moved_before(self, record, sent):
        said = {"test": "Potassium", "value": "6.10", "units": "mmol/L", "caller": "Jo Lab"}
        record(EventKind.MOVE, ward="B2", bed="4", at="2026-11-02T13:30:00Z")
        for at, value in (("2026-11-02T13:10:00Z", "6.10"), (AT, "5.20")):
            result = record(EventKind.RESULT, at=at, **said | {"value": value})
            record(EventKind.READ_BACK, "p-ann", SECOND, result.id, value=value)
        wards = {
            value: values([message], "PV1-3.1")
            for message in sent(Channel.FILE)
            for value in values([message], "OBX-5")
            if values([message], "MSH-9.1") == {"ORU"}
        }
        assert wards == {"6.10": {"A1"}, "5.20": {"B2"}}

    def test_a_unit_of_blood_and_its_fate(self, record, sent):
        unit = record(EventKind.BLOOD_ISSUE, **UNIT)
        record(EventKind.BLOOD_FATE, "p-ann", SECOND, unit.id, fate="transfused", performer="Bo")
        messages = sent(Channel.FILE)
        assert values(messages, "RXA-15") == {"G101626042231"}
        assert values(messages, "RXA-20") == {"CP"}
        assert values(messages, "RXA-10.2") == {"Bo"}
        assert {"Bleeding", "Dr Ng"} <= values(messages, "OBX-5")

    def test_of_a_unit_whose_fate_is_open_no_message_says_that_it_was_given(
        self, record, sent, vault, outage
    ):
        record(EventKind.BLOOD_ISSUE, **UNIT)
        assert sent(Channel.FILE) == []
        (line,) = outbox_messages.list_messages(vault.db, outage.id)
        assert line.channel == Channel.WORKLIST


class TestByFhir:
    def test_an_arrival(self, record, sent):
        arrived = record(EventKind.ARRIVAL, "", **ARRIVAL)
        bundles = sent(Channel.FHIR)
        assert elements(bundles, "Patient.name.family") == {"Novak"}
        assert arrived.answers["downtime_number"] in elements(bundles, "Patient.identifier.value")
        assert elements(bundles, "Encounter.class.code") == {"EMER"}
        assert answers(bundles)["arrival.looks"] == "Red coat"

    def test_a_move_and_a_discharge_change_the_live_stay(self, record, sent):
        record(EventKind.MOVE, ward="B2", bed="4", at="2026-11-02T13:30:00Z")
        record(EventKind.DISCHARGE, outcome="advised", destination="home")
        bundles = sent(Channel.FHIR)
        patches = {path: text for bundle in bundles for path, text in read_patches(bundle).items()}
        assert "B2, bed 4" in patches["/location/-"][0]
        assert patches["/period/end"] == ["2026-11-02T14:00:00+00:00"]
        assert answers(bundles)["discharge.destination"] == "home"

    def test_a_phoned_result_with_who_read_it_back(self, record, sent):
        said = {"test": "Potassium", "value": "6.10", "units": "mmol/L", "caller": "Jo Lab"}
        result = record(EventKind.RESULT, **said)
        record(EventKind.READ_BACK, "p-ann", SECOND, result.id, value="6.10")
        bundles = sent(Channel.FHIR)
        assert elements(bundles, "Observation.valueQuantity.value") == {"6.10"}
        assert elements(bundles, "Observation.status") == {"preliminary"}
        assert elements(bundles, "Observation.encounter.identifier.value") == {"V77"}
        assert answers(bundles)["result.caller"] == "Jo Lab"
        assert "Bo Night" in elements(bundles, "Provenance.agent.who.display")

    def test_a_unit_of_blood_and_its_fate(self, record, sent):
        unit = record(EventKind.BLOOD_ISSUE, **UNIT)
        record(EventKind.BLOOD_FATE, "p-ann", SECOND, unit.id, fate="discarded", performer="Bo")
        bundles = sent(Channel.FHIR)
        lot = elements(bundles, "MedicationAdministration.contained.batch.lotNumber")
        assert lot == {"G101626042231"}
        assert elements(bundles, "MedicationAdministration.status") == {"not-done"}
        assert elements(bundles, "MedicationAdministration.statusReason.text") == {"discarded"}
        said = answers(bundles)
        assert (said["blood-issue.why"], said["blood-fate.fate"]) == ("Bleeding", "Wasted")
