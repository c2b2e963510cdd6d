"""Print requests are read back from what is kept of them, also from what earlier versions kept."""

import json

import pytest

from downtime.errors import InputError
from downtime.paper.labels.bedside_labels import NewbornBands, SpecimenLabels
from downtime.paper.labels.model import LabelKind
from downtime.paper.labels.print_labels import PatientLabels, StockLabels, WardLabels
from downtime.paper.mutual_aid.aid_sheets import CapacitySheet, TransferSheets
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.continue_print import ContinuedPrint
from downtime.paper.packs.event_log import EventLog
from downtime.paper.packs.medicines_due import MedicinesDue
from downtime.paper.packs.model import RequestKind
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.reprint import Reprint
from downtime.paper.packs.session_pack import ClinicPack, TheatrePack
from downtime.paper.packs.shift_handover import ShiftHandover
from downtime.paper.packs.ward_changes import WardChanges
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper.print_requests import REQUESTS, read_request
from downtime.paper.readiness.proof_page import ProofPage
from downtime.paper.shelf.binder_pages import BinderPages

REQUESTS_OF_EACH_KIND = [
    WardPack(),
    WardPack(
        wards=("A1", "B2"),
        forms=("observations",),
        blanks=0,
        by_form=True,
        two_sided=True,
        recall=True,
    ),
    WardChanges(ward="A1", forms=()),
    PatientPack(patient="p1"),
    ClinicPack(day="2026-11-05", location="Fracture clinic"),
    TheatrePack(day="2026-11-03", location="Theatre 1", forms=("surgical-checklist",)),
    BlankForms(forms=("admission",), copies=3, ward="A1", numbered=True),
    Reprint(serial="K7000042X"),
    ContinuedPrint(last="K7000042X"),
    SpecimenLabels(patient="p1", tubes=("Purple top",)),
    NewbornBands(patient="p1", mother="p2", order=2, babies=2),
    PatientLabels(patient="p1", label=LabelKind.WRISTBAND, sheet="L7160", start=4, copies=2),
    WardLabels(wards=("A1",)),
    StockLabels(forms=("admission",)),
    ProofPage(round="a1b2"),
    ShiftHandover(ward="A1", bays=("Bay 1",), nurse="Sam Okoro"),
    MedicinesDue(ward="A1"),
    EventLog(kinds=("incident",), outage="2026-11-02-1"),
    BinderPages(documents=("insulin",)),
    TransferSheets(patient="p1", destination="Another hospital", contact="Bleep 1"),
    CapacitySheet(destination="Another hospital"),
]
OLD = {
    "kind": "", "wards": [], "patient": "", "day": "", "place": "", "serial": "", "forms": None,
    "copies": None, "numbered": False, "by_form": False, "two_sided": False, "label": "",
    "sheet": "", "start": 1,
}  # fmt: skip
"""One record held the keys of every kind before each had a class of its own."""


@pytest.mark.parametrize("request_", REQUESTS_OF_EACH_KIND)
def test_a_request_comes_back_from_its_json(request_):
    assert read_request(json.loads(json.dumps(request_.to_json()))) == request_


def test_every_kind_has_a_class():
    assert set(REQUESTS) == set(RequestKind)
    assert {type(request).kind for request in REQUESTS_OF_EACH_KIND} == set(RequestKind)


@pytest.mark.parametrize(
    ("old", "request_"),
    [
        ({"kind": "wards", "wards": ["A1"], "copies": 2}, WardPack(wards=("A1",), blanks=2)),
        ({"kind": "changes", "wards": ["A1"]}, WardChanges(ward="A1")),
        ({"kind": "patient", "patient": "p1", "forms": []}, PatientPack(patient="p1", forms=())),
        (
            {"kind": "clinic", "day": "2026-11-05", "place": "Eyes"},
            ClinicPack(day="2026-11-05", location="Eyes"),
        ),
        (
            {"kind": "blank", "forms": ["admission"], "copies": 2, "wards": ["A1"]},
            BlankForms(forms=("admission",), copies=2, ward="A1"),
        ),
        ({"kind": "blank", "forms": ["admission"]}, BlankForms(forms=("admission",))),
        ({"kind": "again", "serial": "K7000042X"}, Reprint(serial="K7000042X")),
        (
            {"kind": "labels", "label": "wristband", "patient": "p1"},
            PatientLabels(patient="p1", label=LabelKind.WRISTBAND),
        ),
        (
            {"kind": "labels", "label": "patient", "wards": ["A1"], "copies": 3},
            WardLabels(wards=("A1",), copies=3),
        ),
        (
            {"kind": "labels", "label": "stock", "forms": ["admission"]},
            StockLabels(forms=("admission",)),
        ),
    ],
)
def test_what_earlier_versions_kept_is_still_read(old, request_):
    assert read_request(OLD | old) == request_


def test_what_cannot_be_printed_is_refused():
    with pytest.raises(InputError, match="cannot be printed"):
        read_request({"kind": "pigeon"})
