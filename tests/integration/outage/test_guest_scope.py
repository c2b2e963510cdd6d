"""Who was let in by break-glass records only within their ward or about their patient, whichever door they use."""

import pytest

from downtime.accounts.break_glass import start_access
from downtime.accounts.break_glass.model import AccessDraft
from downtime.errors import ForbiddenError, InputError
from downtime.outage.events import guest_scope
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind
from downtime.vault.model import Actor
from tests.integration.outage.conftest import AMINA


@pytest.fixture
def let_in(ward):
    """`let_in(ward="A1")` → the actor of somebody who was let in for it."""

    def start(**scope):
        draft = AccessDraft(
            name="Jo Agency", employer="Nightstaff", registration="12A", reason="alone", minutes=60,
            pin="271828", **scope,
        )  # fmt: skip
        access = start_access.start_access(ward.vault, ward.settings, draft, AMINA).access
        return Actor(access.person, access.name, access.device)

    return start


def test_a_guest_of_a_ward_records_of_its_patients_and_of_nobody_else(ward, let_in):
    here = next(row.patient.id for row in ward.now.read_ward("A1").rows if row.patient)
    elsewhere = next(row.patient.id for row in ward.now.read_ward("B2").rows if row.patient)
    guest = let_in(ward="A1")
    move = {"ward": "A1", "bay": "1", "bed": "9"}
    with pytest.raises(ForbiddenError, match="for ward A1 only"):
        ward.record(EventKind.MOVE, elsewhere, guest, confirmed=True, **move)
    with pytest.raises(ForbiddenError):
        ward.record(EventKind.SWAP, here, guest, partner=elsewhere)
    with pytest.raises(ForbiddenError):
        ward.record(EventKind.INCIDENT, "", guest, what="Lights out")
    assert list_events(ward.vault) == []
    ward.record(EventKind.MOVE, here, guest, confirmed=True, **move)
    assert list_events(ward.vault)[0].latest.author_name == "Jo Agency"


def test_a_patient_who_was_moved_away_is_outside_and_who_came_is_inside(ward, let_in):
    here = next(row.patient.id for row in ward.now.read_ward("A1").rows if row.patient)
    guest = let_in(ward="B2")
    with pytest.raises(ForbiddenError):
        ward.record(EventKind.ABSENCE, here, guest, where="X-ray")
    ward.record(EventKind.MOVE, here, confirmed=True, ward="B2", bay="1", bed="7")
    ward.record(EventKind.ABSENCE, here, guest, where="X-ray")


def test_a_guest_for_one_patient(ward, let_in):
    here, other = [row.patient.id for row in ward.now.read_ward("A1").rows if row.patient][:2]
    guest = let_in(patient=here)
    ward.record(EventKind.ABSENCE, here, guest, where="X-ray")
    with pytest.raises(ForbiddenError, match="for one patient only"):
        ward.record(EventKind.ABSENCE, other, guest, where="X-ray")


def test_a_ward_that_nobody_knows_is_no_scope(ward):
    with pytest.raises(InputError):
        guest_scope.check_scope_exists(ward.now, "Z9", "")
    guest_scope.check_scope_exists(ward.now, "A1", "")
