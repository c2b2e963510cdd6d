"""Sign in, lock, sign out: who gets in, and what everybody else sees."""

import re

import pytest

from tests.integration.web.conftest import PASSWORD, Hospital


def test_a_person_signs_in_and_is_named_on_every_page(hospital):
    page = hospital.browser("ward").get("/find").text
    assert "Ward Person" in page
    assert "Ward staff" in page


def test_nobody_sees_a_page_before_signing_in(hospital):
    answer = hospital.browser().get("/find")
    assert (answer.status_code, answer.location) == (303, "/sign-in")


def test_wrong_password_and_unknown_name_get_the_same_answer(hospital):
    browser = hospital.browser()
    answers = [
        browser.post("/sign-in", {"username": name, "password": "wrong wrong", "code": "123456"})
        for name in ("ward", "nobody-here")
    ]
    assert {answer.status_code for answer in answers} == {401}
    bodies = [a.text.split("<h1>")[1].split("<form")[0] for a in answers]
    assert bodies[0] == bodies[1]
    assert "wrong wrong" not in answers[0].text


def test_a_code_is_taken_once(hospital):
    browser = hospital.browser()
    code = hospital.code("ward")
    fields = {"username": "ward", "password": PASSWORD, "code": code}
    assert browser.post("/sign-in", fields).status_code == 303
    assert hospital.browser().post("/sign-in", fields).status_code == 401


def test_looking_at_the_sign_in_page_signs_nobody_in(hospital):
    """HEAD needs no form token and no origin: a link checker would sign in, or use up tries."""
    fields = {"username": "ward", "password": PASSWORD, "code": hospital.code("ward")}
    answer = hospital.browser().client.head("/sign-in", data=fields)
    cookies = [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")]
    assert (answer.status_code, "downtime_session" in cookies) == (200, False)


def test_an_idle_screen_locks_and_the_password_opens_it(hospital):
    browser = hospital.browser("ward")
    hospital.clock.go_on(minutes=6)
    assert browser.get("/beds").location == "/locked"
    locked = browser.get("/locked").text
    assert "Ward Person" in locked
    assert "Tests outstanding" not in locked
    assert browser.post("/unlock", {"password": "wrong"}).status_code == 401
    assert browser.post("/unlock", {"password": PASSWORD}).status_code == 303
    assert browser.get("/beds").status_code == 200


def test_polling_does_not_keep_a_screen_open(hospital):
    browser = hospital.browser("ward")
    for _ in range(7):
        hospital.clock.go_on(minutes=1)
        answer = browser.get("/beds", headers={"X-Poll": "1"})
    assert answer.location == "/locked"


def test_part_of_a_locked_page_sends_the_whole_page_away(hospital):
    browser = hospital.browser("ward")
    browser.post("/lock")
    answer = browser.post("/find/part", {"text": "smith"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/locked"


def test_a_session_ends_after_its_hours_whatever_happens(hospital):
    with hospital.home.config_file.open("a") as file:
        file.write("session_hours = 2\n")
    hospital = Hospital(hospital.home, hospital.clock, hospital.secrets, hospital.file)
    browser = hospital.browser("ward")
    for _ in range(29):
        hospital.clock.go_on(minutes=4)
        assert browser.get("/beds").status_code == 200
    hospital.clock.go_on(minutes=4)
    assert browser.get("/beds").location == "/sign-in"


def test_signing_out_forgets_the_vault_with_the_last_session(hospital):
    keeper = hospital.app.extensions["downtime"].vault_holder
    first, second = hospital.browser("ward"), hospital.browser("site")
    answer = first.post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert keeper.unlocked
    assert first.get("/beds").location == "/sign-in"
    second.post("/sign-out")
    assert not keeper.unlocked


def test_switching_user_keeps_the_vault_open_for_the_next(hospital):
    browser = hospital.browser("ward")
    assert "The next user can sign in" in browser.post("/switch-user").text
    assert hospital.app.extensions["downtime"].vault_holder.unlocked
    browser.sign_in("site")
    assert "Site Person" in browser.get("/beds").text


def test_a_first_password_has_to_be_replaced(hospital):
    admin = hospital.browser("administrator")
    page = admin.post(
        "/people", {"name": "New Nurse", "username": "new.nurse", "role": "ward"}
    ).text
    first = page.split('First password</dt><dd class="mono">')[1].split("<")[0]
    secret = page.rsplit('<p class="mono">', 1)[1].split("<")[0]
    hospital.secrets["new.nurse"] = secret
    browser = hospital.browser()
    browser.post(
        "/sign-in",
        {"username": "new.nurse", "password": first, "code": hospital.code("new.nurse")},
    )
    assert browser.get("/beds").location == "/password"
    chosen = {"old": first, "new": PASSWORD, "again": PASSWORD}
    assert browser.post("/password", {**chosen, "again": "x"}).status_code == 400
    assert browser.post("/password", chosen).status_code == 303
    assert browser.get("/beds").status_code == 200


@pytest.mark.parametrize(
    ("role", "page", "entry"),
    [
        ("ward", "/find", "Find"),
        ("site", "/find", "Find"),
        ("records-clerk", "/worklists", "Worklists"),
        ("records-supervisor", "/worklists", "Worklists"),
        ("administrator", "/outages", "Outages"),
        ("auditor", "/audit", "Audit"),
    ],
)
def test_everybody_starts_on_the_page_of_their_own_work(hospital, role, page, entry):
    browser = hospital.browser(role)
    assert browser.get("/").location == page
    menu = browser.get(page).text.partition('class="nav')[2].partition("</nav>")[0]
    assert re.search(rf'aria-current="(?:page|true)"[^>]*>{entry}<', menu)


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_who_cares_for_nobody_has_the_pages_of_the_site_first(hospital, role):
    page = hospital.browser(role).get("/outages").text.partition('class="nav')[2]
    assert page.index(">Outages<") < page.index(">What to do now<")


def read_codes(page: str) -> list[str]:
    return re.findall(r'<td class="mono">([\w-]{14})</td>', page)


def test_a_sheet_of_codes_is_shown_once_and_signs_in_by_a_wrong_clock(hospital):
    nurse = hospital.browser("ward")
    assert "You have no codes" in nurse.get("/codes").text
    assert nurse.post("/codes", {"password": "wrong"}).status_code == 401
    codes = read_codes(nurse.post("/codes", {"password": PASSWORD}).text)
    assert len(codes) == 10
    assert not read_codes(nurse.get("/codes").text)
    hospital.clock.go_on(days=365)
    browser = hospital.browser()
    fields = {"username": "ward", "password": PASSWORD, "code": codes[0]}
    assert browser.post("/sign-in", fields).status_code == 303
    page = browser.get("/codes").text
    assert "Code 1 of your printed sheet is used: cross it off. 9 are left." in page
    assert "<strong>9</strong> codes are left" in page
    assert hospital.browser().post("/sign-in", fields).status_code == 401


def test_one_sees_where_one_is_signed_in_and_ends_the_others_with_the_password(hospital):
    left, here, other = hospital.browser("ward"), hospital.browser("ward"), hospital.browser("site")
    page = here.get("/sessions").text
    assert (page.count("this one"), page.count(">open<")) == (1, 1)
    refused = here.post("/sessions", {"password": "wrong"})
    assert refused.status_code == 401
    assert "This password is not yours: nothing was done." in refused.text
    assert left.get("/beds").status_code == 200
    assert here.post("/sessions", {"password": PASSWORD}).status_code == 303
    assert left.get("/beds").location == "/sign-in"
    assert here.get("/beds").status_code == other.get("/beds").status_code == 200
    assert "End all others" not in here.get("/sessions").text


def test_a_new_password_ends_what_was_left_open_elsewhere(hospital):
    left, here = hospital.browser("ward"), hospital.browser("ward")
    new = "quiet brass kettle"
    changed = here.post("/password", {"old": PASSWORD, "new": new, "again": new})
    assert changed.status_code == 303
    assert left.get("/beds").location == "/sign-in"
    assert here.get("/beds").status_code == 200


def test_a_page_that_a_role_may_not_open_is_recorded(hospital):
    nurse = hospital.browser("ward")
    assert nurse.get("/audit").status_code == 403
    assert "access.refused" in hospital.browser("auditor").get("/audit").text


def test_a_clock_that_is_hours_off_is_named_beside_what_to_do(hospital):
    browser = hospital.browser()
    assert "clock says 02-Nov-2026 14:30" in browser.get("/sign-in").text
    code = hospital.code("ward")
    hospital.clock.go_on(hours=3)
    answer = browser.post("/sign-in", {"username": "ward", "password": PASSWORD, "code": code})
    assert answer.status_code == 401
    assert "your code fits 02-Nov-2026 14:30: about 3 hours off." in answer.text
    assert "Sign in with a code of your printed sheet" in answer.text


def test_a_pin_unlocks_the_screen_until_signing_out(hospital):
    browser = hospital.browser("ward")
    chosen = {"pin": "274913", "again": "274913", "password": PASSWORD}
    for change in ({"again": "274914"}, {"pin": "123456", "again": "123456"}):
        assert browser.post("/pin", chosen | change).status_code == 400
    assert browser.post("/pin", chosen).status_code == 303
    browser.post("/lock")
    assert "PIN or password of Ward Person" in browser.get("/locked").text
    assert browser.post("/unlock", {"password": "000000"}).status_code == 401
    assert browser.post("/unlock", {"password": "274913"}).status_code == 303
    assert browser.get("/beds").status_code == 200
    browser.post("/switch-user")
    browser.sign_in("ward")
    browser.post("/lock")
    assert browser.post("/unlock", {"password": "274913"}).status_code == 401
