"""What a nurse sees on a ward laptop: who it is stays on the screen, no column is lost, content comes first."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from downtime.clinical.model import MedicationRequest
from downtime.outage import outages
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.functional.conftest import press_through

pytestmark = pytest.mark.browser

ZOOMED = {"width": 683, "height": 384}
"""A laptop's screen at 200 %."""
IS_SEEN = """element => {
    const box = element.getBoundingClientRect();
    const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return box.top >= 0 && box.bottom <= innerHeight && element.contains(at);
}"""


def open_patient(page, number="9990000018"):
    page.goto("/find")
    page.fill("#text", number)
    press_through(page)
    page.wait_for_selector(".banner")


@pytest.mark.parametrize("size", [{"width": 1366, "height": 768}, ZOOMED], ids=["laptop", "zoomed"])
def test_over_a_scrolled_page_it_is_still_said_whose_it_is(visit_own, hospital, vault, size):
    declare_down(hospital, vault)
    page = visit_own("ward")
    page.set_viewport_size(size)
    open_patient(page)
    for position in (0, 0.5, 1):
        page.evaluate(
            "share => scrollTo(0, share * document.documentElement.scrollHeight)", position
        )
        for words in (
            "SAMPLE, Ann",
            "02-Jan-1960 (66y)",
            "999 000 0018",
            "Penicillin",
            "LIMS DOWN since",
        ):
            line = page.locator(".banner").locator(f":text('{words}')").last
            if position:
                page.wait_for_function(IS_SEEN, arg=line.element_handle())
    banner = page.locator(".banner").bounding_box()
    assert banner["height"] < size["height"] / 3


def declare_down(hospital, vault):
    outages.declare_systems_down(
        vault, ["LIMS"], hospital.open().actor, "Test", known=hospital.settings.systems.names
    )


def test_what_must_be_seen_first_stands_above_all_that_can_be_done(visit):
    page = visit("ward")
    open_patient(page)
    tops = {
        name: page.locator(name).first.bounding_box()["y"]
        for name in ("p.allergies", "#alerts", "#outstanding", "text='Print summary and forms'")
    }
    assert list(tops) == sorted(tops, key=tops.get)
    assert max(tops.values()) < page.viewport_size["height"] / 2


def test_an_anchor_is_not_hidden_behind_the_banner(visit):
    page = visit("ward")
    open_patient(page)
    page.click("a[href='#results']")
    page.wait_for_function("""() => {
        const [banner, heading] = ['.banner', '#results h2'].map(
            name => document.querySelector(name).getBoundingClientRect());
        return scrollY > 0 && heading.top >= banner.bottom && heading.top < innerHeight;
    }""")


@pytest.mark.parametrize(
    "path",
    ["/find", "/beds", "/beds/ward?ward=A1", "/tests", "/appointments", "/numbers", "/what-to-do"],
)
def test_a_zoomed_screen_shows_content_first(visit, path):
    page = visit("ward")
    page.set_viewport_size(ZOOMED)
    page.goto(path)
    heading = page.locator("main h1").bounding_box()
    assert heading["y"] + heading["height"] < ZOOMED["height"] / 2
    assert page.evaluate("document.documentElement.scrollWidth") <= ZOOMED["width"]


LONG = "piperacillin 4 g / tazobactam 500 mg powder for solution for infusion vials"
PRESCRIBED = [
    ("Paracetamol 500 mg tablets", "15:00 and 22:00"),
    (LONG, "17:00"),
    ("Co-careldopa 25 mg/100 mg tablets", "14:00 and 18:00"),
    ("Furosemide 40 mg tablets", "As directed"),
]


def test_medicines_due_are_one_press_from_the_beds_the_time_critical_first(visit, monkeypatch):
    sent = [
        MedicationRequest(
            id=name, source="EPR", medicine=name, frequency=often, dosage="1 g", route="Oral"
        )
        for name, often in PRESCRIBED
    ]
    monkeypatch.setattr(Snapshot, "list_medicines", lambda *_: sent)
    page = visit("ward")
    page.goto("/beds")
    page.click("a[href='/medicines-due?ward=A1']")
    tags = page.locator("tbody tr", has=page.locator(":text('Time-critical')"))
    tags.first.wait_for()
    assert tags.count() == 4
    first = page.locator("tbody tr").first
    assert "was due 14:00" in first.inner_text()
    box = first.bounding_box()
    assert box["y"] + box["height"] < page.viewport_size["height"]
    assert page.get_by_text("Medicines: not sent by EPR").bounding_box()["y"] < box["y"]
    for table in page.locator(".table-wrap").all():
        assert table.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert not Axe().run(page).response["violations"]


@pytest.mark.parametrize("path", ["/tests", "/beds/ward?ward=A1", "/find"])
def test_no_column_is_lost_on_a_laptop(visit, path):
    page = visit("ward")
    page.goto("/find")
    page.fill("#text", "ann")
    page.wait_for_selector("#results table")
    page.goto(path)
    for table in page.locator(".table-wrap").all():
        assert table.evaluate("e => e.scrollWidth <= e.clientWidth")
    headings = page.locator("thead th").all()
    assert all(
        heading.bounding_box()["x"] + heading.bounding_box()["width"] <= 1366
        for heading in headings
    )


def test_the_age_of_every_systems_data_is_said_once(visit):
    page = visit("ward")
    for path in ("/find", "/beds/ward?ward=A1", "/tests", "/numbers"):
        page.goto(path)
        text = page.inner_text("body")
        assert text.count("as at 02-Nov-2026 14:05") == 1, path
        assert text.count("no data held") == len(("Radiology", "Theatres")), path


@pytest.mark.parametrize("font", ["Liberation Sans", "DejaVu Sans"])
def test_the_strip_of_systems_takes_two_lines_at_most_also_in_a_wide_font(visit, font):
    page = visit("ward")
    page.goto("/find")
    page.evaluate(
        """font => {
            const systems = [...document.querySelectorAll('.systems li:not(.label)')];
            const longest = systems.find(item => item.textContent.includes('as at'));
            systems.forEach(item => { if (item !== longest) item.innerHTML = longest.innerHTML; });
            document.querySelectorAll('.systems *').forEach(part => { part.style.fontFamily = font; });
        }""",
        font,
    )
    assert page.locator(".systems li:not(.label)").count() == 5
    heights = page.evaluate(
        "[...document.querySelectorAll('.systems li')].map(item => item.getBoundingClientRect().top)"
    )
    assert len(set(heights)) <= 2
