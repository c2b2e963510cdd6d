"""Find: whatever one knows of a patient finds them, and the screen says what it searched."""

import pytest

from tests.functional.conftest import click_through

pytestmark = pytest.mark.browser

SHOWN = """document.body.addEventListener('htmx:afterSettle', event => {
    window.shownFor = event.detail.requestConfig.parameters.text;
})"""
"""Notes for which text the list on the screen is."""


@pytest.fixture
def find(visit):
    page = visit("ward")

    def type_text(text):
        page.goto("/find")
        page.evaluate(SHOWN)
        page.fill("#text", "")  # what was typed last stands there
        page.fill("#text", text)
        page.wait_for_function("text => window.shownFor === text", arg=text)
        return page.inner_text("#results")

    type_text.page = page
    return type_text


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("oks", "names or numbers that begin with “oks”"),
        ("bjo OKS", "with “bjo”; names or numbers that begin with “oks”"),
        ("oksne", "one slip away"),
        ("øskne", "No patient in this copy matches"),
        ("B2 7", "patients in bed 7 on B2"),
        ("ward b2 bed 7", "patients in bed 7 on B2"),
        ("b2", "patients on B2"),
        ("1/9/2026", "born 01-Sep-2026"),
        ("1000003", "numbers that begin with “1000003”"),
    ],
)
def test_a_patient_is_found_by_what_one_knows(find, text, searched):
    results = find(text)
    assert searched in results
    assert ("ØKSEN, Bjørn" in results) == ("No patient" not in searched)


def test_one_letter_says_that_nothing_was_searched(find):
    assert "Nothing was searched for “s”: type 2 letters" in find("s")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "999 000 0019",
            "999 000 0019 is no NHS number: its check digit is 9, and 8 would be right.",
        ),
        (
            "DK7000018",
            "DK7000018 is no downtime number: its check character is 8, and 9 would be right.",
        ),
        ("K7-000042-A", "K7000042A is no serial of a form: its check character is A"),
    ],
)
def test_a_wrong_check_digit_is_named(find, text, sentence):
    assert sentence in find(text)


def test_a_number_one_slip_away_finds_nobody(find):
    assert "No patient in this copy matches" in find("1000009")


def test_a_downtime_number_just_issued_is_found_after_it_left_the_screen(find):
    page = find.page
    click_through(page.locator("nav >> text=Numbers"))
    click_through(page.locator("text=Issue one number"))
    number = page.inner_text(".codes").strip()
    for text in (number, number.lower(), f"{number[:3]} {number[3:]}"):
        results = find(text)
        assert f"{number} is a downtime number, given out" in results
        assert "by Ward Person" in results
        assert "No patient in this copy matches" not in results


@pytest.mark.parametrize(
    "path",
    [
        "/beds/ward?ward=A1",
        "/tests",
        "/find",
    ],
)
def test_two_patients_of_one_name_are_marked_on_every_list(find, path):
    if path == "/find":
        find("ann sam")
    page = find.page
    page.goto(path)
    rows = page.locator("tbody tr", has_text="SAMPLE, Ann")
    assert rows.count()
    assert rows.locator("text=Same name").count() == rows.count()
    assert page.locator("tbody tr", has_text="ØKSEN").locator("text=Same name").count() == 0


def test_find_has_one_search_box_and_every_other_page_too(find):
    page = find.page
    for path in ("/find", "/beds", "/tests", "/outages"):
        page.goto(path)
        assert page.locator("[role=search]").count() == 1, path
        assert page.locator("input[name=text]:visible").count() == 1, path
