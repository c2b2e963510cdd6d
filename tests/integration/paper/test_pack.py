"""What a ward gets in its hands, and what the ledger knows of it."""

import io
import re

import pikepdf
import pytest

from downtime.errors import InputError
from downtime.outage import outages
from downtime.paper import ledger, serials
from downtime.paper.forms.form_sets import load_form_sets
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.template_layout import form_digest, form_layout
from downtime.paper.model import AuditAction
from downtime.paper.packs import print_context
from downtime.paper.packs import print_pack as printing
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper.store import layouts
from downtime.settings import Settings
from downtime.vault.write_access import ReadOnlyError, ReadOnlyReason

SERIAL = re.compile(r"K7-\d{6}-[0-9A-Z]")


def flat(text):
    return " ".join(text.split())


def test_the_cover_comes_first_and_counts_the_pages(pack):
    printed = pack()
    cover = flat(printed.words[0])
    assert "Downtime pack" in cover
    assert "PAS 02-Nov-2026 13:58 32 min" in cover
    assert "Theatres Unavailable" in cover
    covers = [page for page in printed.words if "Downtime pack." in page]
    assert f"{len(printed.words) - len(covers)} after this cover" in cover
    assert "hand-write the tube at the bedside, never a printed label" in cover
    assert printed.result.pages == len(printed.words)


def test_both_codes_of_every_page_are_read_and_no_two_pages_share_one(pack, codes):
    printed = pack(blanks=1)
    found = codes(printed.pdf)
    read = [sorted(serials.parse_page_code(code) for code in page) for page in found]
    assert all([code.corner for code in page] == ["A", "B"] for page in read)
    assert all(page[0][:2] == page[1][:2] for page in read)
    assert len({page[0][:2] for page in read}) == len(read)


def test_the_code_says_the_serial_that_is_printed_beside_it(pack, codes):
    printed = pack(forms=["observations"], blanks=0)
    for text, page in zip(printed.words, codes(printed.pdf), strict=True):
        serial = serials.parse_page_code(min(page)).serial
        assert set(SERIAL.findall(text)) == {serials.format_serial(serial)}


def test_only_what_is_printed_is_laid_out(pack, monkeypatch):
    laid_out = []
    lay_out = print_context.lay_out_form
    monkeypatch.setattr(
        print_context,
        "lay_out_form",
        lambda form, *a: laid_out.append(form.name) or lay_out(form, *a),
    )
    pack(forms=["progress-notes"], blanks=0)
    assert laid_out == ["progress-notes"]


def test_every_printed_serial_is_in_the_ledger_with_its_pages(pack, vault):
    made = pack()
    printed: dict[str, int] = {}
    for text in made.words:
        (serial,) = set(SERIAL.findall(text))
        printed[serial] = printed.get(serial, 0) + 1
    issued = {
        serials.format_serial(row.serial): row.pages
        for row in ledger.list_pack_forms(vault, made.result.id)
    }
    assert printed == issued


def test_the_ledger_says_what_for_whom_by_whom_and_when(pack, vault):
    printed = pack(forms=["observations"], blanks=0)
    rows = ledger.list_pack_forms(vault, printed.result.id)
    (row,) = [r for r in rows if r.patient == "p1" and r.form == "observations"]
    assert (row.subject.mrn, row.subject.nhs_number) == ("RX00001", "9990000018")
    assert row.patient_label == "O'CALLAGHAN-SMYTHE, Aoife (Mrs)"
    assert (row.ward, row.version, row.state, row.returns) == ("A1", "2", "issued", True)
    assert (row.issued_name, row.issued_at) == ("Amina Ward", "2026-11-02T14:30:00Z")
    assert {r.form for r in rows if not r.returns} == {
        "cover", "bed-list", "medicines-due", "summary",
    }  # fmt: skip


def test_a_summary_shows_the_medicine_exactly_as_it_was_sent(pack, medicine):
    text = " ".join(flat(page) for page in pack(forms=[], blanks=0).words)
    assert all(word in text for word in medicine.split())
    assert "5.9 mmol/L [H]" in text
    assert "≥90 mL/min/1.73m²" in text
    assert "Fracture clinic" in text


def test_long_allergies_are_whole_on_a_continuation_page(pack):
    printed = pack(forms=["blood-sciences-request"], blanks=0)
    (first,) = [p for p in printed.words if "Blood sciences request\n" in p and "Aoife" in p
                and "Page 1 of 2" in p]  # fmt: skip
    (more,) = [p for p in printed.words if "request: continued" in p and "Aoife" in p]
    assert "Known allergies (10): see page 2" in flat(first)
    assert "preparation number" not in first
    assert all(f"preparation number {n}" in flat(more) for n in range(1, 11))


def test_the_four_headings_of_allergies(pack, snapshot):
    text = " ".join(flat(page) for page in pack(forms=[], blanks=0).words)
    assert "Known allergies: 10, all listed below" in text
    assert "No known allergies" in text
    assert "Allergies not recorded" in text


def test_patients_of_one_name_are_warned_of(pack):
    pages = pack(forms=[], blanks=0).words
    warned = [page for page in pages if "another inpatient has this name" in page]
    assert len(warned) == 2
    assert all("EXAMPLE, Samuel" in page for page in warned)


def test_a_name_in_arabic_is_shaped_and_never_a_question_mark(pack):
    printed = pack(forms=["observations"], blanks=0)
    (page,) = [p for p in printed.words if "Observations record" in p and "RX00004" in p]
    assert "محمد" in page
    assert "?" not in "".join(printed.words)


def test_blank_sets_share_one_downtime_number_each(pack, vault):
    printed = pack(forms=[], blanks=2)
    rows = [
        r for r in ledger.list_pack_forms(vault, printed.result.id) if r.subject.downtime_number
    ]
    numbers = {r.subject.downtime_number for r in rows}
    assert len(numbers) == 2
    adult = load_form_sets(Settings())["adult"]
    assert {r.form for r in rows} == {"admission", "transfer", "discharge", *adult.patient}
    text = "".join(printed.words)
    assert all(number in text for number in numbers)
    assert "phoned-result" in {r.form for r in ledger.list_pack_forms(vault, printed.result.id)}


def test_a_drill_is_on_every_page_and_in_the_file_name(pack, vault, actor):
    outages.declare_systems_down(vault, ["LIMS"], actor, "Drill", known=["LIMS"], drill=True)
    printed = pack(forms=["observations"], blanks=1)
    assert all("DRILL 2026-11-02-1" in page for page in printed.words)
    assert printed.result.file_name == "DRILL_A1_as-at-2026-11-02-1400.pdf"
    assert all(row.drill for row in ledger.list_pack_forms(vault, printed.result.id))


def test_an_outage_is_on_every_page(pack, vault, actor):
    outages.declare_systems_down(vault, ["LIMS"], actor, "Down", known=["LIMS"])
    printed = pack(forms=[], blanks=0)
    assert all("Outage 2026-11-02-1" in page for page in printed.words)
    assert not any("DRILL" in page for page in printed.words)


def test_the_document_is_sound_and_says_what_it_is(pack):
    printed = pack(blanks=1)
    document = pikepdf.open(io.BytesIO(printed.pdf))
    assert document.check_pdf_syntax() == []
    assert str(document.docinfo.Title) == "Downtime pack A1"
    assert str(document.Root.Lang) == "en-GB"


def test_pages_that_could_not_be_handed_over_are_void(vault, snapshot, settings, actor):
    class Full(io.BytesIO):
        def write(self, data):
            if self.tell() > 50_000:
                raise OSError("no space left")
            return super().write(data)

    with pytest.raises(OSError, match="no space"):
        print_pack(
            vault, settings, WardPack(wards=("A1",)), actor, "Test", Full(), snapshot=snapshot
        )
    (failed,) = ledger.list_packs(vault)
    assert failed.state == "failed"
    assert {row.state for row in ledger.list_pack_forms(vault, failed.id)} == {"void"}


def test_a_pack_of_many_forms_is_issued_in_slices_before_any_page(pack, vault, monkeypatch, codes):
    monkeypatch.setattr(printing, "SLICE", 4)
    printed = pack(blanks=1)
    issued = ledger.list_pack_forms(vault, printed.result.id)
    assert len(issued) > 8
    of_pages = {
        serials.parse_page_code(code).serial for page in codes(printed.pdf) for code in page
    }
    assert of_pages == {form.serial for form in issued}
    (listed,) = ledger.list_packs(vault)
    assert listed.state == "printed"


@pytest.mark.parametrize("failing", [RuntimeError, KeyboardInterrupt])
def test_a_pack_that_is_issued_in_part_is_void(pack, vault, monkeypatch, failing):
    taken = printing.take_serials

    def take(of, db, device, count):
        if count < 4:
            raise failing
        return taken(of, db, device, count)

    monkeypatch.setattr(printing, "SLICE", 4)
    monkeypatch.setattr(printing, "take_serials", take)
    with pytest.raises(failing):
        pack(forms=["observations"], blanks=0)
    (failed,) = ledger.list_packs(vault)
    forms = ledger.list_pack_forms(vault, failed.id)
    assert (failed.state, {form.state for form in forms}) == ("failed", {"void"})


def test_a_disk_that_fills_between_slices_leaves_emergency_copies_alone_in_hand(
    pack, vault, monkeypatch
):
    taken = printing.take_serials

    def take(of, db, device, count):
        if count < 4:
            vault.write_access.close(ReadOnlyReason.DISK_FULL)
            raise ReadOnlyError(ReadOnlyReason.DISK_FULL)
        return taken(of, db, device, count)

    monkeypatch.setattr(printing, "SLICE", 4)
    monkeypatch.setattr(printing, "take_serials", take)
    printed = pack(forms=["observations"], blanks=0)
    assert all("EMERGENCY COPY: not in the ledger yet." in page for page in printed.words)
    (interrupted,) = ledger.list_packs(vault)
    waiting = [(change.action, change.target) for change in vault.write_access.queue]
    assert waiting[0] == (AuditAction.PACK_VOID, interrupted.id)
    assert AuditAction.PACK_PRINTED in [action for action, _ in waiting]


def test_progress_can_stop_a_printing(vault, snapshot, settings, actor):
    seen = []

    def progress(done, total):
        seen.append((done, total))
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        print_pack(vault, settings, WardPack(wards=("A1",)), actor, "Test", io.BytesIO(), snapshot=snapshot, progress=progress)  # fmt: skip
    assert [done for done, _ in seen] == [1, 2, 3]
    assert ledger.list_packs(vault)[0].state == "failed"


def test_serials_are_never_used_twice(pack, vault):
    first, second = pack(forms=[], blanks=0), pack(forms=[], blanks=0, recall=True)
    used = [
        row.serial for p in (first, second) for row in ledger.list_pack_forms(vault, p.result.id)
    ]
    assert len(used) == len(set(used))


def test_a_ward_that_the_snapshot_does_not_have(vault, snapshot, settings, actor):
    with pytest.raises(InputError, match="A1"):
        print_pack(
            vault, settings, WardPack(wards=("Z9",)), actor, "Test", io.BytesIO(), snapshot=snapshot
        )
    assert ledger.list_packs(vault) == []


@pytest.mark.parametrize("blanks", [-1, 101])
def test_a_number_of_spares_that_nobody_means_is_refused_by_every_door(
    vault, snapshot, settings, actor, blanks
):
    with pytest.raises(InputError, match="spares"):
        print_pack(
            vault, settings, WardPack(wards=("A1",), blanks=blanks), actor, "Test", io.BytesIO(),
            snapshot=snapshot,
        )  # fmt: skip
    assert ledger.list_packs(vault) == []


def test_the_whole_site(vault, snapshot, settings, actor, words):
    out = io.BytesIO()
    result = print_pack(
        vault, settings, WardPack(forms=(), blanks=1), actor, "Test", out, snapshot=snapshot
    )
    assert result.pages == len(words(out.getvalue()))


def test_one_patients_pages_name_nobody_in_file_or_title(vault, snapshot, settings, actor, words):
    out = io.BytesIO()
    result = print_pack(
        vault,
        settings,
        PatientPack(patient="p1", forms=("observations",)),
        actor,
        "Test",
        out,
        snapshot=snapshot,
    )
    document = pikepdf.open(io.BytesIO(out.getvalue()))
    assert result.forms == 1
    assert "CALLAGHAN" not in (result.file_name + str(document.docinfo.Title)).upper()
    assert all("O'CALLAGHAN-SMYTHE" in page for page in words(out.getvalue()))


def test_blank_forms_with_and_without_numbers(vault, settings, actor):
    out = io.BytesIO()
    result = print_pack(
        vault,
        settings,
        BlankForms(forms=("admission",), copies=2, numbered=True),
        actor,
        "Test",
        out,
    )
    numbers = {row.subject.downtime_number for row in ledger.list_pack_forms(vault, result.id)}
    assert (result.blank_forms, len(numbers), "" in numbers) == (2, 2, False)
    result = print_pack(
        vault, settings, BlankForms(forms=("admission",), copies=1), actor, "Test", io.BytesIO()
    )
    assert [row.subject.downtime_number for row in ledger.list_pack_forms(vault, result.id)] == [""]


def test_a_layout_is_made_once_and_kept(pack, monkeypatch):
    first = pack(forms=["observations"], blanks=0)

    def again(*_):
        raise AssertionError("a kept layout was laid out again")

    monkeypatch.setattr(print_context, "lay_out_form", again)
    second = pack(forms=["observations"], blanks=0, recall=True)
    assert len(second.words) == len(first.words) + 1, "and the list of pages to take out"


def test_the_kept_geometry_is_that_of_the_printed_form(pack, vault):
    pack(forms=["observations"], blanks=0)
    form = load_form("observations")
    stored = layouts.find_layout(vault.db, form_digest(form, "Hospital No."))
    assert stored == form_layout(form, "Hospital No.")


@pytest.mark.parametrize(("forms", "copies"), [((), 1), (("admission",), 0), (("admission",), 201)])
def test_a_number_of_blanks_that_nobody_means_is_refused_by_every_door(
    vault, settings, actor, forms, copies
):
    with pytest.raises(InputError):
        print_pack(
            vault, settings, BlankForms(forms=forms, copies=copies), actor, "Test", io.BytesIO()
        )
    assert ledger.list_packs(vault) == []
