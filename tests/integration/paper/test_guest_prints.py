"""Who was let in by break-glass prints pages of their ward or patient, whichever door asks, and only while it runs."""

import io
from datetime import timedelta

import pytest

from downtime.accounts.break_glass import start_access
from downtime.accounts.break_glass.model import AccessDraft
from downtime.errors import ForbiddenError, LockedError
from downtime.paper import ledger
from downtime.paper.labels.print_labels import PatientLabels, WardLabels
from downtime.paper.mutual_aid.aid_sheets import TransferSheets
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_changes import WardChanges
from downtime.paper.packs.ward_pack import WardPack
from downtime.settings import AccountsSettings, Settings
from downtime.vault.model import Actor
from tests.conftest import NOW

CHEAP = Settings(
    accounts=AccountsSettings(argon2_memory_kib=64, argon2_time_cost=1, argon2_parallelism=1)
)
ONE = PatientPack(patient="p2", forms=("observations",), summary=False)


@pytest.fixture
def let_in(vault, actor):
    """`let_in(ward="A1")` → the actor of somebody who was let in for it."""

    def start(**scope):
        draft = AccessDraft(
            name="Jo Agency", employer="Nightstaff", registration="12A", reason="alone", minutes=60,
            pin="271828", **{"ward": "", "patient": ""} | scope,
        )  # fmt: skip
        access = start_access.start_access(vault, CHEAP, draft, actor).access
        return Actor(access.person, access.name, access.device)

    return start


@pytest.fixture
def print_as(vault, settings, snapshot):
    """`print_as(actor, request)` prints it."""

    def run(actor, request):
        out = io.BytesIO()
        return print_pack(vault, settings, request, actor, "Test", out, snapshot=snapshot)

    return run


@pytest.mark.parametrize(
    "request_",
    [
        WardPack(wards=("A1", "B2")), WardPack(), WardChanges(ward="B2"), WardLabels(wards=("B2",)),
        BlankForms(forms=("observations",), copies=1), TransferSheets(patient="p2"),
    ],
    ids=lambda request: type(request).__name__,
)  # fmt: skip
def test_what_is_of_more_than_their_ward_is_refused(vault, let_in, print_as, request_):
    with pytest.raises(ForbiddenError, match="for ward A1 only"):
        print_as(let_in(ward="A1"), request_)
    assert ledger.list_packs(vault) == []


def test_a_page_of_a_patient_of_theirs_is_under_their_name(vault, let_in, print_as):
    result = print_as(let_in(ward="A1"), ONE)
    (form,) = ledger.list_pack_forms(vault, result.id)
    assert (form.form, form.issued_name) == ("observations", "Jo Agency")


def test_a_guest_for_one_patient_prints_of_nobody_else(let_in, print_as):
    guest = let_in(patient="p2")
    print_as(guest, ONE)
    for other in (PatientPack(patient="p3"), PatientLabels(patient="p3"), WardPack(wards=("A1",))):
        with pytest.raises(ForbiddenError, match="for one patient only"):
            print_as(guest, other)


def test_a_job_that_waited_until_the_access_was_over_prints_nothing(vault, let_in, print_as):
    guest = let_in(ward="A1")
    vault.clock = lambda: NOW + timedelta(hours=2)
    with pytest.raises(LockedError, match="no running break-glass access"):
        print_as(guest, ONE)
    assert ledger.list_packs(vault) == []
