"""Sheets of labels as they come out of the printer."""

import io
import re
import subprocess
from dataclasses import replace

import pikepdf
import pytest

from downtime.errors import InputError, NotFoundError
from downtime.outage import outages
from downtime.outage.events.hospital_now import HospitalNow
from downtime.paper import ledger
from downtime.paper.labels import alignment_test, gs1_codes
from downtime.paper.labels.bedside_labels import NewbornBands, SpecimenLabels
from downtime.paper.labels.model import LABEL_SHEETS, LabelKind
from downtime.paper.labels.policies import check_is_no_transfusion
from downtime.paper.labels.print_labels import PatientLabels, StockLabels, WardLabels
from downtime.paper.packs.print_pack import print_pack

LARGE = [name for name, sheet in LABEL_SHEETS.items() if sheet.width >= 60]


def flat(text):
    return " ".join(text.split())


@pytest.fixture
def settings(settings):
    return replace(settings, site=replace(settings.site, gs1_prefix="5012345", code="RXX"))


@pytest.fixture
def of_patient(vault, snapshot, settings, actor, words):
    """`of_patient(id, kind, **wanted)` → PDF, words of each page, result."""

    def build(patient, kind=LabelKind.PATIENT, **wanted):
        out = io.BytesIO()
        result = print_pack(
            vault,
            settings,
            PatientLabels(patient=patient, label=kind, **wanted),
            actor,
            "Test",
            out,
            snapshot=snapshot,
        )
        return out.getvalue(), words(out.getvalue()), result

    return build


@pytest.mark.parametrize("name", LABEL_SHEETS)
def test_a_label_says_name_date_of_birth_and_number_on_every_kind_of_sheet(of_patient, name):
    _, (page,), _ = of_patient("p3", sheet=name, copies=3)
    assert page.count("EXAMPLE") == page.count("02-Jan-1960") == page.count("999 000 0026") == 3
    assert "Not for transfusion sample tubes" in flat(page) or name == "L7164"


@pytest.mark.parametrize("name", LARGE)
def test_large_labels_carry_a_code_that_finds_the_patient(of_patient, codes, snapshot, name):
    pdf, (page,), _ = of_patient("p1", sheet=name, copies=2)
    assert page.count("O'CALLAGHAN-SMYTHE, Aoife (Mrs)") == 2
    assert flat(page).count("Born 02-Jan-1960 (66y) Female") == 2
    assert page.count("Not for transfusion") >= 2
    (read,) = codes(pdf)
    (code,) = read
    assert code == "(8018)501234599900000182(91)RXX/RX00001"
    typed = code.replace("(", "").replace(")", "")
    assert {
        snapshot.find_patient_by_identifier(number).id
        for number in gs1_codes.parse_scanned_code(typed, "RXX")
    } == {"p1"}


def test_labels_begin_at_the_first_free_one_and_go_on_over_sheets(of_patient):
    pdf, pages, result = of_patient("p3", sheet="L7165", start=7, copies=4)
    assert [page.count("EXAMPLE") for page in pages] == [2, 2]
    assert result.pages == len(pikepdf.open(io.BytesIO(pdf)).pages) == 2
    _, (page,), _ = of_patient("p3", sheet="L7165", start=7)
    assert page.count("EXAMPLE") == 2, "without a number the sheet is filled"


def test_a_label_stands_where_the_sheet_has_it_and_the_offset_moves_it(
    vault, snapshot, settings, actor, words
):
    def top_left(settings):
        out = io.BytesIO()
        wanted = {"sheet": "L7163", "start": 4, "copies": 1}
        print_pack(
            vault,
            settings,
            PatientLabels(patient="p3", label=LabelKind.PATIENT, **wanted),
            actor,
            "Test",
            out,
            snapshot=snapshot,
        )
        command = ["pdftotext", "-bbox", "-", "-"]
        output = subprocess.run(command, input=out.getvalue(), capture_output=True, check=True)
        word = re.search(r'xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>EXAMPLE,', output.stdout.decode())
        return float(word[1]), float(word[2])

    mm = 72 / 25.4
    x, y = top_left(settings)
    sheet = LABEL_SHEETS["L7163"]
    assert sheet.first_x + sheet.pitch_x < x / mm < sheet.first_x + sheet.pitch_x + 4
    top = sheet.first_y + sheet.pitch_y
    assert top < y / mm < top + 6
    paper = replace(settings.paper, label_offset_x_mm=1.5, label_offset_y_mm=-2.0)
    moved = top_left(replace(settings, paper=paper))
    assert moved == pytest.approx((x + 1.5 * mm, y - 2 * mm), abs=0.02)


def test_a_wristband_has_the_core_identifiers_and_a_blank_where_no_number_is_known(of_patient):
    _, (page,), _ = of_patient("p1", LabelKind.WRISTBAND, sheet="L7162", copies=1)
    text = flat(page)
    assert "O'CALLAGHAN-SMYTHE, Aoife" in text
    assert "(Mrs)" not in text
    assert "NHS No. 999 000 0018" in text
    _, (page,), _ = of_patient("p2", LabelKind.WRISTBAND, sheet="L7162", copies=1)
    assert "NHS No. Hospital No. RX00002" in flat(page)


def test_a_name_that_does_not_fit_is_never_shortened(of_patient, vault):
    with pytest.raises(InputError, match="too long for the labels of L7160"):
        of_patient("p5", sheet="L7160")
    with pytest.raises(InputError, match="too long for the labels of L4730"):
        of_patient("p1", sheet="L4730")
    assert ledger.list_packs(vault) == []


def test_a_name_in_another_script_is_drawn_on_each_label(of_patient):
    pdf, _, _ = of_patient("p4", sheet="L7163", copies=2)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages[0].Resources.XObject) >= 1


def test_a_ward_has_a_label_for_each_patient_and_says_where_one_has_to_be_written(
    vault, snapshot, settings, actor, words
):
    out = io.BytesIO()
    result = print_pack(
        vault,
        settings,
        WardLabels(wards=("A1",), label=LabelKind.PATIENT, sheet="L7163"),
        actor,
        "Test",
        out,
        snapshot=snapshot,
    )
    (page,) = words(out.getvalue())
    text = flat(page)
    assert [f"RX0000{n}" in text for n in range(1, 6)] == [True, True, True, True, False]
    assert "A1, bay B, bed 5" in text
    assert "The name is too long for this label: write it by hand." in text
    (row,) = ledger.list_pack_forms(vault, result.id)
    assert (row.form, row.title, row.ward, row.returns) == ("labels", "Patient labels", "A1", False)
    assert "RX" not in result.file_name


def test_labels_are_in_the_ledger_under_the_serial_they_show_and_need_not_come_back(
    of_patient, vault
):
    _, (page,), result = of_patient("p3", sheet="L7160", copies=1)
    (row,) = ledger.list_pack_forms(vault, result.id)
    assert (row.patient, row.returns, row.pages) == ("p3", False, 1)
    assert f"{row.serial[:2]}-{row.serial[2:8]}-{row.serial[8:]}" in page
    assert ledger.count_forms(vault) == []


def test_a_drill_is_said_on_every_label(vault, snapshot, settings, actor, of_patient):
    outages.declare_systems_down(
        vault, ["LIMS"], actor, "drill", drill=True, known=("LIMS",), snapshot=""
    )
    for name in ("L7160", "L7651"):
        _, (page,), result = of_patient("p3", sheet=name, copies=3)
        assert page.count("DRILL") >= 3
        assert result.file_name.startswith("DRILL_")
    with pytest.raises(InputError, match="too small"):
        of_patient("p3", sheet="L4730")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"sheet": "L7160", "start": 22}, "has 21 labels"),
        ({"sheet": "L7160", "start": 0}, "has 21 labels"),
        ({"sheet": "L7160", "copies": 501}, "At most 500"),
    ],
)
def test_what_a_sheet_cannot_take_is_refused(of_patient, wanted, sentence):
    with pytest.raises(InputError, match=sentence):
        of_patient("p3", **wanted)


def test_unknown_sheets_patients_and_wards_are_refused(
    of_patient, vault, snapshot, settings, actor
):
    with pytest.raises(NotFoundError, match="not known"):
        of_patient("p3", sheet="L1")
    with pytest.raises(NotFoundError):
        of_patient("nobody", sheet="L7160")
    with pytest.raises(InputError, match="no patient on Z9"):
        print_pack(
            vault,
            settings,
            WardLabels(wards=("Z9",), label=LabelKind.PATIENT),
            actor,
            "Test",
            io.BytesIO(),
            snapshot=snapshot,
        )
    with pytest.raises(InputError, match="too small"):
        of_patient("p3", LabelKind.WRISTBAND, sheet="L7651")


def test_boxes_of_forms_are_labelled_with_title_and_version(vault, settings, actor, words):
    out = io.BytesIO()
    forms = ["observations", "phoned-result"]
    print_pack(vault, settings, StockLabels(forms=tuple(forms), sheet="L7651"), actor, "Test", out)
    (page,) = words(out.getvalue())
    assert {"Observations", "record", "observations"} <= set(page.replace(",", " ").split())
    assert "Version 1, phoned-result" in flat(page)
    with pytest.raises(InputError, match="No form"):
        print_pack(vault, settings, StockLabels(forms=()), actor, "Test", io.BytesIO())


@pytest.mark.parametrize("name", LABEL_SHEETS)
def test_the_alignment_page_outlines_every_label(settings, clock, words, name):
    out = io.BytesIO()
    alignment_test.print_alignment_test(settings, name, clock(), out)
    (page,) = words(out.getvalue())
    assert name in page
    numbers = {int(word) for word in page.split() if word.isdecimal()}
    assert set(range(1, LABEL_SHEETS[name].label_count + 1)) <= numbers
    with pikepdf.open(io.BytesIO(out.getvalue())) as document:
        content = document.pages[0].Contents.read_bytes()
    assert content.count(b" re S") == LABEL_SHEETS[name].label_count


TUBES = {
    "Purple top, EDTA": {"tests": "FBC, HbA1c", "labels": 2},
    "Yellow top, SST": {"tests": "U&E, LFT, CRP"},
}


@pytest.fixture
def print_labels(vault, snapshot, settings, actor, words):
    """`print_labels(request, tubes)` → PDF and words of each page."""

    def build(request, tubes=TUBES):
        chosen = replace(settings, paper=replace(settings.paper, specimen_tubes=tubes))
        out = io.BytesIO()
        print_pack(vault, chosen, request, actor, "Test", out, snapshot=snapshot)
        return out.getvalue(), words(out.getvalue())

    return build


@pytest.mark.parametrize("name", [*LARGE, "L7651"])
def test_each_tube_has_as_many_labels_as_the_site_says_in_its_own_words(print_labels, name):
    request = SpecimenLabels(patient="p3", tubes=tuple(TUBES), sheet=name)
    _, (page,) = print_labels(request)
    assert page.count("Purple top, EDTA") == 2
    assert page.count("Yellow top, SST") == 1
    assert page.count("EXAMPLE") == page.count("999 000 0026") == 3
    assert page.count("Not for transfusion") >= 3


@pytest.mark.parametrize(
    "tube",
    [
        "Pink top, crossmatch", "Group and save", "G&S", "Blood bank, EDTA 6 mL", "Group + Save",
        "group/save", "GROUP&SAVE", "2xG&S", "G+S", "X match 2 units", "Cross\u2011match", "Bloodbank",
        "type and screen", "Blood group", "T&S", "Direct Coombs",
    ],
)  # fmt: skip
def test_no_label_is_ever_printed_for_a_transfusion_tube(print_labels, tube):
    request = SpecimenLabels(patient="p3", tubes=(tube,))
    with pytest.raises(InputError, match="written by hand|transfusion sample"):
        print_labels(request, {tube: {"labels": 1}})
    with pytest.raises(InputError, match="transfusion sample"):
        print_labels(request, {"Pink top": {"tests": tube}})


@pytest.mark.parametrize("text", ["U&E, CRP", "Group A strep PCR", "Blood culture", "TSH and T4"])
def test_the_laboratorys_other_tubes_are_none_of_these(text):
    check_is_no_transfusion(f"Yellow top {text}")


def test_a_tube_that_the_site_does_not_have_or_has_wrong_is_refused(print_labels):
    with pytest.raises(InputError, match="does not have"):
        print_labels(SpecimenLabels(patient="p3", tubes=("Black top",)))
    with pytest.raises(InputError, match="1 to 10 labels"):
        print_labels(SpecimenLabels(patient="p3", tubes=("Red",)), {"Red": {"labels": "two"}})


@pytest.fixture
def twins(monkeypatch):
    """Patients 1 and 2 of the snapshot as two babies of one birth, without given names."""
    find = HospitalNow.find_row

    def find_row(self, patient_id):
        row = find(self, patient_id)
        if patient_id not in ("p1", "p2"):
            return row
        born = {"family": "Featherstonehaugh", "given": "", "birth_date": "2026-11-02"}
        return row._replace(patient=replace(row.patient, **born))

    monkeypatch.setattr(HospitalNow, "find_row", find_row)


@pytest.mark.parametrize("name", LARGE)
def test_twins_are_told_apart_on_their_bands(twins, print_labels, codes, name):
    found = []
    for order, baby in ((1, "p1"), (2, "p2")):
        request = NewbornBands(patient=baby, mother="p3", order=order, babies=2, sheet=name)
        pdf, (page,) = print_labels(request)
        assert page.count(f"TWIN {order} of 2") == 2, "two bands for each baby"
        assert page.count("FEATHERSTONEHAUGH, Baby") == 2
        assert page.count("Mother: EXAMPLE") == 2
        assert page.count("Born 02-Nov-2026") == 2
        found.append({*codes(pdf)[0]})
    first, second = found
    assert len(first) == len(second) == 1
    assert first != second, "each has its own number"


def test_one_baby_is_no_twin_and_a_mother_is_no_baby(twins, print_labels):
    _, (page,) = print_labels(NewbornBands(patient="p1", mother="p3"))
    assert page.count("FEATHERSTONEHAUGH, Baby") == 2
    assert "TWIN" not in page
    for wrong in ({"patient": "p3", "mother": "p3"}, {"patient": "p3", "mother": "p1"}):
        with pytest.raises(InputError, match="number and a day of birth of its own"):
            print_labels(NewbornBands(**wrong))
    with pytest.raises(InputError, match="one of them"):
        print_labels(NewbornBands(patient="p1", mother="p3", order=3, babies=2))
