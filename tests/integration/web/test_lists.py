"""Long lists: pages that reach every row, a search that names nobody in an address, files of all of it."""

import csv
import io
import re

import openpyxl
import pytest

from downtime.paper import move_form
from downtime.paper.serials import format_serial


@pytest.fixture
def many(vault, outage, issue):
    """A hundred and twenty forms of two wards that are out."""
    return [issue("observations", ward="A1" if n % 3 else "B2") for n in range(120)]


@pytest.fixture
def clerk(hospital, many):
    return hospital.browser("records-clerk")


def rows_of(page: str) -> list[str]:
    return re.findall(r'href="/forms/(K7\d{6}\w)"', page)


@pytest.mark.parametrize("path", ["/forms", "/forms/lists/missing"])
def test_every_row_is_on_one_page(clerk, many, path):
    seen = []
    for number in (1, 2, 3):
        page = clerk.get(f"{path}?page={number}").text
        seen += rows_of(page)
    assert sorted(seen) == sorted(many)
    assert "101–120 of 120 forms" in " ".join(page.split())
    assert rows_of(clerk.get(f"{path}?page=99").text) == seen[100:]


@pytest.mark.parametrize(
    ("path", "name"), [("/forms", "forms"), ("/forms/lists/missing", "missing")]
)
def test_a_search_stands_in_no_address_and_holds_for_its_list_alone(clerk, many, path, name):
    sought = format_serial(many[7])
    answer = clerk.post(f"/lists/{name}/search", {"text": sought, "back": path})
    assert sought not in answer.location
    assert many[7] not in answer.location
    assert rows_of(clerk.get(answer.location).text) == [many[7]]
    assert len(rows_of(clerk.get(path).text)) == 50
    nothing = clerk.post(f"/lists/{name}/search", {"text": " ", "back": path})
    assert nothing.location == path


def test_files_hold_all_forms_of_a_ward_or_of_all(clerk, many):
    table = list(csv.reader(io.StringIO(clerk.get("/forms.csv").get_data().decode("utf-8-sig"))))
    assert len(table) == 121
    of_ward = clerk.get("/forms.xlsx?ward=B2").get_data()
    book = openpyxl.load_workbook(io.BytesIO(of_ward))
    assert book.active.max_row == 41
    missing = clerk.get("/forms/lists/missing.xlsx").get_data()
    assert openpyxl.load_workbook(io.BytesIO(missing)).active.max_row == 121


def test_a_queue_says_how_far_one_has_come_and_of_how_many(clerk, vault, many, actor):
    for serial in many[:60]:
        move_form.mark_returned(vault, serial, actor)
    page = clerk.get("/queues/key").text
    assert "1–50 of 60 forms" in " ".join(page.split())
    assert len(re.findall(r'<a class="mono" href="/key/', page)) == 50
    second = clerk.get("/queues/key?page=2").text
    assert len(re.findall(r'<a class="mono" href="/key/', second)) == 10
    assert '<td class="number">51</td>' in second
    address = clerk.post("/queues/next", {"queue": "key", "ward": "A1"}).location
    assert "1 of 40" in clerk.get(address).text
    serial = address.rpartition("/")[2]
    address = clerk.post("/queues/next", {"skip": serial}).location
    assert "2 of 40" in clerk.get(address).text
    assert "1 of 40" not in clerk.get(address).text
    assert "of 40" not in clerk.get(f"/forms/{serial}").text
    assert clerk.get("/queues/key.csv").get_data().decode("utf-8-sig").count("\r\n") == 3


@pytest.mark.parametrize(
    "back", ["//elsewhere", "/\t/elsewhere", "/\\elsewhere", "https://elsewhere"]
)
def test_a_search_leads_to_no_page_of_others(hospital, back):
    clerk = hospital.browser("records-clerk")
    answer = clerk.post("/lists/forms/search", {"back": back, "text": ""})
    assert (answer.status_code, answer.location) == (400, None)
