"""What staff say on the screen during an outage: recorded once, corrected by another event, never lost."""

from datetime import timedelta

import pytest
import sqlcipher3

from downtime.clock import to_text
from downtime.errors import ConflictError, ForbiddenError, InputError
from downtime.outage.events.correct_event import find_thread
from downtime.outage.events.list_events import list_events, list_patient_events
from downtime.outage.events.model import EventKind
from downtime.outage.events.policies import UnconfirmedError
from downtime.outage.events.record_event import EventDraft, EventRecorder
from tests.conftest import NOW
from tests.integration.outage.conftest import AMINA, ARRIVAL, AT, BO, Ward


def test_without_an_outage_nothing_is_recorded(hospital):
    vault = hospital.open().vault
    with pytest.raises(ConflictError, match="No outage is declared"):
        Ward(vault, hospital.settings).record(EventKind.INCIDENT, what="Lights out")


def test_the_board_shows_where_staff_say_a_patient_is_and_what_the_snapshot_said(ward):
    ann = ward.patient("1000001")
    ward.record(EventKind.MOVE, ann, ward="B2", bed="9")
    assert "9" in ward.beds("B2")
    left = ward.now.read_ward("A1")
    assert ann not in {row.patient.id for row in left.rows if row.patient}
    (departed,) = left.departed
    assert (departed.patient.id, departed.before.bed) == (ann, "1")
    assert departed.event.author_name == "Amina Ward"
    (thread,) = list_patient_events(ward.vault, ann)
    assert thread.latest.answers["prior_ward"] == "A1"
    assert (thread.latest.happened, thread.latest.entered) == (
        AT,
        to_text(NOW + timedelta(minutes=2)),
    )


def test_wards_and_the_whole_hospital_are_counted_as_staff_say(ward):
    def patients():
        return {row.code: row.patients for row in ward.now.count_wards()}

    before, counts = patients(), ward.now.count_board()
    ward.record(EventKind.MOVE, ward.patient("1000001"), ward="B2", bed="9")
    ward.record(EventKind.ARRIVAL, **ARRIVAL)
    ward.record(EventKind.DISCHARGE, ward.patient("1000003"), outcome="advised")
    assert patients() == before
    assert ward.now.count_board() == counts
    ward.record(EventKind.ARRIVAL, **ARRIVAL | {"family": "Other", "bed": "4"})
    assert patients()["A1"] == before["A1"] + 1
    assert ward.now.count_board().admitted == counts.admitted + 1


def test_two_who_swap_lie_in_each_others_beds_and_nobody_is_asked_about_a_taken_bed(ward):
    first, second = ward.patient("1000001"), ward.patient("1000002")
    ward.record(EventKind.SWAP, first, partner=second)
    rows = {
        row.location.bed: row.patient.id for row in ward.now.read_ward("A1").rows if row.patient
    }
    assert rows == {"1": second, "2": first}
    assert [t.latest.kind for t in list_events(ward.vault)] == ["move", "move"]


@pytest.mark.parametrize(
    ("kind", "answers"),
    [("discharge", {"outcome": "advised"}), ("death", {"verified_by": "Dr Cole"})],
)
def test_who_left_or_died_is_off_the_board_and_said_to_be(ward, kind, answers):
    ann = ward.patient("1000001")
    ward.record(EventKind(kind), ann, **answers)
    now = ward.now.read_ward("A1")
    assert ann not in {row.patient.id for row in now.rows if row.patient}
    assert [change.event.kind for change in now.departed] == [kind]


def test_nobody_who_died_is_moved(ward):
    ann = ward.patient("1000001")
    ward.record(EventKind.DEATH, ann, verified_by="Dr Cole")
    with pytest.raises(ConflictError, match="recorded as having died"):
        ward.record(EventKind.MOVE, ann, ward="B2", bed="9", confirmed=True)


def test_a_taken_bed_and_an_unknown_ward_are_shown_before_anything_is_saved(ward):
    ann = ward.patient("1000001")
    with pytest.raises(UnconfirmedError, match=r"A1, bay 1, bed 2 is taken: SAMPLE, Ann"):
        ward.record(EventKind.MOVE, ann, ward="A1", bay="1", bed="2")
    with pytest.raises(UnconfirmedError, match="No ward Z9 is known"):
        ward.record(EventKind.MOVE, ann, ward="Z9", bed="2")
    with pytest.raises(UnconfirmedError, match="No bed 018 is known on A1"):  # the rest of a scan
        ward.record(EventKind.MOVE, ann, ward="A1", bed="018")
    assert list_events(ward.vault) == []
    ward.record(EventKind.MOVE, ann, ward="A1", bed="Trolley 18")
    ward.record(EventKind.MOVE, ann, ward="A1", bay="1", bed="2", confirmed=True)


def test_what_a_system_says_later_stands_over_what_staff_said(ward):
    ann = ward.patient("1000001")  # the PAS spoke of her at 14:05
    early = to_text(NOW - timedelta(minutes=60))
    with pytest.raises(UnconfirmedError, match="says something newer"):
        ward.record(EventKind.MOVE, ann, at=early, ward="B2", bed="9")
    ward.record(EventKind.MOVE, ann, at=early, ward="B2", bed="9", confirmed=True)
    assert "1" in ward.beds("A1")


def test_who_arrives_is_a_person_at_once_with_a_number_of_their_own(ward):
    event = ward.record(EventKind.ARRIVAL, **ARRIVAL)
    number = event.answers["downtime_number"]
    assert number.startswith("DK7")
    now = ward.now
    assert ward.beds() == {"1": "Sample", "2": "Sample", "3": "Tester"}
    assert now.find_by_number(number).patient.id == event.id
    assert [p.patient.family for p in now.search("tes to", NOW.date())] == ["Tester"]
    second = ward.record(EventKind.ARRIVAL, **ARRIVAL | {"family": "Other", "bed": "4"})
    assert second.answers["downtime_number"] != number


def test_the_same_page_sent_twice_gives_one_person_and_one_number(ward):
    recorder = EventRecorder(ward.vault, ward.settings, ward.now.snapshot, AMINA)
    event_id = ward.record(EventKind.INCIDENT, what="Lights out").id
    draft = EventDraft(
        kind=EventKind.INCIDENT, happened=AT, answers={"what": "Lights out"}, id=event_id
    )
    assert recorder.record(draft).id == event_id
    assert len(list_events(ward.vault)) == 1


def test_a_namesake_and_a_known_number_are_named_before_somebody_is_registered(ward):
    with pytest.raises(UnconfirmedError, match=r"Same name: SAMPLE, Ann.*born 02-Jan-1960"):
        ward.record(EventKind.ARRIVAL, **ARRIVAL | {"family": "Sample", "given": "Ann"})
    with pytest.raises(UnconfirmedError, match="This number is known"):
        ward.record(EventKind.ARRIVAL, **ARRIVAL | {"nhs_number": "999 000 0018"})
    ward.record(EventKind.ARRIVAL, **ARRIVAL)
    with pytest.raises(UnconfirmedError, match="Same name: TESTER, Tom"):
        ward.record(EventKind.ARRIVAL, **ARRIVAL | {"bed": "4"})


def test_nobody_is_registered_without_a_name_unless_they_are_said_to_be_unknown(ward):
    with pytest.raises(InputError, match="surname is needed"):
        ward.record(EventKind.ARRIVAL, **ARRIVAL | {"family": ""})
    event = ward.record(
        EventKind.ARRIVAL, **ARRIVAL | {"family": "", "given": "", "identity": "unknown"}
    )
    assert event.subject.label == "UNKNOWN, Male"


def test_a_newborn_is_linked_to_the_mother_and_has_a_number_of_its_own(ward):
    mother = ward.patient("1000001")
    newborn = {"identity": "newborn", "gender": "female", "ward": "A1", "stay": "inpatient"}
    with pytest.raises(InputError, match="registered with the mother"):
        ward.record(EventKind.ARRIVAL, **newborn)
    baby = ward.record(EventKind.ARRIVAL, mother=mother, **newborn)
    assert baby.subject.label == "SAMPLE, Baby"
    assert baby.answers["downtime_number"]
    assert [p.patient.id for p in ward.now.list_newborns(mother)] == [baby.id]
    with pytest.raises(UnconfirmedError, match="Tell twins apart"):
        ward.record(EventKind.ARRIVAL, mother=mother, **newborn)


def test_a_correction_is_another_event_and_both_can_be_read(ward):
    event = ward.record(EventKind.ARRIVAL, **ARRIVAL)
    with pytest.raises(InputError, match="reason is needed"):
        ward.correct(event, " ", **ARRIVAL)
    right = ARRIVAL | {"family": "Taster"}
    ward.correct(event, "misheard", **right)
    thread = find_thread(ward.vault, event.id)
    assert [v.answers["family"] for v in thread.versions] == ["Tester", "Taster"]
    assert thread.latest.answers["downtime_number"] == event.answers["downtime_number"]
    person = ward.now.registered[event.id]
    assert person.patient.family == "Taster"


def test_what_was_withdrawn_changes_no_board_and_stays_in_the_record(ward):
    ann = ward.patient("1000001")
    event = ward.record(EventKind.DISCHARGE, ann, outcome="advised")
    ward.withdraw(event.id, "wrong patient")
    assert "1" in ward.beds()
    (thread,) = list_patient_events(ward.vault, ann)
    assert not thread.stands
    with pytest.raises(ConflictError, match="was withdrawn"):
        ward.withdraw(event.id, "again")


def test_an_arrival_is_not_withdrawn_from_under_what_was_done_since(ward):
    event = ward.record(EventKind.ARRIVAL, **ARRIVAL)
    ward.record(EventKind.MOVE, event.id, ward="B2", bed="9")
    with pytest.raises(ConflictError, match="Other events about this person"):
        ward.withdraw(event.id, "came twice")


def test_a_phoned_result_is_read_back_by_somebody_else_who_heard_the_same(ward):
    ann = ward.patient("1000001")
    result = ward.record(EventKind.RESULT, ann, test="Potassium", value="6.9", caller="Lee Lab")
    read_back = {"patient": ann, "topic": result.id}
    with pytest.raises(ForbiddenError, match="somebody else reads it back"):
        ward.record(EventKind.READ_BACK, value="6.9", **read_back)
    with pytest.raises(ConflictError, match="not what was taken down"):
        ward.record(EventKind.READ_BACK, actor=BO, value="9.6", **read_back)
    ward.record(EventKind.READ_BACK, actor=BO, value="6,9", **read_back)
    with pytest.raises(ConflictError, match="recorded already"):
        ward.record(EventKind.READ_BACK, actor=BO, value="6.9", **read_back)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [(timedelta(minutes=30), "in the future"), (timedelta(days=-3), "before the outage began")],
)
def test_an_event_is_neither_in_the_future_nor_long_before_the_outage(ward, at, sentence):
    with pytest.raises(InputError, match=sentence):
        ward.record(EventKind.INCIDENT, at=to_text(NOW + at), what="Lights out")


def test_no_event_can_be_changed_or_removed_unseen(ward):
    ward.record(EventKind.INCIDENT, what="Lights out")
    for statement in ("UPDATE outage_event SET answers = '{}'", "DELETE FROM outage_event"):
        with pytest.raises(sqlcipher3.DatabaseError, match="only ever added"):
            ward.vault.db.conn.execute(statement)


def test_occupied_empty_and_closed_beds_are_the_beds_and_a_trolley_is_counted_apart(ward):
    def a1():
        return next(row for row in ward.now.count_wards() if row.code == "A1")

    before = a1()
    assert (before.beds, before.occupied, before.empty, before.unlisted) == (2, 2, 0, 0)
    ward.record(EventKind.DISCHARGE, ward.patient("1000001"), outcome="advised")
    ward.record(EventKind.ARRIVAL, **ARRIVAL | {"bed": "Trolley 1"})
    after = a1()
    assert (after.beds, after.occupied, after.empty, after.closed) == (2, 1, 1, 0)
    assert (after.patients, after.unlisted) == (2, 1)
