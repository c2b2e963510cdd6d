"""Break-glass on the screen: a banner on every page, only the ward, everything audited, a review that stays open."""

import re

import pytest

from downtime.accounts.break_glass import review_access, ward_codes
from downtime.outage import outages
from downtime.outage.events.list_events import list_events
from downtime.vault import jobs
from downtime.vault.store import audit_chain
from tests.integration.web.test_ward import words

FORM = {
    "name": "Jo Agency", "employer": "Nightstaff Ltd", "registration": "12A3456E", "ward": "A1",
    "reason": "Only nurse tonight", "minutes": "60", "pin": "271828", "pin_again": "271828",
}  # fmt: skip


@pytest.fixture
def down(hospital, vault, actor):
    """The PAS is down since a moment ago."""
    outages.declare_systems_down(vault, ["PAS"], actor, "said by IT", known=["PAS"])
    hospital.clock.go_on(minutes=10)
    return hospital


@pytest.fixture
def guest(down):
    """A browser in which a nurse has let an agency nurse in."""
    browser = down.browser("ward")
    answer = browser.post("/break-glass/start", FORM)
    assert answer.status_code == 303, words(answer.text)
    browser.get("/")
    return browser


def patient_on(hospital, ward):
    board = hospital.browser("ward").get(f"/beds/ward?ward={ward}").text
    return re.search(r'href="(/patients/\w+)"', board)[1]


def actions(vault, person):
    total = audit_chain.count_entries(vault.db)
    entries = audit_chain.list_entries(vault.db, before=total + 1, limit=200, actor=person)
    return [f"{entry.action} {entry.target}" for entry in entries]


def test_the_banner_stands_on_every_page_and_whoever_let_them_in_is_signed_out(down, guest):
    for page in (
        "/beds",
        "/beds/ward?ward=A1",
        "/what-to-do",
        "/reference",
        patient_on(down, "A1"),
    ):
        text = words(guest.get(page).text)
        assert "BREAK-GLASS: Jo Agency (Nightstaff Ltd, 12A3456E), for ward A1 until" in text, page
        assert "Ward Person" not in text.partition("Main")[0]
    guest.post("/lock")
    assert "PIN of Jo Agency" in words(guest.get("/locked").text)
    assert guest.post("/unlock", {"password": "271828"}).status_code == 303


def test_only_their_ward_and_its_patients_open(down, guest, vault):
    (access,) = review_access.list_accesses(vault)
    inside, outside = patient_on(down, "A1"), patient_on(down, "B2")
    assert guest.get(inside).status_code == 200
    assert guest.get("/beds/ward?ward=A1").status_code == 200
    refused = (
        outside, "/beds/ward?ward=B2", "/handover?ward=B2", "/tests", "/beds/ward-not-known", "/print",
        "/break-glass", "/password", "/events/record?kind=arrival",
        f"/events/record?kind=move&patient={outside.rpartition('/')[2]}",
    )  # fmt: skip
    for page in refused:
        answer = guest.get(page)
        assert answer.status_code == 403, page
        assert "SAMPLE" not in answer.text, page
    seen = actions(vault, access.person)
    assert f"break-glass.view patient.show {inside.rpartition('/')[2]}" in seen
    assert f"break-glass.refused patient.show {outside.rpartition('/')[2]}" in seen
    assert "break-glass.refused beds.board B2" in seen


def move(browser, patient, **more):
    fields = {"kind": "move", "patient": patient, "answer-ward": "A1", "answer-bed": "9"} | more
    return browser.post("/events/record", fields | {"confirmed": "1"})


def test_what_they_record_stands_under_their_name_and_stays_within_their_ward(down, guest, vault):
    inside = patient_on(down, "A1").rpartition("/")[2]
    outside = patient_on(down, "B2").rpartition("/")[2]
    assert move(guest, inside).status_code == 303
    (thread,) = list_events(vault)
    assert thread.latest.author_name == "Jo Agency"
    assert thread.latest.author_role == "Break-glass"
    assert move(guest, outside).status_code == 403
    swap = {"kind": "swap", "patient": inside, "answer-partner": outside}
    assert guest.post("/events/record", swap).status_code == 403
    arrival = {"kind": "incident", "answer-what": "Something"}
    assert guest.post("/events/record", arrival).status_code == 403
    assert len(list_events(vault)) == 1


def find(browser, text):
    browser.post("/find", {"text": text})
    return words(browser.get("/find").text)


def test_find_looks_on_their_ward_alone(down, guest):
    nurse = down.browser("ward")
    for text, inside in (("ann sam", True), ("A1 1", True), ("smaple", True), ("øksen", False)):
        assert ("SAMPLE, Ann" in find(guest, text)) == inside, text
        page = find(guest, text)
        assert "ØKSEN" not in page, text
        assert "among the patients of ward A1" in page
    assert "ØKSEN" in find(nurse, "øksen")
    assert "Nobody matches whom this break-glass access is for" in find(guest, "øksen")
    part = guest.post("/find/part", {"text": "øksen"}, headers={"HX-Request": "true"})
    assert "ØKSEN" not in part.text


def test_they_print_of_their_ward_and_its_patients_alone(down, guest, vault):
    (access,) = review_access.list_accesses(vault)
    inside = patient_on(down, "A1").rpartition("/")[2]
    outside = patient_on(down, "B2").rpartition("/")[2]
    page = guest.get(f"/patients/{inside}").text
    assert "Print summary and forms" in page
    assert "Transfer to another hospital" not in page
    asked = (
        ("/print/ward", {"ward": "B2"}), ("/print/ward", {"ward": "*"}), ("/print/ward?ward=A1", {"ward": "B2"}),
        ("/print/changes", {"ward": "B2"}), ("/labels/ward", {"ward": "B2"}),
        ("/print/patient", {"patient": outside}), ("/labels/patient", {"patient": outside}),
        (f"/print/patient?patient={inside}", {"patient": outside}),
        ("/print/blank", {"form": "observations", "copies": "1"}), ("/mutual-aid/print/transfer", {"patient": inside}),
    )  # fmt: skip
    for path, fields in asked:
        assert guest.post(path, fields).status_code == 403, (path, fields)
    assert jobs.list_jobs_of(vault, access.person) == []
    for path, fields in (
        ("/print/patient", {"patient": inside, "form": "observations"}),
        ("/labels/patient", {"patient": inside, "sheet": "", "start": "1", "copies": "1"}),
        ("/print/ward", {"ward": "A1"}),
    ):
        answer = guest.post(path, fields)
        assert answer.status_code == 303, (path, words(answer.text))
        assert "Jo Agency" in guest.get(answer.location).text
    assert len(jobs.list_jobs_of(vault, access.person)) == 3


def test_one_patient_only(down, vault):
    browser = down.browser("ward")
    path = patient_on(down, "A1")
    patient = path.rpartition("/")[2]
    page = browser.get(f"/break-glass/start?patient={patient}").text
    assert f'name="patient" value="{patient}"' in page
    answer = browser.post("/break-glass/start", FORM | {"ward": "", "patient": patient})
    assert answer.status_code == 303
    assert browser.get("/what-to-do").status_code == 200
    assert browser.get("/").location == path
    assert browser.get(path).status_code == 200
    assert browser.get("/beds/ward?ward=A1").status_code == 403


def test_the_review_stays_open_until_somebody_else_has_made_it(down, guest, vault):
    (access,) = review_access.list_accesses(vault)
    path = f"/break-glass/{access.id}"
    down.clock.go_on(hours=2)
    assert guest.get("/beds").location == "/sign-in"
    site = down.browser("site")
    assert "1 break-glass access waits for a review" in words(site.get("/beds").text)
    assert "Nightstaff Ltd" in words(site.get("/break-glass").text)
    page = words(site.get(path).text)
    assert "What was done under it" in page
    form = {"verdict": "justified", "reason": "read her entries"}
    assert down.browser("ward").post(f"{path}/review", form).status_code == 403
    assert site.post(f"{path}/review", {"reason": "nothing chosen"}).status_code == 400
    assert site.post(f"{path}/review", form).status_code == 303
    assert "waits for a review" not in site.get("/beds").text
    assert site.post(f"{path}/review", form).status_code == 409


def test_what_is_missing_is_said_and_nobody_is_signed_out(down, vault):
    browser = down.browser("ward")
    for change, sentence in (
        ({"registration": ""}, "The registration or staff number is missing"),
        ({"pin_again": "2"}, "The two PINs do not match"),
        ({"ward": "Z9"}, "There is no such ward"),
        ({"minutes": "9999"}, "Minutes must be a whole number from 1 to 240"),
    ):
        answer = browser.post("/break-glass/start", FORM | change)
        assert answer.status_code == 400, change
        assert sentence in words(answer.text)
        assert 'value="Nightstaff Ltd"' in answer.text
    assert review_access.list_accesses(vault) == []
    assert browser.get("/beds").status_code == 200


def test_a_sealed_code_lets_in_where_nobody_is_signed_in(down, vault, actor):
    administrator = down.browser("administrator")
    made = administrator.post("/break-glass/codes", {"ward": "A1", "reason": "night"})
    label, secret = re.search(r"envelope (\S+) Code inside (\S+)", words(made.text)).groups()
    assert secret not in administrator.get("/break-glass").text
    administrator.post("/sign-out")
    stranger = down.browser()
    assert "No account here?" in stranger.get("/sign-in").text
    wrong = stranger.post("/break-glass/enter", FORM | {"label": label, "code": "x"})
    assert wrong.status_code == 401
    answer = stranger.post("/break-glass/enter", FORM | {"label": label, "code": secret})
    assert answer.status_code == 303
    stranger.get("/")
    page = stranger.get("/beds/ward?ward=A1")
    assert page.status_code == 200
    patient = re.search(r'href="/patients/(\w+)"', page.text)[1]
    assert "/events/record" not in stranger.get(f"/patients/{patient}").text
    refused = move(stranger, patient)  # nobody answers for it: it is for reading
    assert refused.status_code == 403
    assert "Write it on a paper form" in refused.text
    assert list_events(vault) == []
    stranger.post("/switch-user")
    (access,) = review_access.list_accesses(vault)
    assert access.let_in_by == f"sealed code {label}"
    back = stranger.post("/break-glass/resume", {"username": access.username, "pin": "271828"})
    assert back.status_code == 303
    assert "user name guest-k7-" in words(stranger.get("/what-to-do").text)
    assert not ward_codes.list_ward_codes(vault)[0].is_open
    page = words(
        administrator.post("/break-glass/enter", FORM | {"label": label, "code": secret}).text
    )
    assert "the code was used before" in page
