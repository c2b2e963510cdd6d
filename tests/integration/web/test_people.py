"""People on screen: an administrator gives somebody another name, and every page says it."""

import re

import pytest


@pytest.fixture
def nurse(hospital):
    """The address of the page on which the ward's person is changed."""
    page = hospital.browser("administrator").get("/people").text
    return re.search(r'href="(/people/[\w-]+)">Change<[^>]+> Ward Person', page)[1]


def test_a_new_name_stands_on_every_page_of_that_person(hospital, nurse):
    admin, ward = hospital.browser("administrator"), hospital.browser("ward")
    assert 'value="Ward Person"' in admin.get(nurse).text
    sent = {"name": "Wanda  Married", "reason": "married"}
    assert admin.post(f"{nurse}/name", sent).location == nurse
    page = admin.get(nurse).text
    assert "The name was changed." in page
    assert 'value="Wanda Married"' in page
    assert "Wanda Married" in ward.get("/find").text
    assert "Ward Person" not in ward.get("/find").text


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"name": "Wanda Married", "reason": ""}, "A reason is needed"),
        ({"name": "W", "reason": "married"}, "2 to 60 printable characters"),
    ],
)
def test_without_a_reason_or_a_name_it_stays(hospital, nurse, sent, sentence):
    admin = hospital.browser("administrator")
    refused = admin.post(f"{nurse}/name", sent)
    assert (refused.status_code, sentence in refused.text) == (400, True)
    assert 'value="Ward Person"' in admin.get(nurse).text


def test_nobody_else_changes_a_name(hospital, nurse):
    sent = {"name": "Wanda Married", "reason": "married"}
    assert hospital.browser("site").post(f"{nurse}/name", sent).status_code == 403


def test_an_administrator_prints_codes_for_somebody_and_sees_how_many_are_left(hospital, nurse):
    admin = hospital.browser("administrator")
    assert "None left." in admin.get(nurse).text
    assert admin.post(f"{nurse}/codes", {"reason": ""}).status_code == 400
    page = admin.post(f"{nurse}/codes", {"reason": "night shift"}).text
    assert len(re.findall(r'<td class="mono">[\w-]{14}</td>', page)) == 10
    assert "10 left." in admin.get(nurse).text
    assert hospital.browser("site").post(f"{nurse}/codes", {"reason": "x"}).status_code == 403
