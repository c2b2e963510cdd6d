"""Rules about returned messages, lines and signatures, whatever door somebody comes through."""

import pytest

from downtime.accounts.model import Person, Role
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.returns import policies
from downtime.returns.model import Channel, Lead, Message, MessageState, Signature, Tick
from downtime.settings import ReturnsSettings, Settings


def message(state=MessageState.REFUSED, channel=Channel.MLLP, items=("K7-form",), attempts=0):
    return Message(
        control_id="DT1", outage="o-1", system="LIMS", channel=channel, kind="ORU^R01",
        order_key="p-1", position=1, state=state, attempts=attempts, next_try="", answer="",
        reason="", sha256="", file="", queued="", queued_by="", changed="", items=items,
    )  # fmt: skip


def person(role: Role, username: str = "ben") -> Person:
    return Person("u-1", username, "Ben Ade", role, "active", False)


def signature(lead: Lead, person_id: str, digest: str = "d1") -> Signature:
    return Signature(
        outage="o-1", role=lead, facts_sha256=digest, person=person_id, person_name="", signed=""
    )


@pytest.mark.parametrize("reason", ["", "  "])
def test_settling_needs_a_reason(reason):
    with pytest.raises(InputError):
        policies.check_reason(reason)
    assert policies.check_reason(" seen ") == "seen"


@pytest.mark.parametrize(
    "unsure",
    [
        message(MessageState.SENT),
        message(MessageState.ACKNOWLEDGED),
        message(MessageState.QUEUED),
        message(items=("link:l-1:linked:LIMS",)),
    ],
    ids=["sent", "acknowledged", "queued", "link"],
)
def test_only_a_refused_message_of_a_form_is_taken_back(unsure):
    policies.check_can_take_back(message())
    with pytest.raises(ConflictError):
        policies.check_can_take_back(unsure)


def test_what_is_held_waits_for_the_refusal_before_it():
    policies.check_can_send_again(message(), None)
    with pytest.raises(ConflictError, match="DT1"):
        policies.check_can_send_again(message(MessageState.HELD), message())


def test_only_what_certainly_had_no_effect_is_replaced():
    had_no_effect = policies.had_no_effect
    assert had_no_effect(message())
    assert had_no_effect(message(MessageState.HELD))
    assert had_no_effect(message(MessageState.QUEUED))
    assert not had_no_effect(message(MessageState.QUEUED, attempts=1))
    assert not had_no_effect(message(MessageState.SENT))


def test_a_late_answer_is_to_a_message_of_that_system_without_one():
    policies.check_awaits_answer(message(MessageState.SENT), system="LIMS")
    for wrong, system in ((message(MessageState.SENT), "PAS"), (message(), "LIMS")):
        with pytest.raises(ConflictError):
            policies.check_awaits_answer(wrong, system=system)


def test_a_line_is_ticked_once_and_only_on_a_worklist():
    line = message(MessageState.ACKNOWLEDGED, Channel.WORKLIST)
    tick = Tick(control_id="DT1", number="4", ticked="", ticked_by="u-1", ticked_by_name="Ben Ade")
    policies.check_is_worklist_line(line)
    with pytest.raises(ConflictError, match="Ben Ade"):
        policies.check_not_ticked(line, tick)
    with pytest.raises(ConflictError, match="went out as a message"):
        policies.check_is_worklist_line(message())


def test_who_signs_is_of_the_lead_s_role_or_a_named_safety_lead():
    named = Settings(returns=ReturnsSettings(safety_leads=("ola",)))
    assert policies.can_sign(Settings(), Lead.RECORDS, person(Role.RECORDS_SUPERVISOR))
    assert not policies.can_sign(Settings(), Lead.WARD, person(Role.RECORDS_SUPERVISOR))
    assert policies.can_sign(named, Lead.SAFETY, person(Role.RECORDS_CLERK, "ola"))
    assert not policies.can_sign(named, Lead.SAFETY, person(Role.SITE, "ben"))


def test_three_people_sign_the_same_facts_nobody_for_two():
    signatures = [signature(Lead.WARD, "u-1"), signature(Lead.RECORDS, "u-2", digest="older")]
    policies.check_not_signed(signatures, "d1", Lead.RECORDS, "u-2")
    with pytest.raises(ConflictError):
        policies.check_not_signed(signatures, "d1", Lead.WARD, "u-3")
    with pytest.raises(ForbiddenError):
        policies.check_not_signed(signatures, "d1", Lead.SAFETY, "u-1")
