"""The Unmatched screens: found, proposed, confirmed by another, undone; no number in an address."""

import re

import pytest

from downtime.clinical.model import Encounter, Patient
from downtime.paper.model import Subject
from downtime.reconcile.identity import links
from tests.integration.recovery.conftest import ANN, BLOODS, HOSPITAL, LATER
from tests.integration.recovery.twins import NUMBER, PETRA, TWINS, paper  # noqa: F401 - a fixture


@pytest.fixture
def clerks(hospital, vault):
    """Two records clerks, signed in; the second one is the supervisor."""
    return hospital.browser("records-clerk"), hospital.browser("records-supervisor")


def test_two_people_link_a_downtime_number_and_one_undoes_it(clerks, paper, vault):  # noqa: F811
    clerk, supervisor = clerks
    page = clerk.get("/identity").text
    assert "To link: 2" in page
    assert page.index("Phoned result") < page.index(NUMBER)
    page = clerk.get(f"/identity/{paper}").text
    assert "date of birth has day and month swapped" in page
    assert "surname and given name exchanged" in page
    refused = clerk.post(f"/identity/{paper}/propose", {"patient": "p-1", "reason": "seen her"})
    assert "alone never say" in refused.text
    sent = {"patient": "p-1", "reason": "seen her", "evidence": "passport"}
    assert clerk.post(f"/identity/{paper}/propose", sent).status_code == 303
    page = clerk.get(f"/identity/{paper}").text
    assert "You proposed this link" in page
    assert "Confirm: same person" not in page
    link = re.search(rf"/identity/{paper}/(\w+)/confirm", page)[1]
    answer = clerk.post(f"/identity/{paper}/{link}/confirm", {"reason": "me again"})
    assert answer.status_code == 403
    assert links.confirmed_links(vault.db) == {}
    page = supervisor.get(f"/identity/{paper}").text
    assert "Confirm: same person" in page
    supervisor.post(f"/identity/{paper}/{link}/confirm", {"reason": "read the paper"})
    assert links.confirmed_links(vault.db)[NUMBER].person.mrn == "H2001"
    assert "Linked: 1" in supervisor.get("/identity").text
    supervisor.post(f"/identity/{paper}/{link}/undo", {"reason": "her sister"})
    assert links.confirmed_links(vault.db) == {}
    page = clerk.get(f"/identity/{paper}").text
    assert "undone by" in page
    assert "her sister" in page


def test_a_link_is_decided_only_in_the_name_of_its_own_person(clerks, paper, keyed, vault):  # noqa: F811
    clerk, supervisor = clerks
    stranger = keyed("blood-sciences-request", BLOODS, Subject())
    sent = {"patient": "p-1", "reason": "seen her", "evidence": "passport"}
    clerk.post(f"/identity/{paper}/propose", sent)
    link = re.search(r"/(\w+)/confirm", supervisor.get(f"/identity/{paper}").text)[1]

    def decide(person, decision):
        said = {"reason": "read the paper"}
        return supervisor.post(f"/identity/{person}/{link}/{decision}", said).status_code

    assert [decide(stranger, decision) for decision in ("confirm", "reject")] == [404, 404]
    assert decide(paper, "confirm") == 303
    assert decide(stranger, "undo") == 404
    assert NUMBER in links.confirmed_links(vault.db)
    assert decide(paper, "undo") == 303
    assert links.confirmed_links(vault.db) == {}


def test_a_rejected_patient_can_be_followed_by_another(clerks, paper, vault):  # noqa: F811
    clerk, supervisor = clerks
    sent = {"patient": "p-2", "reason": "a guess", "evidence": "none"}
    clerk.post(f"/identity/{paper}/propose", sent)
    link = re.search(r"/(\w+)/reject", supervisor.get(f"/identity/{paper}").text)[1]
    supervisor.post(f"/identity/{paper}/{link}/reject", {"reason": "too old"})
    page = clerk.get(f"/identity/{paper}").text
    assert "too old" in page
    assert "Propose this patient" in page


def test_no_address_names_a_patient(clerks, paper):  # noqa: F811
    clerk, _ = clerks
    for page in (clerk.get("/identity").text, clerk.get(f"/identity/{paper}").text):
        addresses = " ".join(re.findall(r'(?:href|action|formaction)="([^"]+)"', page))
        assert not re.search(r"DK7|999000|NOVAK|Novak|H20", addresses)


def test_a_name_is_looked_for_without_standing_in_an_address(clerks, paper):  # noqa: F811
    clerk, _ = clerks
    answer = clerk.post(f"/identity/{paper}", {"typed": "o'hara"})
    assert answer.headers["Location"].endswith(f"/identity/{paper}")
    assert "O&#39;HARA" in clerk.get(f"/identity/{paper}").text


def test_the_program_proposes_exact_numbers_for_two_people_to_agree(clerks, keyed, hold, vault):
    clerk, supervisor = clerks
    hold(2, (*HOSPITAL, *TWINS), LATER)
    said = {"patient.nhs": "9990000263", "patient.born": "1985-03-01"}
    serial = keyed("blood-sciences-request", BLOODS | said, Subject(downtime_number=NUMBER))
    assert (
        "1 proposed"
        in clerk.client.post(
            "/identity/exact",
            data={"csrf_token": clerk.token()},
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=True,
        ).text
    )
    link = re.search(r"/(\w+)/confirm", clerk.get(f"/identity/{serial}").text)[1]
    clerk.post(f"/identity/{serial}/{link}/confirm", {"reason": "same number"})
    assert links.confirmed_links(vault.db) == {}
    supervisor.post(f"/identity/{serial}/{link}/confirm", {"reason": "same number"})
    assert NUMBER in links.confirmed_links(vault.db)


def test_before_the_hospital_has_recovered_nobody_is_offered(clerks, keyed):
    clerk, _ = clerks
    serial = keyed("blood-sciences-request", BLOODS | PETRA, Subject(downtime_number=NUMBER))
    page = clerk.get(f"/identity/{serial}").text
    assert "outage&#39;s beginning" in page
    assert "Propose this patient" not in page


def test_a_namesake_is_warned_of_wherever_records_staff_see_the_patient(clerks, issue, hold):
    other = Patient(id="p-other", family="HILL", given="Ann Rose", birth_date="1991-05-05")
    bed = Encounter(
        id="e-other", patient="p-other", ward="A1", status="in-progress", kind="inpatient",
        started="2026-11-02T09:00:00Z",
    )  # fmt: skip
    hold(2, (*HOSPITAL, other, bed), LATER)
    serial = issue("observations", ANN)
    clerk, _ = clerks
    for address in (f"/key/{serial}", f"/forms/{serial}", "/patients/p-ann"):
        page = clerk.get(address).text
        assert "Same or similar name" in page, address
        assert "HILL, Ann Rose, born 05-May-1991" in page
