"""Statement, report and harm review on screen, and who sees to what is open."""

import re

from downtime.entry import retire_forms
from downtime.outage import outages
from downtime.paper import ledger
from downtime.vault import device
from tests.closing import close_outage
from tests.integration.recovery.conftest import KEEPER
from tests.integration.web.conftest import PASSWORD


def test_harm_review_shows_what_waited_and_a_clinician_says_what_came_of_it(hospital, recovered):
    site = hospital.browser("site")
    page = site.get("/harm").text
    assert "Asked for again on paper" in page
    key = re.search(r'name="finding" value="([^"]+)"', page)[1]
    refused = site.post("/harm/review", {"finding": key, "outcome": "low", "note": ""})
    assert "Harm needs a note" in refused.text
    assert site.post("/harm/review", {"outcome": "none", "note": ""}).status_code == 400
    done = site.post("/harm/review", {"finding": key, "outcome": "low", "note": "bled again"})
    assert done.status_code == 303
    assert "Low harm" in site.get("/harm").text
    assert "bled again" in site.get("/harm.csv").text
    assert "bled again" in site.get("/harm.csv?kind=waiting").text
    assert "bled again" not in site.get("/harm.csv?kind=delay").text
    assert site.get("/harm.xlsx").status_code == 200
    for kind in ("mismatch", "duplicate", "put-off", "delay"):
        assert "Harm review" in site.get(f"/harm?kind={kind}").text
    assert site.get("/harm?kind=nonsense").status_code == 404


def test_a_stale_page_says_no_harm_of_nothing_that_a_colleague_reviewed(hospital, vault, recovered):
    """Two clinicians have the same list before them: the second would undo the first one's word."""
    first, second = hospital.browser("site"), hospital.browser("site")
    ticked = re.search(r'name="finding" value="([^"]+)"', first.get("/harm").text)[1]
    severe = {"finding": ticked, "outcome": "severe", "note": "bled too late"}
    assert first.post("/harm/review", severe).status_code == 303
    late = second.post("/harm/review", {"finding": ticked, "outcome": "none", "note": ""})
    assert (late.status_code, "Nothing was recorded" in late.text) == (409, True)
    unseen = {"finding": ticked.partition("=")[0], "outcome": "none", "note": ""}
    assert second.post("/harm/review", unseen).status_code == 404
    assert [row[0] for row in vault.db.execute("SELECT outcome FROM harm_review")] == ["severe"]


def test_books_are_not_closed_from_a_page_that_shows_less_than_is_open(
    hospital, vault, outage, recovered, issue
):
    """The first proposes anew after more came up; the second still has the page of before."""
    outages.mark_restored(vault, list(outage.down), KEEPER, "back")
    site, second = hospital.browser("site"), hospital.browser("records-supervisor")
    site.close(outage.id, "propose", "Paper is lost")
    page = second.get(f"/outages/close?outage={outage.id}").text
    stale = dict(re.findall(r'name="(step|facts)" value="([^"]+)"', page))
    retire_forms.void_form(vault, ledger.list_missing(vault, outage.id)[0].serial, KEEPER, "spoilt")
    site.get("/statement")
    site.close(outage.id, "propose", "Paper is lost")
    late = press(second, "/outages/close", outage=outage.id, reason="I looked", **stale)
    assert (late.status_code, "reads otherwise" in late.text) == (409, True)
    assert outages.get_outage(vault, outage.id).state == "recovering"


def test_only_open_requests_are_explained_by_a_clinical_role_with_a_chosen_word(
    hospital, recovered
):
    """Nothing stands chosen: a tick and a press record no outcome that nobody meant."""
    site = hospital.browser("site")
    page = site.get("/harm").text
    assert re.search(r'<select[^>]*name="how">\s*<option value="">', page)
    assert re.search(r'<select[^>]*name="outcome">\s*<option value="">', page)
    key = re.search(r'name="finding" value="([^"]+)"', page)[1]
    sent = {"finding": key, "how": "taken-again", "note": "bled at 16:00", "kind": "waiting"}
    assert site.post("/harm/explain", sent | {"how": ""}).status_code == 400
    assert site.post("/harm/review", {"finding": key, "outcome": "", "note": ""}).status_code == 400
    refused = site.post("/harm/explain", sent)  # asked for again on paper: it is not open
    assert (refused.status_code, "are not open" in refused.text) == (409, True)
    supervisor = hospital.browser("records-supervisor")
    assert supervisor.post("/harm/explain", sent).status_code == 403


def test_the_statement_names_the_owner_of_what_is_open_and_says_when_they_are_late(
    hospital, vault, outage, recovered
):
    supervisor = hospital.browser("records-supervisor")
    page = supervisor.get("/comparison").text
    key = re.search(r'href="/comparison/(K7[^"?]+)', page)[1]
    given = {"owner": "Laboratory", "due": "2026-01-01T08:00", "note": "look it up"}
    wrong = supervisor.post(f"/comparison/{key}/owner", given | {"due": "soon"})
    assert "not a time" in wrong.text
    assert supervisor.post(f"/comparison/{key}/owner", given).status_code == 303
    assert "Overdue" in supervisor.get(f"/comparison/{key}").text
    page = supervisor.get("/statement").text
    assert "1 overdue" in page
    assert "Laboratory" in page
    assert "NOT COMPLETE" in page
    (out,) = ledger.list_missing(vault, outage.id)
    supervisor.post(
        "/forms/assign", {"serial": out.serial, "owner": "Ward A1", "due": "2026-01-01T08:00"}
    )
    assert "2 overdue" in supervisor.get("/statement").text


def test_an_earlier_outage_can_be_chosen_on_statement_and_report(
    hospital, vault, outage, recovered
):
    outages.mark_restored(vault, list(outage.down), KEEPER, "back")
    close_outage(vault, outage.id, KEEPER, "all is done")
    outages.declare_systems_down(vault, ["PAS"], KEEPER, "power lost again", known=("LIMS", "PAS"))
    site = hospital.browser("site")
    for name in ("statement", "report"):
        assert "PAS is still declared down" in site.get("/statement").text
        page = site.get(f"/{name}?outage={outage.id}").text
        assert f"{name.capitalize()}" in page
        assert f'name="outage" value="{outage.id}"' in page
        document = site.get(f"/{name}/json?outage={outage.id}").json
        assert document.get("facts", document)["outage"]["id"] == outage.id
        assert site.get(f"/{name}?outage=none-such").status_code == 404
    signed = site.sign("safety", outage=outage.id)
    assert signed.location.endswith(f"outage={outage.id}")
    assert "Sign as clinical safety lead" not in site.get(f"/statement?outage={outage.id}").text


def test_a_report_shows_each_chart_with_its_table(hospital, recovered):
    page = hospital.browser("records-supervisor").get("/report").text
    assert page.count("<svg") == page.count("<caption>") > 2
    assert "First item decided" not in page
    assert "Compared: 2 forms" in page


def test_before_any_outage_there_is_nothing_to_state(hospital):
    site = hospital.browser("site")
    for name, words in (
        ("statement", "there is no statement"), ("report", "nothing to report"),
        ("harm", "nothing to review"),
    ):  # fmt: skip
        assert words in site.get(f"/{name}").text


def press(browser, path, **fields):
    return browser.post(path, fields)


def test_signing_asks_for_the_password_and_names_what_is_open(hospital, vault, recovered):
    site = hospital.browser("site")
    page = site.get("/statement").text
    assert 'class="link" name="lead"' not in page, "nothing that looks like a link signs"
    ask = "/statement/sign?lead=safety"
    page = site.get(ask).text
    assert 'type="password"' in page
    assert re.search(r"You sign with \d+ things open", page)
    assert "Items to be decided" in page
    assert site.get("/statement/sign?lead=records").status_code == 403
    signatures = "SELECT count(*) FROM statement_signature"
    for password in ("", "wrong password here"):
        refused = press(site, "/statement/sign", lead="safety", password=password)
        assert refused.status_code == 403
        assert "Nothing was signed" in refused.text
    assert vault.db.execute(signatures).fetchone()[0] == 0
    unseen = press(site, "/statement/sign", lead="safety", password=PASSWORD)
    assert (unseen.status_code, "reads otherwise" in unseen.text) == (409, True)
    done = site.sign("safety")
    assert done.status_code == 303
    assert vault.db.execute(signatures).fetchone()[0] == 1


def test_books_with_things_open_are_closed_by_two_people_and_opened_again(
    hospital, vault, outage, recovered
):
    outages.mark_restored(vault, list(outage.down), KEEPER, "back")
    site, second = hospital.browser("site"), hospital.browser("records-supervisor")
    page = site.get(f"/outages/close?outage={outage.id}").text
    assert "Propose to close it as it is" in page
    alone = press(site, "/outages/close", outage=outage.id, reason="tired", step="close")
    assert (alone.status_code, "not complete and signed" in alone.text) == (409, True)
    site.close(outage.id, "propose", "Paper is lost")
    own = site.close(outage.id, "second", "yes")
    assert own.status_code == 403
    assert "proposes to close the books" in second.get("/statement").text
    page = second.get(f"/outages/close?outage={outage.id}").text
    assert "Paper is lost" in page
    assert 'name="step" value="second"' in page
    done = second.close(outage.id, "second", "I looked")
    assert done.status_code == 303
    page = site.get(f"/statement?outage={outage.id}").text
    assert "Paper is lost" in page
    assert "I looked" in page
    assert "Open again" in site.get("/outages").text
    assert "statement says who" in site.get(f"/outages/reopen?outage={outage.id}").text
    press(site, "/outages/reopen", outage=outage.id, reason="A box was found")
    assert outages.get_outage(vault, outage.id).state == "recovering"
    assert "A box was found" in site.get("/statement").text
    ward = hospital.browser("ward")
    assert press(ward, "/outages/reopen", outage=outage.id, reason="x").status_code == 403


def test_what_speaks_against_the_records_is_explained_by_two_people(
    hospital, vault, outage, recovered
):
    with vault.change(KEEPER, "home.restored"):
        pass
    site, second = hospital.browser("site"), hospital.browser("records-supervisor")
    assert "put back from a backup" in site.get("/statement").text
    page = site.get("/statement/proof").text
    problem = re.search(r'name="problem" value="([^"]+)"', page)[1]
    sent = {"outage": outage.id, "problem": problem}
    press(site, "/statement/proof", **sent, reason="The disk failed")
    assert "A second person has to look" in site.get("/statement/proof").text
    assert press(site, "/statement/proof", **sent, reason="again").status_code == 403
    press(second, "/statement/proof", **sent, reason="Compared with the station")
    page = site.get("/statement").text
    assert "Not proved: 1" in page
    assert "Compared with the station" in page
    assert (
        press(hospital.browser("ward"), "/statement/proof", **sent, reason="x").status_code == 403
    )


def test_the_file_is_signed_and_its_key_stands_on_the_page(hospital, vault, recovered):
    site = hospital.browser("site")
    document = site.get("/statement/json").json
    fingerprint = device.find_own_fingerprint(hospital.home)
    assert fingerprint in site.get("/statement").text
    assert document["key"] == device.read_own_card(hospital.home).verify_key
    assert document["signature"]
