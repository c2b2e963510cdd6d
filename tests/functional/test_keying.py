"""A clerk works through a queue by keyboard alone, beside the scan of each paper."""

import functools
import io
import time

import pytest

from downtime.entry import open_form, scans
from downtime.errors import UserError
from downtime.paper import ledger, move_form
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.store import layouts
from tests.functional.conftest import LAPTOP, NURSE, Typist, press_through, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def returned(served):
    """Three observation charts and a phoned result came back, one chart with its scan."""
    hospital = served.hospital
    signed_in = hospital.open()
    vault, settings = signed_in.vault, hospital.settings
    order = BlankForms(forms=("observations", "phoned-result"), copies=3, ward="A1")
    print_pack(vault, settings, order, NURSE, "for a test", io.BytesIO())
    found = {}
    for form in ledger.list_forms(vault, ward="A1"):
        move_form.mark_returned(vault, form.serial, NURSE)
        found.setdefault(form.form, []).append(form.serial)
    chart = found["observations"][0]
    layout = layouts.find_layout(vault.db, ledger.get_form(vault, chart).layout)
    paper = io.BytesIO(layout.pdf)
    scans.attach_scan(vault, settings, chart, paper.getvalue(), NURSE, without_code=True)
    yield found
    vault.close()


@pytest.fixture
def phoned(blank):
    return blank("phoned-result")


FIRST_HAS_FOCUS = """() => document.activeElement === Array.from(
    document.querySelector('form.keying').elements).find(field => field.matches('input, select, textarea')
        && field.type !== 'hidden' && field.offsetParent && !field.readOnly && !field.disabled)"""


class Slow:
    """A server that takes its time before it keeps a draft, and what it answered then."""

    def __init__(self, keep) -> None:
        self.keep = keep
        self.seconds = 0.6
        self.fails = False
        self.at_work = self.at_once = 0
        self.answered = []

    def part(self, serial):
        self.at_work += 1
        self.at_once = max(self.at_once, self.at_work)
        status = 500
        try:
            time.sleep(self.seconds)
            if self.fails:
                raise RuntimeError("the disk is full")
            answer = self.keep(serial)
            status = 200
        except UserError as error:
            status = error.http_status
            raise
        else:
            return answer
        finally:
            self.at_work -= 1
            self.answered.append(status)


@pytest.fixture
def slow(served, monkeypatch):
    views = served.hospital.app.view_functions
    one = Slow(views["keying.save_while_typing"])
    wrapped = functools.wraps(one.keep)(lambda serial: one.part(serial))
    monkeypatch.setitem(views, "keying.save_while_typing", wrapped)
    return one


def sign(typist) -> None:
    typist.skip_to("#f-author-name")
    typist.type_each("Sam Okoro", "Staff nurse", "021126", "1428")


def type_result(typist) -> None:
    """The rest of a phoned result, from who was told to the signature."""
    typist.skip_to("#f-checked")
    typist.type("Dow")
    typist.skip_to("#f-test-row-1")
    typist.type_each("Potassium", "6.1", "mmol/L")
    typist.skip_to("#f-confirmed")
    typist.press("Space")
    sign(typist)


def begin(visit, serial: str, **how):
    """A clerk's page with the first field of a phoned result kept as a draft, or on its way."""
    page = visit("records-clerk", **how)
    page.goto(f"/key/{serial}")
    page.focus("#f-department")
    page.keyboard.type("Bl")
    with page.expect_request("**/part"):
        page.keyboard.press("Tab")
    return page


def kept(served, serial) -> dict[str, str]:
    """What the vault holds of a form."""
    signed_in = served.hospital.open()
    answers = dict(open_form.open_form(signed_in.vault, serial).answers)
    signed_in.vault.close()
    return answers


def test_a_queue_is_worked_through_with_one_key_a_form(visit, returned):
    page = visit("records-clerk")
    page.goto("/queues/key?form=observations")
    page.wait_for_selector(":focus:has-text('Take the next')")
    press_through(page)
    page.wait_for_selector("#keying")
    first = page.url.rsplit("/", 1)[1]
    assert first == returned["observations"][0]
    page.focus("#f-taken-row-1")
    page.keyboard.type("021126 1300")
    page.keyboard.press("Tab")
    page.keyboard.type("18")
    sign(Typist(page))
    page.keyboard.press("Shift+Tab")
    press_through(page)
    page.wait_for_url(f"**/key/{returned['observations'][1]}")
    assert "is entered" in page.inner_text("main")
    page.keyboard.press("Alt+n")
    page.wait_for_url(f"**/key/{returned['observations'][2]}")
    page.keyboard.press("Alt+p")
    page.wait_for_url(f"**/key/{returned['observations'][1]}")


def test_the_scan_shows_the_place_of_the_field_that_one_keys(visit, returned):
    page = visit("records-supervisor")
    page.goto(f"/key/{returned['observations'][0]}")
    page.wait_for_selector(".paper img")
    page.focus("#f-patient-mrn")
    page.wait_for_function("""() => {
        const [box, paper] = ['.field-box', '.paper'].map(
            name => document.querySelector(name)?.getBoundingClientRect());
        return box && paper.top <= box.top && box.top <= paper.bottom
            && paper.left <= box.left && box.left <= paper.right;
    }""")


def test_what_cannot_be_read_takes_one_key(visit, returned):
    page = visit("records-clerk")
    page.goto(f"/key/{returned['phoned-result'][0]}")
    page.focus("#f-department")
    page.keyboard.press("Alt+i")
    assert page.input_value("#f-department") == "?illegible"
    assert page.evaluate("document.activeElement.id") == "f-caller"
    page.keyboard.press("Alt+w")
    assert page.input_value("#f-caller") == "Not written on the paper"


def test_rows_come_as_they_are_needed(visit, returned):
    page = visit("records-clerk")
    page.goto(f"/key/{returned['observations'][2]}")
    rows = page.locator("[data-rows] tbody tr:visible")
    assert rows.count() == 2
    page.focus("#f-taken-row-2")
    assert rows.count() == 2
    page.keyboard.type("021126 1400")
    assert rows.count() == 3
    page.keyboard.press("Alt+r")
    assert page.evaluate("document.activeElement.id") == "f-taken-row-4"


def test_the_first_field_has_the_focus_and_tab_leads_past_rows_left_empty(visit, blank):
    page = visit("records-clerk")
    page.goto(f"/key/{blank('observations')}")
    rows, fields = page.locator("[data-rows] tbody tr:visible"), set()
    page.wait_for_function(FIRST_HAS_FOCUS)
    save = page.get_by_role("button", name="Save and next").bounding_box()
    assert save["y"] + save["height"] <= LAPTOP["height"], "one scrolls to save"
    while "f-author-name" not in fields and len(fields) < 60:
        page.keyboard.press("Tab")
        fields.add(page.evaluate("document.activeElement.id"))
    assert "f-author-name" in fields
    assert rows.count() <= 3


def test_the_second_who_opens_a_form_is_told_who_has_it(visit, returned):
    serial = returned["phoned-result"][1]
    clerk, supervisor = visit("records-clerk"), visit("records-supervisor")
    clerk.goto(f"/key/{serial}")
    clerk.fill("#f-caller", "Jo Lab")
    clerk.press("#f-caller", "Tab")
    clerk.wait_for_selector("#draft-status:has-text('Draft saved at')")
    supervisor.goto(f"/key/{serial}")
    assert "has had this form open since" in supervisor.inner_text("main")
    assert supervisor.input_value("#f-caller") == "Jo Lab"
    assert supervisor.locator("text=Save and next").count() == 0


def test_a_form_of_eight_fields_takes_less_than_twenty_seconds(visit, served, returned):
    page = visit("records-clerk")
    page.goto(f"/key/{returned['phoned-result'][2]}")
    typist = Typist(page)
    typist.skip_to("#f-department")
    typist.type_each("Bl", "Jo Lab")
    type_result(typist)
    with page.expect_navigation():
        typist.press("Alt+s")
    assert "is entered" in page.inner_text("main")
    assert typist.seconds < 20
    assert kept(served, returned["phoned-result"][2])["value:1"] == "6.1"


def test_who_types_faster_than_the_server_answers_sees_no_conflict(visit, served, phoned, slow):
    page = begin(visit, phoned)
    page.keyboard.type("Jo Lab")
    type_result(Typist(page))
    with page.expect_navigation():
        page.keyboard.press("Alt+s")
        page.keyboard.press("Alt+s")
    assert "is entered" in page.inner_text("main")
    wait_until(lambda: not slow.at_work)
    assert set(slow.answered) == {200}
    assert slow.at_once == 1
    assert kept(served, phoned)["value:1"] == "6.1"


@pytest.mark.parametrize("leave", ["Another form", "Next without change", "Sign out"])
def test_who_leaves_in_the_middle_of_a_word_finds_it_again(visit, served, phoned, slow, leave):
    page = begin(visit, phoned)
    page.keyboard.type("Jo La")
    with page.expect_navigation():
        page.get_by_text(leave).first.click()
    typed = {"department": "Blood sciences", "caller": "Jo La"}
    wait_until(lambda: kept(served, phoned) == typed)  # what is on its way when one leaves, too
    assert slow.at_once == 1


def test_what_the_browsers_own_buttons_leave_behind_is_kept_too(visit, served, phoned, slow):
    page = begin(visit, phoned, alone=True)  # the answer to each question
    page.keyboard.type("Jo La")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/worklists")
    assert asked == ["beforeunload"]
    typed = {"department": "Blood sciences", "caller": "Jo La"}
    wait_until(lambda: kept(served, phoned) == typed)  # what is on its way when one leaves, too


def test_a_draft_that_was_not_kept_is_said_and_tried_again(visit, served, phoned, slow):
    slow.seconds, slow.fails = 0, True
    page = visit("records-clerk")
    page.goto(f"/key/{phoned}")
    page.fill("#f-caller", "Jo Lab")
    page.keyboard.press("Alt+s")
    page.wait_for_selector("#draft-status:has-text('Not saved yet')")
    assert page.input_value("#f-caller") == "Jo Lab"
    slow.fails = False
    page.wait_for_selector("#draft-status:has-text('Draft saved at')")
    assert kept(served, phoned) == {"caller": "Jo Lab"}
    assert all("500" in said for said in page.strange)
    page.strange.clear()


def test_who_only_looks_keeps_nothing(visit, served, phoned, slow):
    page = visit("records-clerk")
    page.goto(f"/key/{phoned}")
    with page.expect_navigation():
        page.get_by_text("Another form").first.click()
    assert slow.answered == []
