"""A ward with awkward patients, a machine with a device code, and a printed pack to look at."""

import io
import os
import subprocess
from types import SimpleNamespace

import pikepdf
import pytest
import zxingcpp
from PIL import Image

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    Location,
    MedicationRequest,
    Observation,
    Patient,
    ServiceRequest,
)
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from downtime.settings import Settings
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault import device

PAGE_CODES = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.QRCodeModel2, zxingcpp.BarcodeFormat.DataMatrix]
)
"""What our pages and labels carry; to look for every kind there is takes six times as long."""
MEDICINE = "piperacillin 4 g / tazobactam 500 mg powder for solution for infusion vials"


def _person(number, family, given, **more):
    return [
        Patient(id=f"p{number}", source="PAS", mrn=f"RX{number:05}", family=family, given=given,
                birth_date="1960-01-02", gender="female", **more),
        Encounter(id=f"e{number}", source="PAS", patient=f"p{number}", status="in-progress",
                  kind="inpatient", ward="A1", bay="B", bed=str(number), consultant="Dr Ada Test",
                  specialty="Acute medicine", reason="Fall", started="2026-11-01T09:30:00Z"),
        Location(id=f"b{number}", source="PAS", ward="A1", ward_name="Acute Medical Unit",
                 bay="B", bed=str(number), status="occupied"),
    ]  # fmt: skip


def records():
    """Five patients and an empty bed of ward A1; patient 1 has some of everything."""
    found = [
        *_person(1, "O'Callaghan-Smythe", "Aoife", prefix="Mrs", nhs_number="9990000018"),
        *_person(2, "Example", "Samuel"),
        *_person(3, "Example", "Samuel", nhs_number="9990000026"),
        *_person(4, "محمد", "علي"),
        *_person(5, "Featherstonehaugh-Cholmondeley-Marjoribanks " * 4, "Wilhelmina " * 6),
        Location(id="b6", source="PAS", ward="A1", ward_name="Acute Medical Unit", bay="B",
                 bed="6", status="available"),
        Flag(id="f1", source="EPR", patient="p1", text="Needs two to transfer"),
        AllergyIntolerance(id="a0", source="EPR", patient="p2", none_known=1, status="active"),
        MedicationRequest(id="m1", source="EPR", patient="p1", medicine=MEDICINE,
                          dosage="4.5 g", route="IV", frequency="every 8 hours",
                          category="regular", status="active"),
        ServiceRequest(id="r1", source="LIMS", patient="p1", display="Full blood count",
                       stage="collected", priority="urgent", authored="2026-11-02T12:00:00Z",
                       collected="2026-11-02T12:10:00Z"),
        DiagnosticReport(id="d1", source="LIMS", patient="p1", display="Urea and electrolytes",
                         status="final", issued="2026-11-02T08:00:00Z"),
        Observation(id="o1", source="LIMS", patient="p1", report="d1", display="Potassium",
                    value="5.9", units="mmol/L", reference_range="3.5 - 5.3", flag="H"),
        Observation(id="o2", source="LIMS", patient="p1", report="d1", display="eGFR",
                    value="≥90", units="mL/min/1.73m²", position=1),
        Appointment(id="ap1", source="PAS", patient="p1", kind="clinic", status="booked",
                    location="Fracture clinic", start="2026-11-05T10:00:00Z"),
    ]  # fmt: skip
    substances = ["Penicillin", "Latex", "Trimethoprim", "Iodinated contrast", "Elastoplast"]
    found += [
        AllergyIntolerance(
            id=f"a{n}", source="EPR", patient="p1", status="active",
            substance=f"{substance} preparation number {n}", reaction="urticaria and angio-oedema",
        )
        for n, substance in enumerate(substances * 2, 1)
    ]  # fmt: skip
    return found


@pytest.fixture
def snapshot(snapshot_of):
    return snapshot_of(records())


@pytest.fixture
def snapshot_of(tmp_path):
    """`snapshot_of(records, created, **header)` → an opened snapshot of them."""
    opened = []

    def build(found, created="2026-11-02T14:00:00Z", **header):
        opened.append(_snapshot(tmp_path / f"snapshot-{len(opened)}.db", found, created, header))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


def _snapshot(path, found, created, header):
    key = os.urandom(32)
    defaults = {
        "hospital": "DEMO",
        "created": created,
        "expires": "2026-11-04T14:00:00Z",
        "key": "0123456789abcdef",
        "time_zone": "Europe/London",
        "systems": {
            "PAS": "2026-11-02T13:58:00Z", "EPR": "2026-11-02T13:40:00Z", "Theatres": "",
        },
        "holds": ("Patient", "Encounter", "Location", "AllergyIntolerance", "Flag",
                  "MedicationRequest", "ServiceRequest", "DiagnosticReport"),
    }  # fmt: skip
    record_tables.create_database(path, key, SnapshotHeader(**defaults | header), found)
    return Snapshot(path, key)


@pytest.fixture
def settings():
    return Settings()


@pytest.fixture
def vault(vault):
    """The vault of a machine whose device code is K7."""
    device.create_device(vault.home, vault.data_key, "K7", "laptop-1")
    return vault


@pytest.fixture
def pack(vault, snapshot, settings, actor):
    """`pack(**options)` → the printed pack of ward A1: its bytes, pages' words, and the result."""

    def build(**options):
        out = io.BytesIO()
        result = print_pack(
            vault,
            settings,
            WardPack(wards=("A1",), **options),
            actor,
            "Test",
            out,
            snapshot=snapshot,
        )
        return SimpleNamespace(pdf=out.getvalue(), result=result, words=read_words(out.getvalue()))

    return build


def read_words(pdf: bytes) -> list[str]:
    """The text of each page, as poppler reads it."""
    command = ["pdftotext", "-layout", "-", "-"]
    text = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    return text.split("\f")[:-1]


def read_codes(pdf: bytes, tmp_path) -> list[set[str]]:
    """The codes that zxing-cpp reads on each page of a 200 dpi picture."""
    file = tmp_path / "pages.pdf"
    file.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "200", "-gray", file, tmp_path / "page"], check=True)
    pictures = sorted(tmp_path.glob("page-*.pgm"))
    found = [
        {code.text for code in zxingcpp.read_barcodes(Image.open(picture), formats=PAGE_CODES)}
        for picture in pictures
    ]
    assert len(found) == len(pikepdf.open(io.BytesIO(pdf)).pages)
    return found


@pytest.fixture
def words():
    """`words(pdf)` → the text of each page."""
    return read_words


@pytest.fixture
def codes(tmp_path):
    """`codes(pdf)` → the codes read on each page."""
    return lambda pdf: read_codes(pdf, tmp_path)


@pytest.fixture
def medicine():
    """The medicine of patient 1, as the source sent it."""
    return MEDICINE
