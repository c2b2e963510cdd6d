"""A page that is saved again, and a correction: nothing is thrown away, and nothing slips past a check."""

from dataclasses import replace
from datetime import timedelta

import pytest

from downtime.clock import to_text
from downtime.errors import ConflictError, InputError
from downtime.outage.events.list_events import list_events
from downtime.outage.events.model import EventKind
from downtime.outage.events.policies import AlreadySavedError, UnconfirmedError
from downtime.outage.events.record_event import EventDraft, EventRecorder, make_event_id
from tests.conftest import NOW
from tests.integration.outage.conftest import AMINA, ARRIVAL, AT, BO

LATER = to_text(NOW - timedelta(minutes=2))


@pytest.fixture
def save(ward):
    """Send a page again and again, as it is filled in by then."""

    def send(draft, **changes):
        recorder = EventRecorder(ward.vault, ward.settings, ward.now.snapshot, AMINA)
        return recorder.record(replace(draft, **changes), is_confirmed=True)

    return send


def _draft(kind, patient="", **answers):
    return EventDraft(
        kind=kind, happened=AT, patient=patient, answers=answers, id=make_event_id("K7")
    )


def test_a_page_with_other_answers_is_refused_and_the_same_ones_are_the_same_press(ward, save):
    ann, other = ward.patient("1000001"), ward.patient("1000002")
    page = _draft(EventKind.RESULT, ann, test="Potassium", value="5.6", caller="Lee Lab")
    event = save(page)
    assert save(page, answers={**page.answers, "value": " 5.6 "}) == event
    for change in (
        {"answers": {**page.answers, "value": "6.5"}},
        {"answers": {"test": "Potassium", "value": "5.6"}},
        {"patient": other},
        {"happened": LATER},
    ):
        with pytest.raises(AlreadySavedError, match="already with other answers") as refused:
            save(page, **change)
        assert refused.value.root == event.root
    (thread,) = list_events(ward.vault)
    assert thread.latest.answers["value"] == "5.6"


def test_what_the_program_filled_in_is_no_other_answer(ward, save):
    ann = ward.patient("1000001")
    move = _draft(EventKind.MOVE, ann, ward="B2", bed="9")
    assert save(move) == save(move)  # the ward before is another one by now
    newborn = _draft(
        EventKind.ARRIVAL, identity="newborn", mother=ann, gender="female", ward="A1",
        stay="inpatient", nhs_number="",
    )  # fmt: skip
    assert save(newborn) == save(newborn)
    assert len(list_events(ward.vault)) == 2


def test_who_typed_no_time_is_not_refused_a_minute_later(ward, save):
    page = _draft(EventKind.INCIDENT, what="Lights out")
    now = ward.vault.now()
    event = save(page, happened=now, is_untimed=True)
    assert save(page, happened=to_text(NOW + timedelta(minutes=3)), is_untimed=True) == event


def test_what_was_corrected_or_withdrawn_since_is_not_said_to_be_recorded(ward, save):
    page = _draft(EventKind.INCIDENT, what="Lights out")
    event = save(page)
    ward.correct(event, "misheard", what="Lights out in bay 2")
    with pytest.raises(AlreadySavedError, match="was corrected since") as refused:
        save(page)
    assert refused.value.root == event.root
    ward.withdraw(event.root, "of another ward")
    with pytest.raises(AlreadySavedError, match="was withdrawn since"):
        save(page)


def test_a_swap_that_is_sent_again_is_done_once(ward, save):
    first, second = ward.patient("1000001"), ward.patient("1000002")
    swap = _draft(EventKind.SWAP, first, partner=second)
    assert save(swap) == save(swap)
    rows = ward.now.read_ward("A1").rows
    assert {r.location.bed: r.patient.id for r in rows if r.patient} == {"1": second, "2": first}
    with pytest.raises(AlreadySavedError):
        save(swap, answers={"partner": ward.patient("1000003")})
    assert len(list_events(ward.vault)) == 2


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"ward": "A1", "bay": "1", "bed": "2"}, "A1, bay 1, bed 2 is taken: SAMPLE, Ann"),
        ({"ward": "Z9", "bed": "2"}, "No ward Z9 is known"),
        ({"ward": "B2", "bed": "9", "at": to_text(NOW - timedelta(minutes=60))}, "says something newer"),
    ],
)  # fmt: skip
def test_a_correction_asks_as_the_recording_does(ward, answers, sentence):
    event = ward.record(EventKind.MOVE, ward.patient("1000001"), ward="B2", bed="9")
    with pytest.raises(UnconfirmedError, match=sentence):
        ward.correct(event, "misheard", **answers)
    (thread,) = list_events(ward.vault)
    assert not thread.is_corrected
    ward.correct(event, "misheard", confirmed=True, **answers)


def test_a_correction_is_asked_about_what_others_recorded_not_about_itself(ward):
    ann = ward.patient("1000001")
    move = ward.record(EventKind.MOVE, ann, ward="B2", bed="9")
    ward.correct(move, "earlier", at=to_text(NOW - timedelta(minutes=11)), ward="B2", bed="9")
    ward.record(EventKind.DEATH, ann, at=LATER, verified_by="Dr Cole")
    with pytest.raises(UnconfirmedError, match="Something later is recorded already: death"):
        ward.correct(move, "misheard", ward="B2", bed="8")
    with pytest.raises(ConflictError, match="recorded as having died"):
        ward.correct(move, "later", at=LATER, confirmed=True, ward="B2", bed="9")
    with pytest.raises(InputError, match="in the future"):
        ward.correct(move, "later", at=to_text(NOW + timedelta(hours=1)), ward="B2", bed="9")


def test_an_arrival_is_not_corrected_over_what_was_done_since_unseen(ward):
    event = ward.record(EventKind.ARRIVAL, **ARRIVAL)
    ward.correct(event, "misheard", **ARRIVAL | {"given": "Tim"})
    ward.record(EventKind.MOVE, event.id, at=LATER, ward="B2", bed="9")
    with pytest.raises(UnconfirmedError, match="before this arrival: move"):
        ward.correct(event, "later", at=to_text(NOW), **ARRIVAL)
    with pytest.raises(UnconfirmedError, match="Same name: SAMPLE, Ann"):
        ward.correct(event, "misread", **ARRIVAL | {"family": "Sample", "given": "Ann"})


def test_a_read_back_is_not_corrected_to_another_value(ward):
    ann = ward.patient("1000001")
    result = ward.record(EventKind.RESULT, ann, test="Potassium", value="6.9", caller="Lee Lab")
    read_back = ward.record(EventKind.READ_BACK, ann, actor=BO, topic=result.id, value="6.9")
    with pytest.raises(ConflictError, match="not what was taken down"):
        ward.correct(read_back, "misread", value="9.6")
