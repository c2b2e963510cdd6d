"""An outage on the screens: declared, shown everywhere, drilled, ended; numbers and what to do."""

import re

from tests.integration.web.test_ward import words


def declare(browser, *systems, drill=False):
    data = {"systems": list(systems), "reason": "Said by the service desk"}
    return browser.post("/outages/declare", data | ({"drill": "1"} if drill else {}))


def test_a_declared_system_is_down_on_every_page_with_its_time(hospital):
    browser = hospital.browser("ward")
    assert declare(browser, "LIMS").location == "/what-to-do"
    for path in ("/beds", "/find", "/numbers"):
        page = words(browser.get(path).text)
        assert re.search(r"LIMS: DOWN since 02-Nov-2026 14:3\d", page), path
        assert re.search(r"LIMS: DOWN.* Not declared down: PAS as at", page), path


def test_what_to_do_shows_the_cards_of_what_is_down(hospital):
    browser = hospital.browser("ward")
    assert "Radiology is down" in browser.get("/what-to-do").text
    declare(browser, "LIMS")
    page = browser.get("/what-to-do").text
    assert "Laboratory (LIMS) is down" in page
    assert "In every outage" in page
    assert "Radiology is down" not in page


def test_a_site_writes_its_own_instructions(hospital):
    card = "- {system: any, title: Ours, steps: ['Call <b>Sam</b>'], call: '1234'}\n"
    (hospital.home.path / "guidance.yaml").write_text(card)
    page = hospital.browser("ward").get("/what-to-do").text
    assert "Call &lt;b&gt;Sam&lt;/b&gt;" in page
    assert "LIMS" not in page.split("<main")[1].split("</main>")[0]


def test_instructions_with_a_mistake_are_a_sentence(hospital):
    (hospital.home.path / "guidance.yaml").write_text("- {title: Half a card}\n")
    answer = hospital.browser("ward").get("/what-to-do")
    assert answer.status_code == 400
    assert "guidance.yaml cannot be read as instructions" in answer.text


def test_a_drill_says_so_on_every_page(hospital):
    browser = hospital.browser("ward")
    declare(browser, "LIMS", drill=True)
    for path in ("/beds", "/find", "/print", "/outages"):
        page = browser.get(path).text
        assert "<title>DRILL – " in page
        assert "practice, not a real outage" in page
        assert 'class="in-drill"' in page


def test_the_snapshot_of_the_moment_is_kept_for_the_comparison(hospital):
    browser = hospital.browser("ward")
    declare(browser, "LIMS", "EPR")
    assert "Kept for an outage" in browser.get("/snapshots").text


def test_systems_come_back_and_the_books_are_closed(hospital):
    declare(hospital.browser("ward"), "LIMS", "EPR")
    site = hospital.browser("site")
    site.post("/outages/end", {"systems": ["LIMS"], "reason": "Service desk"})
    assert "Down: EPR." in words(site.get("/outages").text)
    site.post("/outages/end", {"systems": ["EPR"], "reason": "Service desk"})
    page = site.get("/outages").text
    assert "All systems are restored" in page
    outage = re.search(r'/outages/close\?outage=([^"]+)"', page)[1]
    asked = words(site.get(f"/outages/close?outage={outage}").text)
    assert "Statement: COMPLETE." in asked
    assert "Not signed by: Ward lead, Records lead, Clinical safety lead" in asked
    sent = {"outage": outage, "reason": "Nothing was printed"}
    assert "is not complete and signed" in site.post("/outages/close", sent).text
    site.close(outage, "propose", "Nothing was printed")
    second = hospital.browser("records-supervisor")
    second.close(outage, "second", "Nothing was printed")
    assert "No outage or drill is open" in site.get("/outages").text


def test_every_step_says_in_numbers_what_it_changes_before_the_button(hospital):
    browser = hospital.browser("site")
    asked = words(browser.get("/outages/declare?systems=LIMS&systems=EPR").text)
    assert "LIMS, EPR: down from now. A new outage opens." in asked
    assert "kept as T0. Newest data in it: LIMS 02-Nov-2026" in asked
    assert "Requests without a result: 1, on 1 wards." in asked
    assert "Admitted 3 = shown on wards 3 + ward not known 0, in the snapshot." in asked
    assert "No outage or drill is open" in browser.get("/outages").text, "looking changes nothing"
    declare(browser, "LIMS", "EPR")
    asked = words(browser.get("/outages/end?systems=LIMS").text)
    assert re.search(r"LIMS: down from 02-Nov-2026 14:3\d, for \d min", asked)
    assert "Still down: EPR." in asked
    outage = re.search(r'name="outage" value="([^"]+)"', browser.get("/outages").text)[1]
    correct = f"/outages/correct?outage={outage}&system=LIMS&what="
    asked = words(browser.get(f"{correct}start&since=13:00").text)
    assert "down from 02-Nov-2026 13:00 instead of 02-Nov-2026 14:3" in asked
    assert "begins 02-Nov-2026 13:00 then" in asked
    assert "LIMS counts as never lost" in browser.get(f"{correct}system").text
    assert browser.get(f"{correct}nonsense").status_code == 400


def test_a_real_failure_in_a_drill_is_one_step_from_every_action_and_ends_it(hospital):
    site = hospital.browser("site")
    declare(site, "LIMS", "PAS", drill=True)
    (drill,) = re.findall(r'name="outage" value="([^"]+)"', site.get("/outages").text)
    steps = (
        "end?systems=LIMS",
        f"correct?outage={drill}&system=LIMS&what=system",
        "declare?systems=EPR&drill=1",
    )
    for path in ("/outages", *(f"/outages/{step}" for step in steps)):
        assert 'href="/outages#real"' in site.get(path).text, path
    nurse = hospital.browser("ward")
    asked = words(nurse.get("/outages/declare?systems=LIMS").text)
    assert "Declare down: this is real" in asked
    assert f"DRILL {drill} ends at once: 2 systems of it count as restored." in asked
    declare(nurse, "LIMS")
    page = nurse.get("/outages").text
    assert 'class="in-drill"' not in page
    assert re.search(r"LIMS: DOWN.* Not declared down: PAS as at", words(page))
    assert re.search(r"Outage \S+ began .*Down: LIMS\.", words(page))
    assert f"DRILL {drill} began" in words(page), "it has its own books until they are closed"


def test_a_new_outage_opens_beside_the_one_that_is_being_recovered(hospital):
    site, records = hospital.browser("site"), hospital.browser("records-supervisor")
    declare(site, "LIMS")
    site.post("/outages/end", {"systems": ["LIMS"], "reason": "Back"})
    declare(site, "PAS")
    page = words(site.get("/outages").text)
    first, second = "2026-11-02-1", "2026-11-02-2"
    for sentence in (
        f"Outage {second} began",
        "Down: PAS.",
        f"Outage {first} began",
        "All systems are restored",
    ):
        assert sentence in page
    assert f"Worklists: Outage {first}" in words(records.get("/worklists").text)
    records.post("/outages/choose", {"outage": second})
    assert f"Worklists: Outage {second}" in words(records.get("/worklists").text)
    assert f"Outage {first}" in words(records.get(f"/forms?outage={first}").text)


def test_a_correction_is_made_with_its_reason(hospital):
    site = hospital.browser("site")
    declare(site, "LIMS", "PAS")
    outage = re.search(r'name="outage" value="([^"]+)"', site.get("/outages").text)[1]
    wrong = {"outage": outage, "system": "PAS", "what": "system", "reason": "It was the network"}
    assert hospital.browser("ward").post("/outages/correct", wrong).status_code == 403
    site.post("/outages/correct", wrong)
    assert "Down: LIMS." in words(site.get("/outages").text)
    site.post("/outages/correct", wrong | {"system": "LIMS", "what": "kind"})
    assert 'class="in-drill"' in site.get("/outages").text


def test_a_declaration_needs_a_system_and_a_reason(hospital):
    browser = hospital.browser("ward")
    assert browser.post("/outages/declare", {"reason": "x"}).status_code == 400
    for reason in (" ", "678", "4 0018"):  # nothing, and what is left of a scan
        declared = browser.post("/outages/declare", {"systems": ["LIMS"], "reason": reason})
        assert declared.status_code == 400, reason
    assert "No outage or drill is open" in browser.get("/outages").text


def test_numbers_are_given_out_once_and_shown_once(hospital):
    browser = hospital.browser("ward")
    assert browser.post("/numbers", {"count": "3"}).location == "/numbers"
    given = set(re.findall(r"DK7\d{5}\w", browser.get("/numbers").text))
    assert len(given) == 3
    page = browser.get("/numbers").text
    assert not re.findall(r"DK7\d{5}\w", page)
    assert "997 of 1,000" in page
    browser.post("/numbers", {"count": "1"})
    assert not set(re.findall(r"DK7\d{5}\w", browser.get("/numbers").text)) & given


def test_an_impossible_count_gives_out_nothing(hospital):
    browser = hospital.browser("ward")
    for count in ("0", "101", "-1", "x", "", "1e1", "1" * 12):
        assert browser.post("/numbers", {"count": count}).status_code == 400, count
    assert "1,000 of 1,000" in browser.get("/numbers").text


def test_that_systems_are_back_is_said_of_those_ticked_only(hospital):
    browser = hospital.browser("site")
    declare(browser, "LIMS", "PAS")
    refused = browser.post("/outages/end", {"systems": [], "reason": "The network team rang"})
    assert refused.status_code == 400
    assert "No system was named." in refused.text
    assert 'href="/">Start page</a>' in refused.text
    browser.post("/outages/end", {"systems": ["PAS"], "reason": "The network team rang"})
    assert "PAS: restored. Still down: LIMS." in words(browser.get("/outages").text)


def test_a_start_or_a_time_of_another_age_is_refused_and_every_page_still_comes(hospital):
    browser = hospital.browser("site")
    data = {"systems": ["LIMS"], "reason": "a slip"}
    mistyped = ("01-Jan-0001 00:00", "29/11/0026 22:40", "30/11/1926 22:40", "31/12/9999 23:59")
    for since in mistyped:
        assert browser.post("/outages/declare", data | {"since": since}).status_code == 400, since
        asked = browser.get("/outages/declare", query_string=data | {"since": since})
        assert asked.status_code == 400, since
    declare(browser, "LIMS")
    for happened in mistyped:
        event = {"kind": "incident", "answer-what": "Lights out", "happened": happened}
        assert browser.post("/events/record", event).status_code == 400, happened
        at = {"systems": "LIMS", "at": happened}
        assert browser.get("/outages/end", query_string=at).status_code == 400, happened
    for path in ("/beds", "/find", "/outages", "/what-to-do"):
        assert browser.get(path).status_code == 200, path
    assert browser.get(f"/quarantine/{10**22}").status_code == 404
