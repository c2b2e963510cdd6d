"""Kill -9 at every step of sending bundles: an independent server holds everything once."""

from dataclasses import replace

import pytest

from downtime.clinical.model import Encounter
from downtime.returns.store import outbox_messages
from tests.integration.returns import fhir_peers
from tests.integration.returns.test_fhir_changes import put
from tests.integration.returns.test_killed import KILLED
from tests.integration.returns.test_killed import run as send
from tests.night import by_night

from .conftest import HOSPITAL, SIGNED

HOSPITAL_NUMBER = "https://downtime.example/fhir/id/DEMO"
VISIT = "https://downtime.example/fhir/id/visit"
RECOVERED = tuple(
    replace(one, visit_number="V1") if isinstance(one, Encounter) else one for one in HOSPITAL
)
DISCHARGED = SIGNED | {
    "left": "2026-11-02T13:30", "outcome": "advised", "ward": "A1", "destination": "home",
    "diagnosis": "Sepsis", "follow-up": "None",
}  # fmt: skip
KINDS = ("Patient", "Encounter", "ServiceRequest", "Observation",
         "QuestionnaireResponse", "Provenance")  # fmt: skip
STEPS = [
    (step, after)
    for step in ("queue", "claim", "read", "post", "record")
    for after in ("before", "after")
]
AROUND_POSTING = [("claim", "after"), ("post", "before"), ("post", "after"), ("record", "before")]


@pytest.fixture
def decided(four, keyed, compare, return_all):
    """Four forms of new things and a discharge, which changes a live stay."""
    four()
    keyed("discharge", DISCHARGED)
    compare(RECOVERED)
    return_all()


@pytest.fixture
def server():
    with fhir_peers.server() as running:
        running.add_patient(HOSPITAL_NUMBER, "H100")
        (patient,) = running.held("Patient")
        put(
            running, "Encounter", VISIT, "V1",
            **{
                "status": "in-progress", "class": {"code": "IMP"},
                "subject": {"reference": f"Patient/{patient['id']}"},
                "period": {"start": "2026-11-01T08:00:00Z"},
            },
        )  # fmt: skip
        yield running


@pytest.mark.parametrize(("step", "after"), by_night(STEPS, AROUND_POSTING), ids=lambda word: word)
def test_a_killed_sender_loses_and_doubles_nothing(step, after, vault, decided, server):
    table = {"channel": "fhir", "fhir": {"url": server.url}}
    there = dict.fromkeys(("PAS", "LIMS", "EPR"), table)
    for nth in (1, 2) if step != "queue" else (1,):
        assert send(vault, there, step, after, nth) == KILLED
    assert send(vault, there) == 0
    assert send(vault, there) == 0
    messages = list(outbox_messages.list_messages(vault.db))
    assert {one.state for one in messages} == {"acknowledged"}, [one.reason for one in messages]
    assert len(messages) == 5
    held = {kind: server.held(kind) for kind in KINDS}
    assert {kind: len(found) for kind, found in held.items()} == {
        "Patient": 2, "Encounter": 2, "ServiceRequest": 2, "Observation": 4,
        "QuestionnaireResponse": 5, "Provenance": 5,
    }  # fmt: skip
    (stay,) = (e for e in held["Encounter"] if e["identifier"][0]["value"] == "V1")
    assert stay["status"] == "finished"
