"""The picture of all forms in docs/ shows the forms that there are."""

from pathlib import Path

from PIL import Image

from downtime.paper.forms.load_form import load_forms

SHEET = Path(__file__).parents[2] / "docs" / "forms-contact-sheet.png"


def test_the_contact_sheet_shows_every_form_in_its_present_version():
    with Image.open(SHEET) as picture:
        shown = set(picture.text["Forms"].splitlines())
    drawn = {f"{name} {form.version}" for name, form in load_forms().items()}
    assert shown == drawn, "draw it again with scripts/contact-sheet"


def test_the_contact_sheet_is_small_enough_to_be_kept():
    assert SHEET.stat().st_size < 2_000_000
