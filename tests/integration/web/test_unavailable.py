"""Screens of a hospital in which some systems sent nothing: unavailable is said for each, never none."""

import re
import shutil

import pytest

from downtime import config
from downtime.accounts import homes
from downtime.config import Home
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from tests.conftest import forget_marks
from tests.integration.web import tiny
from tests.integration.web.conftest import NOW, Clock, copied
from tests.integration.web.test_ward import patient_page, words

PEOPLE = (
    ("2000001", "Marsh", "Ivy", "A1", "1", "1"),
    ("2000002", "Holt", "Rhys", "A1", "1", "1"),
    ("2000003", "Quill", "Tess", "", "", ""),
)
ORDER = (
    "MSH|^~\\&|EPR|TEST|LIMS|TEST|202611021350||ORM^O01|E1|P|2.4\r"
    "PID|1||2000001^^^TEST^MR||Marsh^Ivy||19600102|F\r"
    "ORC|NW|P900|||IP||||202611021330\r"
    f"OBR|1|P900||GS^Group and save|||202611021340{17 * '|'}BLB\r"
)
IMAGE = (
    "MSH|^~\\&|Radiology|TEST|DT|TEST|202611021355||ORU^R01|X1|P|2.4\r"
    "PID|1||2000002^^^TEST^MR||Holt^Rhys||19600102|F\r"
    "ORC|RE|X0|FX0\r"
    "OBR|1|X0|FX0|CXR^Chest X-ray|||202611021000|||||||||||||||202611021200||RAD|F\r"
    "OBX|1|TX|CXR^Chest X-ray||Clear lungs||||||F\r"
)


def admission(number, mrn, family, given, ward, bay, bed):
    return (
        tiny.PAS.format(at="202611021405", n=number)
        + f"PID|1||{mrn}^^^TEST^MR||{family}^{given}||19600102|F\r"
        + f"PV1|1|I|{ward}^{bay}^{bed}||||||||||||||||V{mrn}"
        + "|||||||||||||||||||||||||202611010900\r"
    )


@pytest.fixture(scope="module")
def partial_template(home_template, tmp_path_factory):
    """PAS, Radiology and one order of the EPR for the laboratory are all that came."""
    home, secrets, file = home_template
    folder = tmp_path_factory.mktemp("partial")
    copy = Home(shutil.copytree(home.path, folder / "home"))
    settings, feeds = config.load_settings(copy.config_file), folder / "feeds"
    feeds.mkdir()
    (feeds / "pas.hl7").write_text("".join(admission(n, *p) for n, p in enumerate(PEOPLE)))
    (feeds / "orders.hl7").write_text(ORDER)
    (feeds / "ris.hl7").write_text(IMAGE)
    signed_in = homes.open_with_file(copy, settings, Clock(NOW), file)
    vault, actor = signed_in.vault, signed_in.actor
    built = publish_snapshot(vault, settings, [feeds], folder / "out", actor)
    receive_snapshot(vault, settings, built.bundle, actor)
    forget_marks(vault)
    vault.close()
    return copy, secrets, file


@pytest.fixture
def browser(partial_template, tmp_path):
    return copied(partial_template, tmp_path).browser("ward")


def test_a_patient_of_whom_one_department_has_nothing_and_the_other_did_not_send(browser):
    page = words(patient_page(browser, "91TEST/2000003"))
    assert "Results: LIMS unavailable; Radiology: none." in page
    assert "Allergies unavailable" in page
    assert "EPR unavailable: no allergies came from there." in page
    assert "No results" not in page


def test_an_order_of_the_epr_leaves_the_laboratory_unavailable(browser):
    page = words(patient_page(browser, "91TEST/2000001"))
    assert "Group and save" in page
    assert "Requests: LIMS unavailable, shown as others sent it" in page
    page = words(browser.get("/tests").text)
    assert "Group and save" in page
    assert "Requests: LIMS unavailable, shown as others sent it" in page
    assert "Results: LIMS unavailable." in page


def test_theatre_lists_that_did_not_come_are_not_called_empty(browser):
    page = words(browser.get("/appointments?kind=theatre").text)
    assert "Theatre lists: not sent by PAS; Theatres unavailable." in page


def test_an_old_system_is_named_with_the_time_of_its_data(partial_template, tmp_path):
    hospital = copied(partial_template, tmp_path)
    hospital.clock.go_on(hours=9)
    page = words(patient_page(hospital.browser("ward"), "91TEST/2000003"))
    assert "LIMS unavailable; Radiology: none as at 02-Nov-2026 13:55." in page


def test_who_is_on_no_ward_is_counted_on_every_board_and_listed(browser):
    counts = "Admitted 3 = shown on wards 2 + ward not known 1"
    for path in ("/beds", "/beds/ward?ward=A1"):
        page = browser.get(path).text
        assert counts in words(page), path
        assert 'href="/beds/ward-not-known"' in page, path
    listed = words(browser.get("/beds/ward-not-known").text)
    assert "In hospital, ward not known: 1 patient" in listed
    assert "QUILL, Tess" in listed


def test_a_bed_with_two_patients_is_said(browser):
    page = words(browser.get("/beds/ward?ward=A1").text)
    assert "Two patients in one bed: bay 1, bed 1." in page
    assert "MARSH, Ivy" in page
    assert "HOLT, Rhys" in page
    assert "2 patients, empty beds not known" in page


def test_the_snapshot_page_says_what_is_wrong_and_what_to_do(browser):
    page = words(browser.get("/snapshots").text)
    assert "Admitted, ward not known" in page
    assert "Beds with two patients" in page
    assert "Ask the ward who lies there" in page
    assert "Radiology" in page


def test_a_ward_of_any_code_opens(browser):
    page = browser.get("/beds").text
    for href in re.findall(r'href="(/beds/ward\?ward=[^"]+)"', page):
        assert browser.get(href).status_code == 200
    assert 'href="/beds/ward?ward=A1"' in page


def test_a_list_that_its_system_did_not_send_is_not_an_empty_one(browser):
    answer = browser.get("/appointments/list?kind=theatre&day=2026-11-02&location=TH1")
    assert "Theatres unavailable: whether anybody is on that list is not known." in answer.text


def test_beds_that_were_not_sent_are_no_doubt_about_who_lies_where(browser):
    page = words(browser.get("/beds").text)
    assert "Empty beds not known: PAS sent no list of beds." in page
    assert "There may be some" not in page


def test_no_count_of_a_board_is_of_what_no_system_sent(browser):
    page = words(browser.get("/beds/ward?ward=A1").text)
    assert "Not on this board: Alerts: not sent by EPR; tests outstanding: LIMS" in page
    assert "who is expected: not sent; who is expected to leave: not sent." in page
    for chip in (
        "Empty (not sent)", "Closed (not sent)", "Alerts (not sent)", "Due today (not sent)",
        "Expected to leave (not sent)", "Tests outstanding (1 or more)",
    ):  # fmt: skip
        assert chip in page, chip
    empty = words(browser.get("/beds/ward?ward=A1&show=due").text)
    assert "as far as systems sent it" in empty


def test_nobody_expected_is_said_only_of_a_hospital_that_sends_who_is(browser):
    (row,) = re.findall(
        r"<tr>(?:(?!</tr>).)*A1(?:(?!</tr>).)*</tr>", browser.get("/beds").text, re.S
    )
    cells = [words(cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
    assert cells[1:8] == [
        "2",
        "Not known",
        "Not known",
        "Not known",
        "Not known",
        "Not sent",
        "Not sent",
    ]
