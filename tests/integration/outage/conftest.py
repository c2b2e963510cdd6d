"""Staff who record events over the tiny hospital's snapshot."""

from datetime import timedelta

import pytest

from downtime.clock import to_text
from downtime.outage import outages
from downtime.outage.events.correct_event import correct_event, withdraw_event
from downtime.outage.events.hospital_now import HospitalNow
from downtime.outage.events.record_event import EventDraft, EventRecorder
from downtime.snapshot import local_snapshots
from downtime.vault.model import Actor
from tests.conftest import NOW
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    home_template,
    hospital,
    loaded_template,
)

AMINA = Actor("u-1", "Amina Ward", "K7")
BO = Actor("u-2", "Bo Night", "K7")
AT = to_text(NOW - timedelta(minutes=10))
ARRIVAL = {
    "identity": "known", "family": "Tester", "given": "Tom", "gender": "male", "ward": "A1",
    "bay": "1", "bed": "3", "stay": "emergency",
}  # fmt: skip


class Ward:
    """Staff who record, over the tiny hospital's snapshot."""

    def __init__(self, vault, settings) -> None:
        self.vault, self.settings = vault, settings

    @property
    def now(self) -> HospitalNow:
        return HospitalNow(self.vault, local_snapshots.open_current_snapshot(self.vault))

    def patient(self, mrn: str) -> str:
        return self.now.snapshot.find_patient_by_identifier(mrn).id

    def record(self, kind, patient="", actor=AMINA, *, confirmed=False, at=AT, topic="", **answers):
        recorder = EventRecorder(self.vault, self.settings, self.now.snapshot, actor)
        draft = EventDraft(kind=kind, happened=at, patient=patient, topic=topic, answers=answers)
        return recorder.record(draft, is_confirmed=confirmed)

    def correct(self, event, reason, *, confirmed=False, at=AT, **answers):
        return correct_event(
            self.vault, self.settings, event.id, at, answers, BO, reason,
            snapshot=self.now.snapshot, is_confirmed=confirmed,
        )  # fmt: skip

    def withdraw(self, event_id, reason, actor=BO):
        snapshot = self.now.snapshot
        return withdraw_event(self.vault, self.settings, event_id, actor, reason, snapshot=snapshot)

    def beds(self, ward="A1"):
        rows = self.now.read_ward(ward).rows
        return {row.location.bed: row.patient.family for row in rows if row.patient}


@pytest.fixture
def ward(hospital):  # noqa: F811
    vault = hospital.open().vault
    outages.declare_systems_down(vault, ["PAS"], AMINA, "said by IT", known=["PAS", "LIMS"])
    hospital.clock.go_on(minutes=2)
    yield Ward(vault, hospital.settings)
    vault.close()
