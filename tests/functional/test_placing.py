"""Drawing places on a page with the mouse, and with the keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from downtime.paper.forms.load_form import load_form
from downtime.vault.files import make_private_folder
from tests.functional.conftest import click_through
from tests.integration.paper.test_background import A4, turned

pytestmark = pytest.mark.browser


def bring(served, name):
    folder = served.hospital.home.forms_folder
    make_private_folder(folder)
    (folder / f"{name}.pdf").write_bytes(turned(A4, 0))


def test_a_rectangle_is_drawn_named_and_kept(visit, served):
    bring(served, "drawn")
    page = visit("administrator")
    page.goto("/forms/place/drawn")
    page.wait_for_selector(".field-box")
    box = page.locator(".sheet").bounding_box()
    per_mm = box["width"] / 210
    page.mouse.move(box["x"] + 30 * per_mm, box["y"] + 100 * per_mm)
    page.mouse.down()
    page.mouse.move(box["x"] + 110 * per_mm, box["y"] + 112 * per_mm, steps=4)
    page.mouse.up()
    page.keyboard.type("reason")
    page.keyboard.press("Tab")
    page.keyboard.type("Reason")
    assert page.locator(".field-box.chosen").inner_text() == "reason"
    assert Axe().run(page).response["violations"] == []
    click_through(page.locator("text=Save the form"))
    page.wait_for_selector("text=is saved")
    (field,) = load_form("drawn", served.hospital.home).items
    spot = field.boxes[0]
    assert (field.link_id, field.text) == ("reason", "Reason")
    assert abs(spot.x - 30) <= 1
    assert abs(spot.y - 100) <= 1
    assert abs(spot.width - 80) <= 1
    assert abs(spot.height - 12) <= 1


def test_the_numbers_alone_are_enough(visit, served):
    bring(served, "typed")
    page = visit("administrator", java_script_enabled=False)
    page.goto("/forms/place/typed")
    row = page.locator(".placement tbody tr").nth(1)
    for name, text in {
        "key": "ward",
        "text": "Ward",
        "x": "20",
        "y": "90",
        "width": "40",
        "height": "8",
    }.items():
        row.locator(f"[name={name}]").fill(text)
    click_through(page.locator("text=Save the form"))
    page.wait_for_selector("text=is saved")
    (field,) = load_form("typed", served.hospital.home).items
    assert (field.link_id, field.boxes[0].y) == ("ward", 90)
