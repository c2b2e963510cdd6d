"""A hospital's own PDF as the page of a form, however it is turned, cut or filled with fields."""

import io
import subprocess
import zlib
from dataclasses import replace
from itertools import product

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageFilter

from downtime.errors import InputError, NotFoundError
from downtime.paper import ledger, serials
from downtime.paper.forms import background
from downtime.paper.forms.load_form import check_file, load_form
from downtime.paper.layout.lay_out_form import lay_out_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.preview_form import preview_form
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.store import layouts
from downtime.paper_settings import PaperSettings
from tests.integration.paper.approvals import approve_own_form
from tests.integration.paper.odd_pdfs import PRINTED, REFUSED
from tests.night import sample

MM = 72 / 25.4
A3, A4, A5 = (297, 420), (210, 297), (148, 210)
FORM = """\
name: own
version: "1"
title: Own form
status: active
purpose: Test.
policy: full
record: Observation
system: EPR
background: own.pdf
place:
  patient.label: {x: 20, y: 20, width: 90, height: 40}
  author.name: {x: 20, y: 120, width: 60, height: 8}
item:
  - {linkId: reason, text: Reason, type: string, prefill: encounter.reason,
     place: {x: 30, y: 80, width: 60, height: 8}}
  - {linkId: done, text: Done, type: boolean, place: {x: 30, y: 95, width: 6, height: 6}}
  - linkId: side
    text: Side
    type: choice
    answerOption: [{code: left, display: Left}, {code: right, display: Right}]
    place:
      left: {x: 60, y: 95, width: 6, height: 6}
      right: {x: 80, y: 95, width: 6, height: 6}
"""


def drawing(wide, high):
    """A frame with a black square of 10 mm whose upper left corner is at 30, 80 mm from the top."""
    return (
        f"q 2 w 1 1 {wide - 2:.2f} {high - 2:.2f} re S"
        f" {30 * MM:.2f} {high - 90 * MM:.2f} {10 * MM:.2f} {10 * MM:.2f} re f Q"
    )


def turned(size, rotate, offset=(0.0, 0.0), unit=1.0):
    """The same sheet, stored turned and moved: what is seen is always the upright drawing."""
    wide, high = (side * MM for side in size)
    document = pikepdf.new()
    stored = (wide, high) if rotate % 180 == 0 else (high, wide)
    x, y = offset
    page = document.add_blank_page(page_size=stored)
    turn = {
        0: f"1 0 0 1 {x} {y}",
        90: f"0 1 -1 0 {stored[0] + x} {y}",
        180: f"-1 0 0 -1 {stored[0] + x} {stored[1] + y}",
        270: f"0 -1 1 0 {x} {stored[1] + y}",
    }[rotate]
    content = f"q {turn} cm {drawing(wide, high)} Q"
    page.obj.Contents = document.make_stream(content.encode())
    box = [x, y, x + stored[0], y + stored[1]]
    page.obj.MediaBox = pikepdf.Array([x - 20, y - 30, box[2] + 10, box[3] + 15])
    page.obj.CropBox = pikepdf.Array(box)
    if rotate:
        page.obj.Rotate = rotate
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_fields():
    """A4 with a text field (pre-filled, bordered), a tick box and a link."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(210 * MM, 297 * MM))
    page.obj.Contents = document.make_stream(drawing(210 * MM, 297 * MM).encode())

    def widget(name, kind, x, y, wide, high, **more):
        rect = [x * MM, (297 - y - high) * MM, (x + wide) * MM, (297 - y) * MM]
        return document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name(kind),
                T=name, Rect=pikepdf.Array(rect), F=4, **more,
            )
        )  # fmt: skip

    text = widget("Reason", "/Tx", 100, 150, 70, 9, V="LEFT OVER", DA="/Helv 10 Tf 0 g")
    box = widget("Done", "/Btn", 20, 150, 5, 5)
    link = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 50, 50],
            A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org"),
        )
    )  # fmt: skip
    page.obj.Annots = pikepdf.Array([text, box, link])
    helvetica = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    document.Root.AcroForm = pikepdf.Dictionary(
        Fields=pikepdf.Array([text, box]),
        DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=helvetica)),
        DA="/Helv 10 Tf 0 g",
    )
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.fixture
def own(vault, settings, actor):
    """`own(pdf, definition)` puts both into the home, and two people stand for them."""

    def put(pdf, text=FORM):
        vault.home.forms_folder.mkdir(exist_ok=True)
        (vault.home.forms_folder / "own.pdf").write_bytes(pdf)
        (vault.home.forms_folder / "own.yaml").write_text(text)
        assert check_file(vault.home.forms_folder / "own.yaml") == []
        approve_own_form(vault, settings, "own", actor)

    return put


@pytest.fixture
def printed(vault, snapshot, settings, actor):
    """Print the form for patient 1; the PDF."""

    def build():
        out = io.BytesIO()
        print_pack(
            vault,
            settings,
            PatientPack(patient="p1", forms=("own",)),
            actor,
            "Test",
            out,
            snapshot=snapshot,
        )
        return out.getvalue()

    return build


def pictures(pdf, tmp_path, dpi=100):
    file = tmp_path / "seen.pdf"
    file.write_bytes(pdf)
    subprocess.run(
        ["pdftoppm", "-cropbox", "-r", str(dpi), "-gray", file, tmp_path / "seen"], check=True
    )
    found = [Image.open(path) for path in sorted(tmp_path.glob("seen-*.pgm"))]
    for path in tmp_path.glob("seen-*.pgm"):
        path.unlink()
    return found


@pytest.mark.parametrize(("rotate", "size"), sample(product([0, 90, 180, 270], [A4, A3, A5]), 4))
def test_a_page_stands_upright_and_whole_however_it_was_stored(
    own, vault, settings, tmp_path, rotate, size
):
    own(turned(size, rotate, offset=(37.0, 53.0)))
    layout = lay_out_form(load_form("own", vault.home), vault.home, settings)
    assert layout.size == pytest.approx((size[0] * MM, size[1] * MM), abs=0.1)
    plain = io.BytesIO()
    with pikepdf.new() as expected:
        page = expected.add_blank_page(page_size=layout.size)
        page.obj.Contents = expected.make_stream(drawing(*layout.size).encode())
        expected.save(plain)
    (seen,) = pictures(
        background.open_background(vault.home.forms_folder / "own.pdf", settings.paper).pdf,
        tmp_path,
    )
    (wanted,) = pictures(plain.getvalue(), tmp_path)
    assert seen.size == wanted.size
    different = ImageChops.difference(seen, wanted).point(lambda v: 255 * (v > 128))
    assert sum(different.histogram()[128:]) < 400, "the same but for edges of lines"


def test_places_are_millimetres_from_the_upper_left_corner(own, vault, settings):
    own(turned(A4, 90, offset=(10, 10)))
    (page,) = lay_out_form(load_form("own", vault.home), vault.home, settings).pages
    place = next(place for place in page if place.key == "reason")
    assert (place.x / MM, place.width / MM) == pytest.approx((30, 60), abs=0.01)
    assert 297 - (place.y + place.height) / MM == pytest.approx(80, abs=0.02)
    kinds = {place.key: place.kind for place in page}
    assert kinds["done"] == kinds["side=left"] == kinds["side=right"] == "tick"
    assert kinds["author.name"] == kinds["patient.nhs"] == "text"
    assert kinds["page.code-a"] == kinds["page.code-b"] == "code"


@pytest.mark.parametrize("size", [A3, A4, A5])
def test_identity_values_serial_and_both_codes_are_stamped(own, printed, words, codes, size, vault):
    own(turned(size, 270, offset=(5, 5)))
    pdf = printed()
    form = next(row for row in ledger.list_patient_forms(vault, "p1") if row.form == "own")
    pages = [" ".join(page.split()) for page in words(pdf)]
    number, said = next(
        (at, page) for at, page in enumerate(pages) if serials.format_serial(form.serial) in page
    )
    for wanted in ("O'CALLAGHAN-SMYTHE, Aoife (Mrs)", "02-Jan-1960 (66y)", "999 000 0018",
                   "RX00001", "Fall", "Hospital No."):  # fmt: skip
        assert wanted in said, wanted
    read = sorted(serials.parse_page_code(code) for code in codes(pdf)[number])
    assert [(code.serial, code.corner) for code in read] == [(form.serial, "A"), (form.serial, "B")]
    assert "Penicillin preparation number 1" in pages[-1], "what does not fit is never lost"


def test_a_code_is_white_round_about_even_on_a_dark_page(own, vault, settings, actor, codes):
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(210 * MM, 297 * MM))
    page.obj.Contents = document.make_stream(b"0.3 g 0 0 700 900 re f")
    dark = io.BytesIO()
    document.save(dark)
    own(dark.getvalue())
    out = io.BytesIO()
    print_pack(vault, settings, BlankForms(forms=("own",), copies=1), actor, "Test", out)
    assert len(codes(out.getvalue())[0]) == 2


FIELDS = FORM.replace("{x: 30, y: 80, width: 60, height: 8}", '{field: "Reason"}').replace(
    "place: {x: 30, y: 95, width: 6, height: 6}}", "place: {field: Done}}"
)


def test_the_fields_of_the_pdf_itself_are_used_and_its_form_is_gone(own, printed, vault, settings):
    own(with_fields(), FIELDS)
    (page,) = lay_out_form(load_form("own", vault.home), vault.home, settings).pages
    reason = next(place for place in page if place.key == "reason")
    assert (reason.x / MM, reason.width / MM, reason.height / MM) == pytest.approx(
        (100, 70, 9), abs=0.02
    )
    pdf = printed()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert "/AcroForm" not in document.Root
        assert all("/Annots" not in page for page in document.pages)
    for word in (b"LEFT OVER", b"example.org"):
        assert word not in pdf
    text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    assert b"LEFT OVER" not in text.stdout


def test_a_field_that_the_pdf_does_not_have_is_named(own, vault, settings):
    own(with_fields(), FIELDS.replace('"Reason"', '"Resaon"'))
    with pytest.raises(InputError, match="no form field 'Resaon', which 'reason' names"):
        lay_out_form(load_form("own", vault.home), vault.home, settings)


def test_a_place_beside_the_page_is_named(own, vault, settings):
    own(turned(A5, 0), FORM.replace("x: 30, y: 80", "x: 130, y: 80"))
    with pytest.raises(InputError, match="'reason' is not on the page") as refused:
        lay_out_form(load_form("own", vault.home), vault.home, settings)
    assert "148 by 210 mm" in refused.value.next_step


def test_rows_go_down_by_their_step(own, vault, settings):
    rows = """\
  - linkId: row
    type: group
    repeats: true
    rows: 3
    item:
      - {linkId: what, type: string, place: {x: 20, y: 150, width: 50, height: 7, step: 9.5}}
"""
    own(turned(A4, 0), FORM + rows)
    (page,) = lay_out_form(load_form("own", vault.home), vault.home, settings).pages
    tops = [297 - (place.y + place.height) / MM for place in page if place.key.startswith("what:")]
    assert tops == pytest.approx([150, 159.5, 169], abs=0.02)


def test_a_changed_pdf_is_another_layout_and_the_old_one_is_kept(own, printed, vault):
    own(turned(A4, 0))
    printed()
    own(turned(A5, 0))
    printed()
    first, second = (
        row.layout for row in ledger.list_patient_forms(vault, "p1") if row.form == "own"
    )
    assert first != second
    assert layouts.find_layout(vault.db, first).size[0] == pytest.approx(210 * MM, abs=0.1)


def test_a_preview_shows_every_place(own, vault, settings, clock, words, tmp_path):
    own(turned(A4, 0))
    out = io.BytesIO()
    assert preview_form(load_form("own", vault.home), vault.home, settings, clock(), out) == 1
    said = " ".join(words(out.getvalue())[0].split())
    assert "SPECIMEN, Samuel (Mr)" in said
    assert "Alex Example" in said
    (tmp_path / "preview.pdf").write_bytes(out.getvalue())
    subprocess.run(["qpdf", "--check", tmp_path / "preview.pdf"], check=True, capture_output=True)


def refused(tmp_path, content, **limits):
    file = tmp_path / "bad.pdf"
    file.write_bytes(content)
    with pytest.raises(InputError) as error:
        background.open_background(file, replace(PaperSettings(), **limits))
    assert error.value.code == "background.unfit"
    return error.value.sentence


def test_what_is_no_form_is_refused_in_a_sentence(tmp_path):
    assert "damaged, or no PDF" in refused(tmp_path, b"%PDF-1.7\nnonsense")
    assert "damaged, or no PDF" in refused(tmp_path, b"")
    assert "too large" in refused(tmp_path, turned(A4, 0), background_max_bytes=100)
    assert "takes too long" in refused(tmp_path, turned(A4, 0), background_seconds=0)
    assert "size between A6 and A3" in refused(tmp_path, turned((40, 40), 0))
    many = pikepdf.new()
    for _ in range(21):
        many.add_blank_page(page_size=(595, 842))
    out = io.BytesIO()
    many.save(out)
    assert "21 pages" in refused(tmp_path, out.getvalue())
    mixed = pikepdf.new()
    mixed.add_blank_page(page_size=(595, 842))
    mixed.add_blank_page(page_size=(842, 595))
    out = io.BytesIO()
    mixed.save(out)
    assert "different sizes" in refused(tmp_path, out.getvalue())
    out = io.BytesIO()
    mixed.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert "locked with a password" in refused(tmp_path, out.getvalue())


@pytest.mark.parametrize("name", REFUSED)
def test_an_odd_file_is_refused_with_its_reason(tmp_path, name):
    make, reason = REFUSED[name]
    assert reason in refused(tmp_path, make())


@pytest.mark.parametrize("name", PRINTED)
def test_an_odd_file_is_printed_as_another_program_shows_it(tmp_path, name):
    content, file = PRINTED[name](), tmp_path / "odd.pdf"
    file.write_bytes(content)
    printed_pages = pictures(background.open_background(file, PaperSettings()).pdf, tmp_path, 50)
    shown_pages = pictures(content, tmp_path, 50)
    assert len(printed_pages) == len(shown_pages)
    for printed_page, shown in zip(printed_pages, shown_pages, strict=True):
        scale = 2 if "unit" in name else 1  # Poppler knows nothing of a page's own unit
        assert printed_page.size == pytest.approx([scale * side for side in shown.size], abs=scale)
        assert printed_page.histogram()[0] > 200, "the marks are there"
        near = shown.resize(printed_page.size).filter(ImageFilter.MinFilter(5))
        added = ImageChops.subtract(near, printed_page).point(lambda v: 255 * (v > 128))
        near = printed_page.filter(ImageFilter.MinFilter(5))
        lost = ImageChops.subtract(near, shown.resize(printed_page.size)).point(
            lambda v: 255 * (v > 128)
        )
        allowed = 150 if "filled" in name else 0  # what was typed before is not printed
        assert added.histogram()[255] == 0
        assert lost.histogram()[255] <= allowed


def test_a_missing_background_is_named_with_its_line(own, vault, settings):
    own(turned(A4, 0))
    form = load_form("own", vault.home)
    (vault.home.forms_folder / "own.pdf").unlink()
    (problem,) = check_file(vault.home.forms_folder / "own.yaml")
    assert str(problem) == (
        "own.yaml, line 9: The background 'own.pdf' does not lie beside this file."
    )
    with pytest.raises(NotFoundError, match="not there"):
        lay_out_form(form, vault.home, settings)


def test_a_page_is_shown_as_a_picture(own, vault, settings):
    own(turned(A4, 90))
    png = background.draw_page(vault.home.forms_folder / "own.pdf", 1, settings.paper)
    assert Image.open(io.BytesIO(png)).size == pytest.approx((827, 1170), abs=2)
    with pytest.raises(InputError, match="no page 2"):
        background.draw_page(vault.home.forms_folder / "own.pdf", 2, settings.paper)


def test_a_page_that_asks_for_too_much_memory_is_refused(tmp_path):
    """A child that may have less than the page needs gives up; this process does not."""
    side = 16_000
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(595, 842))
    image = document.make_stream(
        zlib.compress(b"\0" * side * side, 9),
        Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=side, Height=side,
        ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=8, Filter=pikepdf.Name.FlateDecode,
    )  # fmt: skip
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
    page.obj.Contents = document.make_stream(b"q 500 0 0 500 50 50 cm /I Do Q")
    document.save(tmp_path / "bomb.pdf")
    limits = replace(PaperSettings(), background_memory_bytes=60_000_000)
    with pytest.raises(InputError, match="asks for too much|damaged"):
        background.draw_page(tmp_path / "bomb.pdf", 1, limits)


def test_a_form_that_is_cut_off_is_refused_when_it_is_taken_over(tmp_path):
    whole = pikepdf.new()
    for _ in range(3):
        whole.add_blank_page(page_size=(595, 842))
    whole.save(tmp_path / "whole.pdf")
    content = (tmp_path / "whole.pdf").read_bytes()
    background.open_background(tmp_path / "whole.pdf", PaperSettings())
    for share in (0.5, 0.8, 0.95):
        (tmp_path / "cut.pdf").write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InputError, match="damaged"):
            background.open_background(tmp_path / "cut.pdf", PaperSettings())


def test_a_form_that_no_printer_could_draw_is_refused_when_it_is_taken_over(tmp_path):
    """A small file that draws without end."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(595, 842))
    page.obj.Contents = document.make_stream(b"0 0 m 500 500 l 0 400 l 300 0 l f*\n" * 3_000_000)
    document.save(tmp_path / "bomb.pdf", compress_streams=True)
    limits = replace(PaperSettings(), background_seconds=2)
    with pytest.raises(InputError, match="too long|too much|damaged"):
        background.open_background(tmp_path / "bomb.pdf", limits)
