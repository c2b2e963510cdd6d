"""Statement, report and harm review on screen, and who sees to what is open."""

import re

from downtime.outage import outages
from downtime.paper import ledger
from tests.closing import close_outage
from tests.integration.recovery.conftest import KEEPER


def test_harm_review_shows_what_waited_and_a_clinician_says_what_came_of_it(hospital, recovered):
    site = hospital.browser("site")
    page = site.get("/harm").text
    assert "Asked for again on paper" in page
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    refused = site.post("/harm/review", {"key": key, "outcome": "low", "note": ""})
    assert "Harm needs a note" in refused.text
    assert site.post("/harm/review", {"outcome": "none", "note": ""}).status_code == 400
    done = site.post("/harm/review", {"key": key, "outcome": "low", "note": "bled again"})
    assert done.status_code == 303
    assert "Low harm" in site.get("/harm").text
    assert "bled again" in site.get("/harm/csv").text
    for kind in ("mismatch", "duplicate", "put-off", "delay"):
        assert "Harm review" in site.get(f"/harm?kind={kind}").text
    assert site.get("/harm?kind=nonsense").status_code == 404


def test_only_open_requests_are_explained_by_a_clinical_role_with_a_chosen_word(
    hospital, recovered
):
    """Nothing stands chosen: a tick and a press record no outcome that nobody meant."""
    site = hospital.browser("site")
    page = site.get("/harm").text
    assert re.search(r'<select[^>]*name="how">\s*<option value="">', page)
    assert re.search(r'<select[^>]*name="outcome">\s*<option value="">', page)
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    sent = {"key": key, "how": "taken-again", "note": "bled at 16:00", "kind": "waiting"}
    assert site.post("/harm/explain", sent | {"how": ""}).status_code == 400
    assert site.post("/harm/review", {"key": key, "outcome": "", "note": ""}).status_code == 400
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
        assert site.get(f"/{name}/json?outage={outage.id}").json["outage"]["id"] == outage.id
        assert site.get(f"/{name}?outage=none-such").status_code == 404
    signed = site.post("/statement/sign", {"lead": "safety", "outage": outage.id})
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
