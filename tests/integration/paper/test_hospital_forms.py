"""A hospital's own forms: begun, looked at, printed, exchanged as FHIR."""

import io
import json
from dataclasses import replace

import pytest

from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import hospital_backgrounds, ledger, serials
from downtime.paper.forms import hospital_forms
from downtime.paper.forms.load_form import check_file, load_form, load_forms
from downtime.paper.packs import preview_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.vault.files import make_private_folder
from tests.integration.paper.test_background import A4, FORM, turned

from .conftest import read_words


def test_what_is_begun_can_be_used_at_once(vault, settings, actor, words):
    path = hospital_forms.create_form(vault.home, "falls-check")
    assert path == vault.home.forms_folder / "falls-check.yaml"
    assert check_file(path) == []
    out = io.BytesIO()
    printed = print_pack(
        vault, settings, BlankForms(forms=("falls-check",), copies=1), actor, "Test", out
    )
    (text,) = words(out.getvalue())
    assert "Falls check" in text
    assert "Patient informed" in text
    (form,) = ledger.list_pack_forms(vault, printed.id)
    assert (form.form, form.returns) == ("falls-check", True)


def test_a_form_is_never_written_over_unasked(home):
    path = hospital_forms.create_form(home, "falls-check")
    path.write_text(path.read_text() + "# ours\n")
    with pytest.raises(ConflictError, match="already"):
        hospital_forms.create_form(home, "falls-check")
    assert path.read_text().endswith("# ours\n")


@pytest.mark.parametrize("name", ["", "Falls", "../falls", "falls check", "a" * 61, "-a"])
def test_a_name_that_is_no_file_name_is_refused(home, name):
    with pytest.raises(InputError, match="small letters"):
        hospital_forms.create_form(home, name)
    assert not home.forms_folder.exists()


def test_a_definition_with_a_mistake_is_not_saved(home):
    with pytest.raises(InputError, match="line 1: The form needs 'version'"):
        hospital_forms.save_form(home, "bad", "name: bad\n")
    assert not (home.forms_folder / "bad.yaml").exists()


def test_a_form_travels_as_a_questionnaire_to_another_home(home, tmp_path):
    file = tmp_path / "q.json"
    file.write_bytes(hospital_forms.export_questionnaire("observations", None))
    path, notes = hospital_forms.import_questionnaire(home, file)
    assert (path.name, notes) == ("observations.yaml", [])
    ours, theirs = load_form("observations", home), load_form("observations")
    assert replace(ours, digest="", source="") == replace(theirs, digest="", source="")
    with pytest.raises(ConflictError):
        hospital_forms.import_questionnaire(home, file)
    hospital_forms.import_questionnaire(home, file, replace=True)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"resourceType": "Questionnaire", "id": "a", "item": [{"linkId": "x", "type": "choice",'
         b' "answerOption": [{"valueCoding": {}}]}]}', "has no value"),
        (b'{"resourceType": "Questionnaire", "id": "a", "contained": [{"resourceType": "ValueSet",'
         b' "compose": []}], "item": []}', "item"),
        (b'{"resourceType": "Questionnaire", "id": "a", "contained": [{"resourceType": "ValueSet",'
         b' "compose": "x"}]}', "as FHIR says"),
    ],
)  # fmt: skip
def test_a_broken_questionnaire_is_refused_and_nothing_is_kept(home, tmp_path, content, sentence):
    file = tmp_path / "q.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        hospital_forms.import_questionnaire(home, file)
    assert not list(home.path.glob("forms/*"))


def test_an_unknown_form_is_not_exported(home):
    with pytest.raises(NotFoundError, match="no such form"):
        hospital_forms.export_questionnaire("nonsense", home)


@pytest.mark.parametrize("name", sorted(load_forms()))
def test_every_field_is_filled_in_a_preview(name, settings, clock):
    form = load_form(name)
    assert set(form.keys()) <= set(preview_form.specimen_values(form))
    out = io.BytesIO()
    pages = preview_form.preview_form(form, None, settings, clock(), out)
    words = read_words(out.getvalue())
    assert len(words) == pages
    assert all("SPECIMEN" in page for page in words)


def test_a_preview_is_nowhere_and_its_codes_are_those_of_no_page(
    vault, settings, clock, tmp_path, codes
):
    out = io.BytesIO()
    preview_form.preview_form(load_form("observations"), None, settings, clock(), out)
    (read,) = codes(out.getvalue())
    assert read
    assert not any(serials.is_page_code(code) for code in read)
    assert ledger.list_packs(vault) == []


def test_a_questionnaire_in_json_is_read_by_people_too():
    text = hospital_forms.export_questionnaire("phoned-result", None).decode()
    assert json.loads(text)["title"] in text
    assert "\n  " in text


def test_a_drawn_form_without_a_field_is_refused_by_every_door(vault, settings, actor):
    with pytest.raises(InputError, match="no field of its own"):
        hospital_backgrounds.save_placement(vault, settings, {"name": "own", "item": []}, actor)


def test_a_form_on_the_hospitals_own_pdf_is_not_replaced_by_an_import(home, tmp_path):
    make_private_folder(home.forms_folder)
    (home.forms_folder / "own.pdf").write_bytes(turned(A4, 0))
    (home.forms_folder / "falls-assessment.yaml").write_text(
        FORM.replace("name: own", "name: falls-assessment"), encoding="utf-8"
    )
    kept = load_form("falls-assessment", home)
    file = tmp_path / "falls.json"
    file.write_bytes(hospital_forms.export_questionnaire("falls-assessment", None))
    with pytest.raises(ConflictError, match="stands on a PDF of your own"):
        hospital_forms.import_questionnaire(home, file, replace=True)
    assert load_form("falls-assessment", home) == kept
