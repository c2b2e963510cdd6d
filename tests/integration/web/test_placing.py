"""A hospital's own PDF becomes a form on the screen: brought, drawn, looked at, printed."""

import io
import re
import subprocess

import pytest
import yaml
from weasyprint import HTML

from downtime.paper.forms.field_placement import COLUMNS, BoxRow
from downtime.paper.forms.form_approval import read_approval
from downtime.paper.forms.load_form import load_form
from downtime.vault.model import MachineRole
from tests.integration.paper.test_background import A4, turned, with_fields
from tests.integration.web.test_paper import finished
from tests.site import Site

FORM = {
    "title": "Own form", "version": "1", "status": "active", "purpose": "Test.",
    "policy": "full", "record": "Document", "system": "EPR", "shown": "1",
}  # fmt: skip
LABEL = BoxRow("patient.label", page="0", x="20", y="20", width="90", height="40")


def table(*rows):
    return {column: [getattr(row, column) for row in rows] for column in COLUMNS}


def bring(browser, pdf, name="own"):
    return browser.post(
        "/forms/place",
        {"name": name, "file": (io.BytesIO(pdf), "whatever.pdf")},
        content_type="multipart/form-data",
    )


@pytest.fixture
def administrator(hospital):
    return hospital.browser("administrator")


def test_a_pdf_is_drawn_on_and_printed_like_any_form(hospital, administrator):
    answer = bring(administrator, turned(A4, 90))
    assert answer.location == "/forms/place/own"
    page = administrator.get(answer.location).text
    assert 'data-width="210.0" data-height="297.0"' in page
    picture = administrator.get("/forms/place/own/1.png")
    assert picture.mimetype == "image/png"
    assert picture.data.startswith(b"\x89PNG")
    drawn = table(
        LABEL,
        BoxRow("reason", "Reason", "string", "1", "30", "100,5", "80", "9"),
        BoxRow("done", "Done", "boolean", "1", "30", "120", "5", "5"),
        BoxRow("side=left", "Left", "string", "1", "60", "120", "5", "5"),
        BoxRow("side=right", "Right", "string", "1", "80", "120", "5", "5"),
        BoxRow(""),
    )
    answer = administrator.post("/forms/place/own", {**FORM, **drawn})
    assert answer.status_code == 303
    form = load_form("own", hospital.home)
    assert [item.link_id for item in form.items] == ["reason", "done", "side"]
    assert form.items[0].boxes[0].y == 100.5
    assert [option.display for option in form.items[2].options] == ["Left", "Right"]
    page = administrator.get("/forms/place/own").text
    assert "is saved" in page
    assert re.search(r'name="key" value="side=left"', page)
    preview = administrator.get("/forms/place/own/preview")
    assert "SPECIMEN, Samuel" in read(preview.data)
    page = administrator.get("/forms/place/own/approval").text
    assert "You made this form or an earlier draft of it" in page
    digest = read_approval(form, hospital.home).digest
    assert f'<span class="mono">{digest[:16]}</span>' in page
    agreed = {"digest": digest, "review": "31/12/26", "reason": "Chart group"}
    assert administrator.post("/forms/place/own/approval", agreed).status_code == 403
    administrator.post("/sign-out")
    site = hospital.browser("site")
    page = site.get("/forms/place/own/approval").text
    assert f'value="{digest}"' in page
    assert "SPECIMEN, Samuel" in read(site.get("/forms/place/own/preview").data)
    refused = site.post("/forms/place/own/approval", {**agreed, "review": "1/1/20"})
    assert (refused.status_code, "It was not approved" in refused.text) == (400, True)
    assert site.post("/forms/place/own/approval", agreed).status_code == 303
    page = site.get("/forms/place").text
    assert "31-Dec-2026" in page
    assert "Upload a PDF" not in page
    assert site.get("/forms/place/own").status_code == 403
    site.post("/sign-out")
    ward = hospital.browser("ward")
    answer = ward.post("/print/blank", {"form": "own", "copies": "1", "numbered": "1"})
    _, file = finished(hospital, ward, answer.location)
    assert "DK7" in read(file.data)


def read(pdf):
    text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(text.stdout.decode().split())


def test_the_fields_of_the_pdf_are_offered_at_once(hospital, administrator):
    bring(administrator, with_fields())
    page = administrator.get("/forms/place/own").text
    assert 'name="key" value="reason"' in page
    assert 'name="field" value="Reason"' in page
    rows = table(
        LABEL,
        BoxRow("reason", "Reason", field="Reason"),
        BoxRow("done", "Done", "boolean", field="Done"),
    )
    assert administrator.post("/forms/place/own", {**FORM, **rows}).status_code == 303
    assert load_form("own", hospital.home).items[1].boxes[0].field == "Done"


def test_what_the_screen_does_not_show_stays_in_the_definition(hospital, administrator):
    bring(administrator, turned(A4, 0))
    kept = {
        "name": "own", "background": "own.pdf", "place": {"patient.name": {"x": 1, "y": 1, "width": 9, "height": 9}},
        **{key: value for key, value in FORM.items() if key != "shown"},
        "item": [
            {"linkId": "rows", "type": "group", "repeats": True, "rows": 3, "item": [
                {"linkId": "what", "text": "What", "type": "string", "maxLength": 40,
                 "place": {"x": 20, "y": 100, "width": 50, "height": 8, "step": 9}},
            ]},
            {"linkId": "note", "text": "Read this.", "type": "display"},
            {"linkId": "gone", "text": "Gone", "type": "string"},
        ],
    }  # fmt: skip
    (hospital.home.forms_folder / "own.yaml").write_text(yaml.safe_dump(kept))
    page = administrator.get("/forms/place/own").text
    assert 'name="step" value="9"' in page
    rows = table(LABEL, BoxRow("what", "What", "string", "1", "25", "100", "50", "8", "9"))
    assert administrator.post("/forms/place/own", {**FORM, **rows}).status_code == 303
    form = load_form("own", hospital.home)
    assert [item.link_id for item in form.items] == ["rows", "note"]
    (what,) = form.items[0].items
    assert (what.max_length, what.boxes[0].x, what.boxes[0].step) == (40, 25, 9)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([LABEL], "has no field of its own"),
        ([LABEL, BoxRow("a", "A", x="here", y="1", width="1", height="1")], "of &#39;a&#39; is no number"),
        ([LABEL, BoxRow("a", "A", x="200", y="1", width="50", height="5")], "is not on the page"),
        ([LABEL, BoxRow("a", "A"), BoxRow("a", "B")], "has two rows"),
        ([LABEL, BoxRow("a b", "A")], "letters, digits"),
        ([BoxRow("a", "A")], "gives a place to"),
        ([LABEL, BoxRow("a", "A", field="Nothing")], "no form field"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_and_nothing_is_kept(hospital, administrator, rows, sentence):
    bring(administrator, turned(A4, 0))
    answer = administrator.post("/forms/place/own", {**FORM, **table(*rows)})
    assert answer.status_code == 400
    assert "Not saved" in answer.text
    assert sentence in answer.text
    assert not (hospital.home.forms_folder / "own.yaml").exists()


def test_a_file_that_is_no_form_is_refused(hospital, administrator):
    answer = bring(administrator, b"%PDF-1.7 nonsense")
    assert answer.status_code == 400
    assert "cannot be the background" in answer.text
    assert bring(administrator, turned(A4, 0), "../x").status_code == 400
    assert list(hospital.home.forms_folder.glob("*")) == []
    assert administrator.get("/forms/place/nothing").status_code == 404


def test_who_brought_and_drew_it_is_in_the_audit(hospital, administrator):
    bring(administrator, turned(A4, 0))
    administrator.post("/forms/place/own", {**FORM, **table(LABEL, BoxRow("a", "A"))})
    signed_in = hospital.open()
    actions = [row["action"] for row in signed_in.vault.db.query("SELECT action FROM audit")]
    signed_in.vault.close()
    assert {"form.background", "form.save"} <= set(actions)


def test_only_an_administrator_changes_forms(hospital):
    ward = hospital.browser("ward")
    assert ward.get("/forms/place").status_code == 403
    assert bring(ward, turned(A4, 0)).status_code == 403


def test_a_machine_that_is_no_publisher_says_where_forms_are_made(hospital, administrator):
    bring(administrator, turned(A4, 0))
    signed_in = hospital.open()
    Site().enrol(signed_in.vault, MachineRole.WARD_LAPTOP)
    signed_in.vault.close()
    page = administrator.get("/forms/place").text
    assert "uploaded, drawn and approved on a publisher" in page
    assert "Upload a PDF" not in page
    assert "Draw its" not in page
    drawing = administrator.get("/forms/place/own")
    saving = administrator.post("/forms/place/own", {**FORM, **table(LABEL, BoxRow("a", "A"))})
    for answer in (drawing, saving, bring(administrator, turned(A4, 90), "two")):
        assert answer.status_code == 409
        assert "made and approved on a publisher" in answer.text
    assert [path.name for path in hospital.home.forms_folder.iterdir()] == ["own.pdf"]


OWN_CHART = """
<style>@page{size:A4;margin:15mm} td,th{border:0.5pt solid #555;height:9mm;width:50mm;font-size:9pt}
table{border-collapse:collapse} .tick{display:inline-block;width:5mm;height:5mm;border:0.6pt solid #000}
.label{width:85mm;height:40mm;border:1pt solid #000} .full{position:absolute;right:0;top:0;background:#000;
width:40mm;height:30mm}</style>
<div class="full"></div><div class="label">Affix patient label here</div>
<p><span class="tick"></span> Pressure ulcer</p>
<table><tr><th>Length (cm)<th>Signature</tr><tr><td><td></tr><tr><td><td></tr></table>
"""


def test_a_page_s_own_boxes_are_found_and_become_the_form_s_fields(hospital, administrator):
    bring(administrator, HTML(string=OWN_CHART).write_pdf())
    page = administrator.get("/forms/place/own").text
    assert "Found on this page: 5 places to write in" in page
    offered = [
        BoxRow(**{column: find_values(row, column)[0] for column in COLUMNS})
        for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
        if 'name="key"' in row and find_values(row, "key") != [""]
    ]
    rows = {row.key: row for row in offered}
    assert rows["pressure-ulcer"].type == "boolean"
    assert {"length-cm", "length-cm-2", "signature", "signature-2"} <= rows.keys()
    assert float(rows["patient.label"].width) > 80
    assert float(rows["page.code-a"].y) > 45  # what is printed in the corner stays readable
    assert administrator.post("/forms/place/own", {**FORM, **table(*offered)}).status_code == 303
    page = administrator.get("/forms/place/own").text
    assert "Found on this page" not in page
    assert "No other place to write in" in administrator.get("/forms/place/own?found=1").text
    printed = read(administrator.get("/forms/place/own/preview").data)
    assert "SPECIMEN, Samuel" in printed


def find_values(row, column):
    inputs = re.findall(rf'<input[^>]*name="{column}"[^>]*value="([^"]*)"', row, re.DOTALL)
    return inputs or re.findall(r"<option selected>([^<]*)", row)
