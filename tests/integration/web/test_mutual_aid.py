"""Mutual aid on the screen: codes are scanned one by one, the patient is registered as an arrival, and stays marked."""

import io
import json
import re

import pytest
import zxingcpp
from PIL import Image

from downtime.outage import outages
from downtime.paper.mutual_aid import partners, receive_document
from downtime.paper.mutual_aid.model import AidDocument, AidKind, AidLine, AidPatient
from downtime.paper.mutual_aid.signed_codes import make_codes
from downtime.vault import device, sealing
from downtime.vault.device import Ed25519PrivateKey, b64encode
from tests.integration.web.test_ward import words

PATIENT = AidPatient("Novak", "Petra", "", "1985-03-01", "female", "9990000042", "X123")
LINES = (
    AidLine("h", "Known allergies"),
    AidLine("t", "", ("Substance", "Reaction"), (("Penicillin", "anaphylaxis"),)),
    *(AidLine("p", f"Line {n}: {'words that take room ' * 5}{n * 7919}") for n in range(60)),
)


class Elsewhere:
    """Another hospital: one machine that signs."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        public = self.key.public_key()
        self.key_id = sealing.key_id(public)
        keys = {"Z9": b64encode(public.public_bytes_raw()).decode()}
        self.file = partners.PartnerFile("ELSE", "St Elsewhere", keys)

    def sign(self, *, drill=False, kind=AidKind.TRANSFER, lines=LINES):
        document = AidDocument(
            kind=kind, hospital_code="ELSE", hospital_name="St Elsewhere", device="Z9",
            created="2026-11-02T13:00:00Z", is_drill=drill, destination="DEMO", contact="Sister 1234",
            patient=PATIENT if kind is AidKind.TRANSFER else None, lines=lines,
        )  # fmt: skip
        return make_codes(
            document, self.key_id, lambda content: b64encode(self.key.sign(content)).decode()
        )


@pytest.fixture
def elsewhere(hospital):
    """It is believed here: the site team compared the fingerprint."""
    other, browser = Elsewhere(), hospital.browser("site")
    form = {"reason": "telephoned Ann", "file": (io.BytesIO(other.file.to_bytes()), "keys.json")}
    wrong = browser.post(
        "/mutual-aid/partners", form | {"fingerprint": "0"}, content_type="multipart/form-data"
    )
    assert "not that of this file" in words(wrong.text)
    form["file"] = (io.BytesIO(other.file.to_bytes()), "keys.json")
    answer = browser.post(
        "/mutual-aid/partners",
        form | {"fingerprint": other.file.fingerprint},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303
    assert "St Elsewhere (ELSE), 1 machine" in words(browser.get("/mutual-aid").text)
    return other


@pytest.fixture
def down(hospital, vault, actor):
    outages.declare_systems_down(vault, ["PAS"], actor, "said by IT", known=["PAS"])
    hospital.clock.go_on(minutes=10)
    return hospital


def scan(browser, code, codes=""):
    form = {"code": code, "codes": codes, "file": (io.BytesIO(b""), "")}
    return browser.post("/mutual-aid", form, content_type="multipart/form-data")


def test_scanned_one_by_one_then_registered_and_marked_as_another_hospitals(down, elsewhere, vault):
    browser, codes = down.browser("ward"), elsewhere.sign()
    assert len(codes) > 1
    read = ""
    for number, code in enumerate(codes[:-1], 1):
        page = scan(browser, code.lower(), read)
        assert f"{number} of {len(codes)} codes are read" in words(page.text)
        read = re.search(r'name="codes" value="([^"]+)"', page.text)[1]
    answer = scan(browser, codes[-1], read)
    assert answer.status_code == 303
    page = words(browser.get(answer.location).text)
    assert "FROM OTHER HOSPITAL: St Elsewhere (ELSE, machine Z9)" in page
    assert "anaphylaxis" in page
    link = re.search(r'href="(/events/record\?[^"]+)"', browser.get(answer.location).text)[1]
    form = browser.get(link.replace("&amp;", "&"))
    for text in ("Novak", "Petra", "999 000 0042", "their number X123"):
        assert text in form.text or text.replace(" ", "") in form.text, text
    transfer = re.search(r'name="transfer" value="(\w+)"', form.text)[1]
    fields = {
        "kind": "arrival", "transfer": transfer, "answer-identity": "known", "answer-family": "Novak",
        "answer-given": "Petra", "answer-birth_date": "01031985", "answer-gender": "female",
        "answer-ward": "A1", "answer-stay": "emergency", "confirmed": "1",
    }  # fmt: skip
    saved = browser.post("/events/record", fields)
    assert saved.status_code == 303
    patient = words(browser.get(saved.location).text)
    assert "FROM OTHER HOSPITAL: summary of St Elsewhere" in patient
    (received,) = receive_document.list_transfers(vault)
    assert saved.location.endswith(received.arrival)
    assert "registered from this summary already" in words(
        browser.post("/events/record", fields | {"event": ""}).text
    )


def test_a_picture_of_the_sheet_is_read_at_once(down, elsewhere):
    (code,) = elsewhere.sign(lines=LINES[:2], kind=AidKind.CAPACITY)
    barcode = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCodeModel2)
    out = io.BytesIO()
    Image.fromarray(barcode.to_image(scale=4, add_quiet_zones=True)).convert("L").save(out, "PNG")
    browser = down.browser("ward")
    form = {"code": "", "codes": "", "file": (io.BytesIO(out.getvalue()), "sheet.png")}
    answer = browser.post("/mutual-aid", form, content_type="multipart/form-data")
    assert answer.status_code == 303
    assert "St Elsewhere as at" in words(browser.get("/mutual-aid").text)
    form["file"] = (io.BytesIO(b"%PDF-1.7 broken"), "x.pdf")
    broken = browser.post("/mutual-aid", form, content_type="multipart/form-data")
    assert "cannot be read" in words(broken.text)


def test_a_strangers_codes_are_refused_with_what_to_do(down, vault):
    browser = down.browser("ward")
    answer = scan(browser, " ".join(Elsewhere().sign()))
    assert answer.status_code == 400
    assert "signed by a machine of no hospital that is believed here" in words(answer.text)
    assert receive_document.list_transfers(vault) == []


def test_a_drills_summary_offers_no_registration_in_a_real_outage(down, elsewhere):
    browser = down.browser("ward")
    answer = scan(browser, " ".join(elsewhere.sign(drill=True)))
    page = browser.get(answer.location)
    assert "DRILL. FROM OTHER HOSPITAL" in words(page.text)
    assert "This summary is of a drill" in words(page.text)
    assert "Register as an arrival" not in page.text


def test_our_keys_and_sheets(down):
    site = down.browser("site")
    document = json.loads(site.get("/mutual-aid/keys").data)
    assert document["hospital"]["code"] == "TEST"
    assert list(document["machines"]) == [device.read_own_code(down.home)]
    board = site.get("/beds/ward?ward=A1").text
    patient = re.search(r'href="/patients/(\w+)"', board)[1]
    assert "Print the transfer summary" in site.get(f"/patients/{patient}").text
    for path, form in (("transfer", {"patient": patient}), ("capacity", {"contact": "me"})):
        assert site.post(f"/mutual-aid/print/{path}", form).status_code == 303
    assert down.browser("auditor").get("/mutual-aid").status_code == 403
