"""Paper of somebody registered on the screen: forms, wristband and labels carry their one number."""

import io
import re

import pikepdf
import pytest

from downtime.outage.events.model import EventKind
from downtime.paper import ledger
from downtime.paper.labels.model import LabelKind
from downtime.paper.labels.print_labels import PatientLabels
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_changes import WardChanges
from downtime.paper.packs.ward_pack import WardPack
from tests.integration.outage.conftest import AMINA, ARRIVAL
from tests.integration.paper.conftest import read_words


def printed(ward, request):
    out = io.BytesIO()
    print_pack(ward.vault, ward.settings, request, AMINA, "arrived", out)
    assert len(pikepdf.open(out).pages) >= 1
    return " ".join(read_words(out.getvalue()))


@pytest.fixture
def newcomer(ward):
    event = ward.record(EventKind.ARRIVAL, **ARRIVAL)
    return event.id, event.answers["downtime_number"]


def test_every_copy_of_every_form_is_for_one_person_with_one_number(ward, newcomer):
    patient, number = newcomer
    for _ in range(2):
        text = printed(ward, PatientPack(patient=patient, forms=("observations", "phoned-result")))
        assert text.count(number) >= 2
        assert "TESTER, Tom" in text
    forms = ledger.list_patient_forms(ward.vault, patient)
    assert len(forms) == 4
    assert {form.subject.downtime_number for form in forms} == {number}


@pytest.mark.parametrize("kind", [LabelKind.PATIENT, LabelKind.WRISTBAND])
def test_wristband_and_labels_carry_the_number(ward, newcomer, kind):
    patient, number = newcomer
    text = printed(ward, PatientLabels(patient=patient, label=kind, copies=1))
    assert f"Downtime No. {number}" in text
    assert "TESTER, Tom" in text


def test_the_bed_list_and_the_ward_pack_hold_the_ward_as_staff_say_it_is(ward, newcomer):
    _, number = newcomer
    ann = ward.patient("1000001")
    ward.record(EventKind.MOVE, ann, ward="B2", bed="9")
    text = printed(ward, WardPack(wards=("A1",), forms=("observations",), blanks=0))
    assert re.search(r"TESTER, Tom[\s\S]*Said by Amina Ward", text)
    assert text.count(number) >= 2
    assert "Gone, as staff say" in text
    assert re.search(r"\(available\)\s+Freed\.", text)
    assert re.search(r"SAMPLE, Ann.*\(copy: A1, bay 1, bed 1\): Move: B2, bed 9", text)
    assert text.count("9990000018") == 0


def test_who_left_as_staff_say_gets_nothing_in_a_pack_of_changes(ward):
    ann, chosen = ward.patient("1000001"), {"forms": ("observations",)}
    printed(ward, WardPack(wards=("A1",), blanks=0, **chosen))
    ward.record(EventKind.DISCHARGE, ann, outcome="advised")
    before = {form.serial for form in ledger.list_patient_forms(ward.vault, ann)}
    text = printed(ward, WardChanges(ward="A1", **chosen))
    assert {form.serial for form in ledger.list_patient_forms(ward.vault, ann)} == before
    assert "Left" in text
    assert "hand it in" in text
