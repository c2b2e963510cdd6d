"""Worklists: every list of a recovery is counted right, and its link leads to a page that shows it."""

import hashlib
import html
import re

import pytest

from downtime.entry import double_keying, keying
from downtime.entry.queries import ask_query
from downtime.outage import outages
from downtime.paper import assignments, check_in, move_form
from downtime.paper.model import AssignmentKind, Subject
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.harm import review
from downtime.reconcile.identity import link_person
from downtime.returns import outbox
from downtime.returns.model import NewMessage
from downtime.returns.rekey import rekey_lines
from downtime.returns.statement import open_items
from downtime.returns.store import outbox_messages
from downtime.settings import EntrySettings, Settings
from downtime.vault.model import Actor
from tests.closing import close_outage
from tests.integration.keying_steps import submit_checked
from tests.integration.recovery.conftest import (
    ANN,
    BLOODS,
    HOSPITAL,
    LIMS_SAYS,
    OBSERVED,
    PHONED,
    SIGNED,
)
from tests.integration.recovery.twins import TWINS
from tests.integration.sync.fleet import Machine
from tests.site import enrol_all

from .conftest import OLD_FBC

RARE = Settings(entry=EntrySettings(sample_percent=0.0, max_error_percent=100.0))
ROW = re.compile(
    r'<tr><th scope="row"[^>]*>(?:<a href="([^"]*)">)?([^<]+)(?:</a>)?</th><td[^>]*>(.*?)</td>'
)
COUNTS = {
    "Forms missing": 1,
    "Forms checked in twice": 1,
    "Forms keyed twice": 0,
    "Forms from laptops not merged yet": 1,
    "Forms returned, not filed": 2,
    "Forms with a scan in doubt": 0,
    "Laptops that have not sent their data": 1,
    "To be keyed": 2,
    "To be keyed a second time": 2,
    "To be decided by a third person": 1,
    "To be confirmed: implausible values": 0,
    "To be compared with the paper": 1,
    "Empty forms, to be confirmed": 1,
    "Patients to link": 1,
    "Links for a second person to confirm": 1,
    "Conflicts to decide": 3,
    "New items to decide": 3,
    "Items to decide where the system has newer data": 0,
    "Unmatched items to decide": 5,
    "Items to decide that are filed, not returned": 0,
    "Items that wait for newer data of their system": 0,
    "Proposed, for a second person to decide": 1,
    "Items decided and not sent yet": 1,
    "Messages refused": 1,
    "Messages waiting behind a refused one": 2,
    "Worklist lines to key by hand": 1,
    "Harm review: without a result when the systems failed": 0,
    "Harm review: phoned differently from the laboratory's result": 1,
}
CRITICAL = {key: PHONED[key] for key in ("checked", "value:1", "units:1")}
SHOWS = {
    "/forms/lists/": r'type="checkbox" form="give"',
    "/laptops": r">Awaited<",
    "/queues/": r'<th scope="row"><a class="mono"',
    "/identity": r'<a class="mono" href="/identity/',
    "/comparison": r'<th scope="row"><a href="/comparison/',
    "/returns#held": r"Waits for message DT1",
    "/returns#refused": r'name="do" value="again"',
    "/returns": r"<strong>1 item decided and not sent yet",
    "/rekey-worklists": r'<tr id="',
    "/harm": r'tag-red">Open<',
}
"""What stands once for each line of a list, by the beginning of its address."""


@pytest.fixture
def entered(vault, issue, actor, checker):
    """One form in each queue of entry, three whose paper is not in order, two documents."""
    move_form.mark_returned(vault, issue("discharge"), actor)
    for _ in range(2):
        move_form.mark_returned(vault, issue("progress-notes"), actor)
    submit_checked(vault, RARE, issue("phoned-result"), PHONED, actor)
    differ = issue("phoned-result")
    submit_checked(vault, RARE, differ, PHONED, actor)
    double_keying.submit_second_keying(vault, RARE, differ, CRITICAL | {"value:1": "9.1"}, checker)
    every = Settings(entry=EntrySettings(sample_percent=100.0))
    submit_checked(vault, every, issue("observations"), OBSERVED, actor)
    submit_checked(vault, RARE, issue("observations"), SIGNED, actor, says_empty=True)
    in_question = issue("observations")
    keying.save_draft(vault, in_question, OBSERVED, actor)
    ask_query.ask_query(vault, RARE, in_question, "pulse:1", "88 or 38?", actor)
    submit_checked(vault, RARE, in_question, OBSERVED, actor)
    issue("observations")
    twice = issue("transfer")
    for _ in range(2):
        check_in.check_in_form(vault, twice, actor)


@pytest.fixture
def laptop(hospital, vault, tmp_path, actor):
    """A laptop that is awaited: a paper of it was seen, and no bundle."""
    made = Machine(tmp_path / "M3", "M3", hospital.clock)
    enrol_all(vault, made.vault)
    check_in.check_in_form(vault, made.issue(), actor)
    yield made
    made.vault.close()


@pytest.fixture
def compared(vault, settings, keyed, compare, actor):
    """Two new items, a conflict, and people to be linked and confirmed."""
    keyed("blood-sciences-request", BLOODS)
    keyed("phoned-result", PHONED)
    stranger = {"patient.name": "NOVAK, Petra", "patient.born": "1985-01-03"}
    keyed("blood-sciences-request", BLOODS | stranger, Subject(downtime_number="DK700001X"))
    keyed("observations", OBSERVED | {"patient.name": "PHILLIPS, Kathryn"}, Subject())
    compare((*HOSPITAL, *TWINS, *LIMS_SAYS, OLD_FBC))
    review.run_review(vault, settings, actor, "recovered")


@pytest.fixture
def decided(vault, settings, outage, compared, checker, actor):
    """One item on a worklist, one decided and not gone out, one proposed, one link proposed."""
    found = find_items.list_items(vault, outage.id, state="new")
    new = [row for row in found if row.item.fact.form == "blood-sciences-request"]
    decide_item.decide_item(vault, new[0].key, "return", checker, "not there")
    rekey_lines.fill_worklists(vault, settings, actor)
    decide_item.decide_item(vault, new[1].key, "return", checker, "not there")
    conflict = find_items.list_items(vault, outage.id, state="conflict")[0]
    decide_item.decide_item(vault, conflict.key, "leave", checker, "the laboratory is right")
    stranger = next(r for r in find_items.list_items(vault, outage.id, state="unmatched"))
    link_person.propose_for_person(
        vault, settings, outage, stranger.item.fact.serial, "p-1", checker, "seen her", "passport"
    )


@pytest.fixture
def refused(vault, outage, settings, actor):
    """One message refused, and two of the same patient behind it."""
    with vault.change(actor, "return.queue") as db:
        for number in ("DT1", "DT2", "DT3"):
            row = NewMessage(
                control_id=number, outage=outage.id, system="LIMS", channel="mllp",
                kind="ORU^R01", order_key="p-1", state="queued", content=b"MSH",
                sha256=hashlib.sha256(b"MSH").hexdigest(), queued=vault.now(), queued_by=actor.id,
                changed=vault.now(), items=((f"K7000001A-{number}", ""),),
            )  # fmt: skip
            outbox_messages.insert_messages(db, [row])
    with outbox.open_sender(vault, settings.returns, "LIMS", "mllp", actor) as sender:
        sender.refuse(sender.claim_next(), "AE 103: no such test")


def lines_of(page: str) -> dict[str, tuple[str, int]]:
    """Address and count of each line that the page shows."""
    cells = ((html.unescape(a or ""), html.unescape(text), n) for a, text, n in ROW.findall(page))
    return {text: (a, int(re.sub(r"\D", "", re.sub("<[^>]+>", "", n)))) for a, text, n in cells}


def test_each_count_is_right_and_its_link_leads_to_a_page_that_shows_as_many(
    hospital, outage, entered, laptop, decided, refused
):  # fmt: skip
    supervisor = hospital.browser("records-supervisor")
    page = supervisor.get("/worklists").text
    lines = lines_of(page)
    assert {text: n for text, (_, n) in lines.items()} == COUNTS
    shown = {
        text: seen(supervisor.get(address).text, address) for text, (address, _) in lines.items()
    }
    assert shown == COUNTS
    assert "Nothing is waiting." not in page


def seen(page: str, address: str) -> int:
    """How many lines a page shows of what its address asks for."""
    beginning = next(b for b in SHOWS if address.startswith(b))
    return len(re.findall(SHOWS[beginning], page))


def test_overdue_paper_is_said_at_its_own_list(hospital, vault, outage, issue, actor):
    serial = issue("observations")
    issue("observations")
    assignments.assign_owner(
        vault, AssignmentKind.FORM, serial, "Ward A1", "2026-01-01T08:00:00Z", actor
    )
    clerk = hospital.browser("records-clerk")
    lines = lines_of(clerk.get("/worklists").text)
    assert lines["Forms missing"][1] == 2
    assert lines["of these, overdue"] == ("/forms/lists/missing", 1)
    assert "1 overdue." in clerk.get("/forms/lists/missing").text


def test_documents_that_came_back_stand_in_a_list_until_they_are_filed(
    hospital, vault, settings, issue, outage, actor
):
    """As many as the statement names; paper printed ahead of the outage is among them."""
    first, second, _ = (issue("progress-notes") for _ in range(3))
    with vault.change(actor, "pack.print") as db:
        db.execute("UPDATE form_issue SET outage = '' WHERE serial = ?", [second])
    for serial in (first, second, issue("discharge")):
        move_form.mark_returned(vault, serial, actor)
    clerk = hospital.browser("records-clerk")
    assert lines_of(clerk.get("/worklists").text)["Forms returned, not filed"][1] == 2
    (named,) = (
        one for one in open_items.find_open_items(vault, settings, outage) if "unfiled" in one.kind
    )
    page = clerk.get("/forms/lists/unfiled").text
    assert all(shown in page for shown in named.names)
    assert page.count("No picture of it is kept yet") == len(named.names) == 2
    assert f'href="/key/{first}"' in page
    clerk.post(f"/key/{first}/file")
    assert lines_of(clerk.get("/worklists").text)["Forms returned, not filed"][1] == 1
    assert f'href="/key/{first}"' not in clerk.get("/forms/lists/unfiled").text


def test_who_may_not_open_a_list_sees_its_count_without_a_link(hospital, refused):
    lines = lines_of(hospital.browser("records-clerk").get("/worklists").text)
    assert lines["Messages refused"] == ("", 1)
    assert lines["To be keyed"][0] == "/queues/key"


def test_when_nothing_waits_it_says_so(hospital, vault, outage):
    page = hospital.browser("records-supervisor").get("/worklists").text
    assert {n for _, n in lines_of(page).values()} == {0}
    assert "Nothing is waiting." in page


def test_who_is_left_out_by_decision_is_to_be_linked_no_more_for_page_and_statement_alike(
    hospital, vault, settings, outage, keyed, compare, checker
):
    stranger = BLOODS | {"patient.name": "NOVAK, Petra"}
    keyed("blood-sciences-request", stranger, Subject(downtime_number="DK700001X"))
    compare((*HOSPITAL, *TWINS))
    clerk = hospital.browser("records-clerk")
    rows = find_items.list_items(vault, outage.id)

    def said() -> tuple[int, bool]:
        page = clerk.get("/worklists").text
        kinds = {one.kind for one in open_items.find_open_items(vault, settings, outage)}
        return lines_of(page)["Patients to link"][1], "unmatched" in kinds

    assert said() == (1, True)
    for row in rows[1:]:
        decide_item.decide_item(vault, row.key, "leave", checker, "nobody knows her")
    assert said() == (1, True)
    decide_item.decide_item(vault, rows[0].key, "leave", checker, "nobody knows her")
    assert said() == (0, False)
    assert "DK700001X" not in clerk.get("/identity").text
    assert "DK700001X" in clerk.get("/identity?state=settled").text
    decide_item.decide_item(vault, rows[0].key, "open", checker, "she came back")
    assert said() == (1, True)


def test_a_downtime_number_whose_form_names_a_known_patient_waits_for_its_link_on_both(
    hospital, vault, settings, outage, keyed, compare, checker
):
    known = Subject(downtime_number="DK700001X", mrn=ANN.mrn, family=ANN.family, given=ANN.given)
    number = keyed("blood-sciences-request", BLOODS, known)
    compare()
    for row in find_items.list_items(vault, outage.id):
        decide_item.decide_item(vault, row.key, "leave", checker, "keyed in the laboratory")

    def waiting() -> tuple[int, list[tuple[str, ...]]]:
        page = hospital.browser("records-clerk").get("/worklists").text
        found = open_items.find_open_items(vault, settings, outage)
        return lines_of(page)["Patients to link"][1], [
            one.names for one in found if one.kind == "number-unlinked"
        ]

    assert waiting() == (1, [("DK700001X",)])
    third = Actor("u-3", "Cy Records", "laptop-1")
    link = link_person.propose_for_person(
        vault, settings, outage, number, "p-ann", third, "her own number"
    )
    link_person.confirm_for_person(vault, settings, outage, number, link.id, checker, "seen")
    assert waiting() == (0, [])


def test_all_forms_of_an_outage_are_seen_after_its_books_are_closed(
    hospital, vault, outage, issue, actor
):
    first, second = issue("observations"), issue("observations")
    with vault.change(actor, "pack.print") as db:
        db.execute("UPDATE form_issue SET outage = '' WHERE serial = ?", [second])
    outages.mark_restored(vault, ["LIMS"], actor, "it is back")
    close_outage(vault, outage.id, actor, "all is done")
    clerk = hospital.browser("records-clerk")
    page = clerk.get("/forms").text
    assert "1 issued" in page
    assert f'href="/forms/{first}"' in page
    assert f'href="/forms/{second}"' not in page
    page = clerk.get("/forms?outside=1").text
    assert f'href="/forms/{second}"' in page
    assert f'href="/forms/{first}"' not in page
    sent = {"serial": second, "to": "collected", "outside": "1"}
    assert clerk.post("/forms/move", sent).location == "/forms?outside=1"


def test_the_next_form_is_offered_only_while_one_waits(hospital, vault, outage, issue, actor):
    clerk = hospital.browser("records-clerk")
    assert "Key the next form" not in clerk.get("/worklists").text
    move_form.mark_returned(vault, issue("observations"), actor)
    assert "Key the next form" in clerk.get("/worklists").text


def test_a_booking_can_be_undone_until_somebody_works_on_the_form(
    hospital, vault, settings, outage, issue, actor
):
    clerk = hospital.browser("records-clerk")
    serial = issue("observations")
    clerk.post("/forms/check-in", {"serial": serial})
    assert "Undo (Alt+Z)" in clerk.get("/forms/check-in").text
    submit_checked(vault, settings, serial, OBSERVED, actor)
    assert "Undo (Alt+Z)" not in clerk.get("/forms/check-in").text
