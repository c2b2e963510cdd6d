"""One paper all the way: printed in a pack, written on, scanned in a box, keyed beside its picture, compared, returned."""

import io
import re

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from downtime.paper.serials import is_page_code, parse_page_code
from downtime.paper.store import issued_forms, layouts
from downtime.settings import Settings
from downtime.web import background_job
from downtime.web.run_job import run_job
from tests.integration.scanning.printed_paper import as_png
from tests.integration.web.test_paper import (  # noqa: F401 - fixtures
    BLOODS,
    LEADS,
    finished,
    printed,
    printed_template,
    recover,
    retire_as_shown,
    serial_of,
)
from tests.integration.web.test_ward import words
from tests.unit.scanning.returned_page import DPI, ReturnedPage

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
TICKED = ("test.lft", "priority=urgent")
WRITTEN = (
    "collected",
    "requester",
    "reason",
    "author.name",
    "author.role",
    "event.date",
    "event.time",
)


def draw_page(pack: bytes, serial: str):
    """The page of a pack that has this serial's code, as a printer draws it."""
    with pypdfium2.PdfDocument(pack) as document:
        for page in document:
            picture = page.render(scale=DPI / 72, grayscale=True).to_numpy().copy()
            codes = [code.text for code in zxingcpp.read_barcodes(picture, formats=QR)]
            if serial in {parse_page_code(code).serial for code in codes if is_page_code(code)}:
                return picture
    raise AssertionError(f"{serial} is on no page")


@pytest.fixture(autouse=True)
def _jobs_by_the_clock_of_the_test(monkeypatch):
    """A job in a process of its own has the day's own time, which would be a clock that was set back."""
    monkeypatch.setattr(
        background_job, "run_in_background", lambda vault, job, _: run_job(vault, Settings(), job)
    )


@pytest.fixture
def scanned(printed):  # noqa: F811
    """A request of a patient who was printed on it, filled by hand and sent as a box of scans with an empty back."""
    hospital, _, file = printed
    serial = serial_of(hospital, "Blood sciences", "SAMPLE")
    opened = hospital.open()
    form = issued_forms.find_form(opened.vault.db, serial)
    layout = layouts.find_layout(opened.vault.db, form.layout)
    opened.vault.close()
    page = ReturnedPage(layout, draw_page(file.data, serial))
    for key in TICKED:
        page.tick(key)
    for key in WRITTEN:
        page.write(key)
    box = io.BytesIO()
    front, back = Image.open(io.BytesIO(as_png(page, angle=181))), Image.new("L", (1654, 2339), 253)
    front.save(box, "TIFF", save_all=True, append_images=[back])
    clerk = hospital.browser("records-clerk")
    files = {"name": "A1, box 1", "files": (io.BytesIO(box.getvalue()), "box.tiff")}
    result, _ = finished(hospital, clerk, clerk.post("/scans", files).location)
    assert "2 pages, 1 filed, 0 in the tray" in words(result)
    return hospital, serial


def read_screen(page: str) -> dict[str, str]:
    """What a browser would send of the screen if nobody typed: the boxes that are ticked, the options chosen."""
    ticked = re.findall(
        r'type="checkbox"\s+id="[^"]*"\s+name="([^"]*)"\s+value="true"\s+checked', page
    )
    chosen = re.findall(r'<select[^>]*name="([^"]*)"(.*?)</select>', page, re.DOTALL)
    options = {name: re.search(r'value="([^"]*)" selected', text) for name, text in chosen}
    return dict.fromkeys(ticked, "true") | {n: found[1] for n, found in options.items() if found}


def test_a_paper_goes_from_a_box_of_scans_to_a_complete_statement(scanned, tmp_path):
    hospital, serial = scanned
    clerk = hospital.browser("records-clerk")
    screen = read_screen(clerk.get(f"/key/{serial}").text)
    assert screen == {"test.lft": "true", "priority": "urgent"}
    typed = {key: text for key, text in BLOODS.items() if key not in screen}
    refused = clerk.post(f"/key/{serial}", screen | typed | {"reason": "?not-written"})
    assert "shows ink in one place that is not keyed" in words(refused.text)
    assert clerk.post(f"/key/{serial}", screen | typed).location == "/key"
    supervisor = hospital.browser("records-supervisor")
    again = supervisor.get(f"/key/{serial}").location
    assert read_screen(supervisor.get(again).text) == {}, "the second person keys unseen"
    assert supervisor.post(f"/key/{serial}/second", BLOODS).location == "/key"

    recover(hospital, tmp_path)
    supervisor = hospital.browser("records-supervisor")
    finished(hospital, supervisor, supervisor.post("/comparison/run").location)
    item = re.search(r'href="(/comparison/K7[^"]+)"', supervisor.get("/comparison").text)[1]
    supervisor.decide(item, "return", "Not in the LIMS")
    finished(hospital, supervisor, supervisor.post("/returns", {"format": "hl7v2"}).location)
    site = hospital.browser("site")
    (key,) = re.findall(r'name="finding"[^>]*value="([^"]*)"', site.get("/harm").text)
    site.post("/harm/review", {"finding": key, "outcome": "none", "note": "Taken again, normal"})
    ward = hospital.browser("ward")
    while others := set(re.findall(r'value="(K7\d{6}\w)"', ward.get("/forms?state=issued").text)):
        sent = {"serial": sorted(others), "to": "void", "reason": "never written on"}
        retire_as_shown(ward, sent)
    document = supervisor.get("/statement/json").json
    assert document["verdict"] == "COMPLETE", words(supervisor.get("/statement").text)[:900]
    for lead, role in LEADS.items():
        hospital.browser(role).sign(lead)
    assert len(supervisor.get("/statement/json").json["signatures"]) == 3
