"""The returns screen: how far each message has come, and what a person does about a refusal."""

import hashlib

import pytest

from downtime.outage import outages
from downtime.reconcile import decide_item
from downtime.returns import outbox, queue_messages
from downtime.returns.model import NewMessage
from downtime.returns.store import outbox_messages
from downtime.vault.model import Actor
from tests.integration.recovery.conftest import HOSPITAL
from tests.integration.recovery.units import FATE, RECORD

WHO = Actor("u-1", "Amina Ward", "K7")


@pytest.fixture
def refused(hospital, vault):
    """A refused message and one of the same patient behind it."""
    outage = outages.declare_systems_down(vault, ["LIMS"], WHO, "power lost", known=("LIMS",))
    with vault.change(WHO, "return.queue") as db:
        for number in ("DT1", "DT2"):
            row = NewMessage(
                control_id=number, outage=outage.id, system="LIMS", channel="mllp",
                kind="ORU^R01", order_key="p-1", state="queued", content=b"MSH",
                sha256=hashlib.sha256(b"MSH").hexdigest(), queued=vault.now(),
                queued_by=WHO.id, changed=vault.now(),
            items=((f"K7000001A-{number}", ""),),
)  # fmt: skip
            outbox_messages.insert_messages(db, [row])
    with outbox.open_sender(vault, hospital.settings.returns, "LIMS", "mllp", WHO) as sender:
        sender.refuse(sender.claim_next(), "AE 103: no such test")


def test_a_refusal_is_shown_with_its_reason_and_what_waits_for_it(hospital, refused):
    page = hospital.browser("records-supervisor").get("/returns").text
    assert "AE 103: no such test" in page
    assert "Waits for message DT1 of the same patient, which was refused." in page
    assert "Refused: needs action" in page


def test_it_is_sent_again_with_a_reason(hospital, vault, refused):
    browser = hospital.browser("records-supervisor")
    assert browser.post("/returns/message", {"number": "DT1", "do": "again"}).status_code == 400
    answer = browser.post(
        "/returns/message", {"number": "DT1", "do": "again", "reason": "the test was set up"}
    )
    assert answer.status_code in (302, 303)
    assert [one.state for one in outbox_messages.list_messages(vault.db)] == ["queued", "queued"]


def test_or_marked_as_put_right_by_hand(hospital, vault, refused):
    browser = hospital.browser("records-supervisor")
    browser.post("/returns/message", {"number": "DT1", "do": "resolve", "reason": "keyed there"})
    assert [one.state for one in outbox_messages.list_messages(vault.db)] == ["resolved", "queued"]


def test_nobody_else_settles_it(hospital, vault, refused):
    browser = hospital.browser("records-clerk")
    answer = browser.post("/returns/message", {"number": "DT1", "do": "resolve", "reason": "x"})
    assert answer.status_code == 403
    assert [one.state for one in outbox_messages.list_messages(vault.db)] == ["refused", "held"]


def test_it_is_taken_back_beside_the_forms_that_wait_behind_it(
    hospital, vault, settings, keyed, compare, checker
):
    record, fate = keyed("transfusion-record", RECORD), keyed("blood-unit-fate", FATE)
    compare(HOSPITAL)
    decide_item.decide_item(vault, f"{record}-unit-1", "return", checker, "not there")
    queue_messages.queue_items(vault, settings, WHO, channel="mllp")
    with outbox.open_sender(vault, settings.returns, "LIMS", "mllp", WHO) as sender:
        sender.refuse(message := sender.claim_next(), "AE 204: unknown unit")
    browser = hospital.browser("records-supervisor")
    refusal = browser.get("/returns").text.partition("Refused: needs action")[2]
    card = refusal.partition("</section>")[0]
    assert "LIMS: Red cells, O neg</h3>" in card
    assert "Other forms with the same item are waiting" in card
    assert f"/comparison/{fate}-unit-1" in card
    sent = {"number": message.control_id, "do": "take-back", "reason": "of another patient"}
    assert browser.post("/returns/message", sent).status_code == 302
    assert "Refused: needs action" not in browser.get("/returns").text
    browser.decide(f"/comparison/{record}-unit-1", "leave", "of another patient")
    assert "Return it" in browser.get(f"/comparison/{fate}-unit-1").text


@pytest.fixture
def unanswered(hospital, vault, settings, keyed, compare, checker):
    """A refused message of which an earlier attempt got no answer."""
    record = keyed("transfusion-record", RECORD)
    compare(HOSPITAL)
    decide_item.decide_item(vault, f"{record}-unit-1", "return", checker, "not there")
    queue_messages.queue_items(vault, settings, WHO, channel="mllp")
    with outbox.open_sender(vault, settings.returns, "LIMS", "mllp", WHO) as sender:
        sender.retry_later(sender.claim_next(), "No answer in time.", is_unanswered=True)
        vault.db.conn.execute("UPDATE outbox SET next_try = ''")
        sender.refuse(message := sender.claim_next(), "AE 204: unknown unit")
    return message


def test_what_may_have_arrived_is_withdrawn_by_who_looked(hospital, unanswered):
    browser = hospital.browser("records-supervisor")
    page = browser.get("/returns").text
    assert "An attempt to send it got no answer: it may have arrived." in " ".join(page.split())
    form = {"number": unanswered.control_id, "do": "take-back", "reason": "of another patient"}
    answer = browser.post("/returns/message", form)
    assert answer.status_code == 409
    assert "may have arrived in LIMS" in answer.text
    assert browser.post("/returns/message", form | {"absent": "1"}).status_code == 302
    assert "Refused: needs action" not in browser.get("/returns").text


def test_a_system_that_asked_to_be_left_alone_is_shown_with_the_time(hospital, vault, refused):
    browser = hospital.browser("records-supervisor")
    assert "asked to be left alone" not in browser.get("/returns").text
    with outbox.open_sender(vault, hospital.settings.returns, "PAS", "fhir", WHO) as sender:
        sender.pause_target(600.0, "429 Too Many Requests.")
    page = " ".join(browser.get("/returns").text.split())
    assert "PAS asked to be left alone until" in page
    assert "429 Too Many Requests." in page


def test_messages_are_filtered_searched_and_saved(hospital, refused):
    browser = hospital.browser("records-supervisor")
    page = browser.get("/returns?state=held").text.partition('id="held"')[2]
    assert ("DT2" in page, ">DT1<" in page) == (True, False)
    assert "0 messages" in browser.get("/returns?system=PAS").text
    assert browser.get("/returns?state=nonsense").status_code == 400
    found = browser.post("/lists/returns/search", {"text": "no such test", "back": "/returns"})
    page = browser.get(found.location).text.partition('id="held"')[2]
    assert ">DT1<" in page
    assert ">DT2<" not in page
    table = browser.get(found.location.replace("/returns", "/returns.csv")).text
    assert ("DT1" in table, "AE 103: no such test" in table) == (True, True)
    assert len(browser.get("/returns.csv?state=held").text.splitlines()) == 2
    assert browser.get("/returns.xlsx").status_code == 200
