"""How a pack is put together: sheets, order, checksum, lists of clinics and theatres, one form again."""

import hashlib
import io

import orjson
import pytest

from downtime.clinical.model import Appointment
from downtime.errors import ConflictError, InputError
from downtime.paper import ledger, move_form, serials
from downtime.paper.layout.stamp_pages import BLANK
from downtime.paper.packs import content_recorder, pack_ledger
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.reprint import Reprint
from downtime.paper.packs.session_pack import ClinicPack, TheatrePack
from downtime.paper.store import form_contents
from tests.integration.paper.conftest import read_words, records


def forms_of(vault, made):
    return [(r.form, r.patient) for r in ledger.list_pack_forms(vault, made.result.id)]


def test_form_after_form_keeps_the_order_of_the_beds(pack, vault):
    printed = pack(forms=["observations"], blanks=0, by_form=True)
    forms = forms_of(vault, printed)
    assert [p for f, p in forms if f == "summary"] == ["p1", "p2", "p3", "p4", "p5"]
    assert [f for f, _ in forms] == [
        "bed-list", "medicines-due", *["summary"] * 5, *["observations"] * 5, "cover",
    ]  # fmt: skip


def test_on_two_sides_no_form_starts_on_the_back_of_another(pack):
    printed = pack(forms=["observations", "progress-notes"], blanks=1, two_sided=True)
    assert printed.result.pages == len(printed.words)
    for number, text in enumerate(printed.words):
        if "Page 1 of" in text:
            assert number % 2 == 0, text.splitlines()[:3]


def test_blank_backs_say_so_carry_no_serial_and_are_counted(pack, codes):
    printed = pack(forms=["observations"], blanks=0, two_sided=True)
    covers = sum("Downtime pack." in text for text in printed.words)
    blank = [n for n, text in enumerate(printed.words) if BLANK in text]
    read = codes(printed.pdf)
    assert blank
    assert all(not read[n] and "K7-" not in printed.words[n] for n in blank)
    behind = [n for n in blank if n >= covers + covers % 2]
    rest = len(printed.words) - covers - covers % 2
    assert f"{rest} after this cover, {len(behind)} of them backs" in " ".join(
        printed.words[0].split()
    )


def test_one_side_has_no_blank_page(pack):
    assert not any(BLANK in text for text in pack(forms=["observations"], blanks=0).words)


def test_the_checksum_is_that_of_serials_and_values(pack, vault):
    printed = pack(forms=["observations"], blanks=0)
    stored = pack_ledger.get_pack(vault, printed.result.id).checksum
    assert stored == printed.result.checksum
    assert content_recorder.format_checksum(stored) in printed.words[0]
    rows = [r for r in ledger.list_pack_forms(vault, printed.result.id) if r.form == "observations"]
    for row in rows:
        values = form_contents.fetch_content(vault.db, row.serial).encode()
        assert orjson.loads(values)["patient.mrn"] == row.subject.mrn
        digest = form_contents.find_digest(vault.db, row.serial)
        assert digest == hashlib.sha256(values).hexdigest()
    assert pack(forms=["observations"], blanks=0, recall=True).result.checksum != stored


# Clinics and theatres


def theatre(number, patient, **more):
    return Appointment(
        id=f"t{number}", source="Theatres", patient=patient, kind="theatre", status="booked",
        location="Theatre 1", start=f"2026-11-03T{8 + number:02}:30:00Z", position=number,
        description=f"Operation number {number}", practitioner="Mr Cutter", **more,
    )  # fmt: skip


SESSIONS = {"clinic": ClinicPack, "theatre": TheatrePack}


@pytest.fixture
def listed(vault, snapshot_of, settings, actor):
    """`listed(kind, location, day, records, **options)` → words and ledger of a printed list."""

    def build(kind, location, day, found, **options):
        out = io.BytesIO()
        printed = print_pack(vault, settings, SESSIONS[kind](day=day, location=location, **options), actor, "Test", out, snapshot=snapshot_of([*records(), *found]))  # fmt: skip
        return read_words(out.getvalue()), ledger.list_pack_forms(vault, printed.id), printed

    return build


def test_a_theatre_list_comes_with_a_checklist_for_each_case(listed):
    cases = [theatre(n, f"p{n}") for n in (2, 1, 3)]
    words, rows, printed = listed("theatre", "Theatre 1", "2026-11-03", cases)
    assert [r.patient for r in rows if r.form == "surgical-checklist"] == ["p1", "p2", "p3"]
    assert "theatre-list" in [r.form for r in rows]
    (form,) = [text for text in words if "Operation number 2" in text and "Outcome" in text
               and "Team brief" in text]  # fmt: skip
    assert "Mr Cutter" in form
    assert "03-Nov-2026" in form
    assert "09:30" not in form, "when a case was in theatre is written by hand"
    assert "Theatre-1" in printed.file_name


def test_a_long_list_takes_as_many_sheets_as_it_needs(listed):
    cases = [theatre(n, f"p{n % 5 + 1}") for n in range(1, 13)]
    words, rows, _ = listed("theatre", "Theatre 1", "2026-11-03", cases, forms=[])
    assert [r.form for r in rows].count("theatre-list") == 3
    text = " ".join(" ".join(words).split())
    assert all(f"Operation number {n}" in text for n in range(1, 13))


def test_a_clinic_has_a_slot_for_each_patient(listed):
    words, rows, _ = listed("clinic", "Fracture clinic", "2026-11-05", [])
    assert [r.form for r in rows][:2] == ["clinic-list-copy", "clinic-list"]
    assert "summary" not in [r.form for r in rows]
    (form,) = [text for text in words if "Patient-led" in text or "Attendance" in text]
    assert "10:00" in form
    assert "RX00001" in form
    assert {r.ward for r in rows} == {"Fracture clinic"}


def test_a_list_of_nobody_is_refused(listed, vault):
    with pytest.raises(InputError):
        listed("clinic", "Fracture clinic", "2026-11-06", [])
    assert ledger.list_packs(vault) == []


# One form again


@pytest.fixture
def spoilt(pack, vault):
    printed = pack(forms=["observations"], blanks=0)
    rows = ledger.list_pack_forms(vault, printed.result.id)
    return next(r for r in rows if r.form == "observations" and r.patient == "p1")


def again(vault, settings, actor, serial, reason="Coffee"):
    out = io.BytesIO()
    printed = print_pack(vault, settings, Reprint(serial=serial), actor, reason, out)
    (row,) = ledger.list_pack_forms(vault, printed.id)
    return row, read_words(out.getvalue())


def test_a_form_again_is_the_same_under_a_new_serial(vault, settings, actor, spoilt, pack):
    row, words = again(vault, settings, actor, spoilt.serial)
    assert row.serial != spoilt.serial
    assert row.subject == spoilt.subject
    assert (row.ward, row.version, row.layout) == (spoilt.ward, spoilt.version, spoilt.layout)
    assert form_contents.fetch_content(vault.db, row.serial) == form_contents.fetch_content(
        vault.db, spoilt.serial
    )
    assert "O'CALLAGHAN-SMYTHE" in words[0]
    assert f"Replaces {serials.format_serial(spoilt.serial)}." in words[0]
    assert "PAS 02-Nov-2026 13:58" in words[0], "the data is as old as it was"
    old = ledger.get_form(vault, spoilt.serial)
    assert (old.state, old.reason_sentence) == (
        "void",
        f"Superseded by {serials.format_serial(row.serial)}.",
    )


def test_a_form_again_can_be_printed_again(vault, settings, actor, spoilt):
    first, _ = again(vault, settings, actor, spoilt.serial)
    second, _ = again(vault, settings, actor, first.serial)
    assert second.replaces == (first.serial,)
    with pytest.raises(ConflictError):
        again(vault, settings, actor, first.serial)


def test_only_a_form_that_is_out_is_printed_again_and_for_a_reason(vault, settings, actor, spoilt):
    with pytest.raises(InputError):
        again(vault, settings, actor, spoilt.serial, " ")
    move_form.mark_returned(vault, spoilt.serial, actor)
    with pytest.raises(ConflictError):
        again(vault, settings, actor, spoilt.serial)
    assert ledger.get_form(vault, spoilt.serial).state == "returned"


def test_a_list_is_not_printed_again_by_its_serial(vault, settings, actor, spoilt):
    rows = ledger.list_pack_forms(vault, spoilt.pack)
    (beds,) = [r for r in rows if r.form == "bed-list"]
    with pytest.raises(InputError, match="copy of what the systems said"):
        again(vault, settings, actor, beds.serial)
