"""The harm review: tests that waited, were misheard, asked for twice or late; visits put off."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.clinical.model import (
    Appointment,
    DiagnosticReport,
    Observation,
    Patient,
    ServiceRequest,
)
from downtime.entry.facts import Fact, PaperPerson
from downtime.reconcile.harm import appointments, courses, laboratory, model
from downtime.reconcile.harm import turnaround as harm_figures
from downtime.reconcile.harm.records import ReviewedRecords
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.reasons import ReasonCode, make_reasons
from downtime.settings import Settings

LONDON = ZoneInfo("Europe/London")

ANN = Patient(id="p-ann", mrn="H100", family="Hill", given="Ann", birth_date="1960-01-02")
WAITED = ServiceRequest(
    id="r-1",
    patient="p-ann",
    source="LIMS",
    filler="F1",
    code="FBC",
    display="Full blood count",
    stage="collected",
    authored="2026-11-02T08:00:00Z",
    collected="2026-11-02T08:10:00Z",
)
DONE = replace(WAITED, stage="resulted")
REPORT = DiagnosticReport(
    id="d-1",
    patient="p-ann",
    based_on="r-1",
    filler="F1",
    status="final",
    issued="2026-11-02T16:00:00Z",
)


def asked(number: int = 1, event: str = "2026-11-02T11:00:00Z", **more) -> Item:
    """A full blood count asked for on a form."""
    fact = Fact(
        key=f"K700000{number}X-test.fbc",
        type="ServiceRequest",
        system="LIMS",
        form="request",
        serial=f"K700000{number}X",
        ward="A1",
        event=event,
        fields={"code": "FBC", "display": "Full blood count", "collected": event},
    )
    return Item(fact, **{"state": ItemState.NEW, "reasons": (), "patient": "p-ann"} | more)


def phoned(state: str = ItemState.CONFLICT, matched_ids=("o-1",), notes=()) -> Item:
    fact = Fact(
        key="K7000009X-result-1",
        type="Observation",
        system="LIMS",
        form="phoned",
        serial="K7000009X",
        ward="A1",
        event="2026-11-02T12:00:00Z",
        fields={"display": "Haemoglobin", "value": "78"},
        notes=notes,
    )
    reasons = make_reasons(
        ReasonCode.PHONED_DIFFERS, paper="78", live="87", at="2026-11-02T13:00:00Z"
    )
    return Item(fact, state, reasons, "p-ann", tuple(matched_ids))


def scene(items=(), before=(WAITED,), after=(WAITED,), waiting=((WAITED, "A1"),)):
    return courses.LaboratoryReview(
        list(items),
        ReviewedRecords([ANN, *before]),
        ReviewedRecords([ANN, *after]),
        waiting,
        Settings(),
    )


def found(kind: str, **what) -> list[model.HarmFinding]:
    return [one for one in laboratory.find_laboratory_findings(scene(**what)) if one.kind == kind]


@pytest.mark.parametrize(
    ("items", "after", "state", "needs"),
    [
        ((), (WAITED,), "no-result", True),
        ((), (), "no-result", True),
        ((), (DONE, REPORT), "resulted", False),
        ((), (replace(WAITED, stage="cancelled"),), "cancelled", False),
        ((asked(),), (WAITED,), "asked-again", False),
        ((phoned(ItemState.NEW, (), (("Laboratory number", "F1"),)),), (WAITED,), "phoned", False),
    ],
    ids=["nothing", "gone", "resulted", "cancelled", "asked-again", "phoned"],
)
def test_a_request_that_waited_at_the_beginning_is_closed_or_needs_an_explanation(
    items, after, state, needs
):
    (one,) = found("waiting", items=items, after=after)
    assert (one.state, one.needs, one.ward, one.person.family) == (state, needs, "A1", "Hill")


def test_a_request_known_by_another_id_is_the_same_by_its_number_and_test():
    elsewhere = replace(DONE, id="other"), replace(REPORT, based_on="other")
    (one,) = found("waiting", after=elsewhere)
    assert one.state == "resulted"


def test_the_steps_of_a_test_come_from_forms_and_systems_together():
    told = (("Laboratory number", "F1"), ("Told, date and time", "2026-11-02T12:05"))
    (one,) = found("delay", items=[phoned(ItemState.NEW, (), told)], after=(DONE, REPORT))
    assert one.times == {
        "requested": "2026-11-02T08:00:00Z",
        "collected": "2026-11-02T08:10:00Z",
        "phoned": "2026-11-02T12:00:00Z",
        "resulted": "2026-11-02T16:00:00Z",
        "seen": "2026-11-02T12:05:00Z",
    }
    assert one.explain(LONDON) == "4 h 00 min from request to answer."
    assert one.state == "answered"
    assert one.serials == ("K7000009X",)


def test_an_answer_after_the_limit_is_late_and_none_at_all_is_said():
    (late,) = found("delay", after=(DONE, REPORT))
    assert (late.state, late.explain(LONDON)) == ("late", "8 h 00 min from request to answer.")
    (silent,) = found("delay")
    assert (silent.state, silent.explain(LONDON)) == ("no-answer", "No answer.")


def test_a_phoned_result_that_the_laboratory_contradicts_needs_a_clinician():
    value = Observation(id="o-1", patient="p-ann", value="87", updated="2026-11-02T15:00:00Z")
    (one,) = found("mismatch", items=[phoned()], after=(WAITED, value))
    assert one.needs
    assert one.explain(LONDON) == "Phoned 78; LIMS says 87 of 02-Nov-2026 13:00."
    assert found("mismatch", items=[phoned(ItemState.ALREADY_THERE)]) == []
    assert found("mismatch", items=[phoned(ItemState.CONFLICT, ())]) == []


CARL = Patient(id="p-carl", mrn="H200", family="Dunn", given="Carl", birth_date="1970-03-04")
OF_CARL = replace(DONE, patient="p-carl"), replace(REPORT, patient="p-carl")


def test_a_phoned_result_with_another_patients_number_is_no_answer_to_that_test():
    item = phoned(ItemState.NEW, (), (("Laboratory number", "F1"),))
    waits = replace(WAITED, patient="p-carl")
    scene = {"items": [item], "before": (CARL, waits), "after": (CARL, waits)}
    (one,) = found("waiting", waiting=((waits, "B1"),), **scene)
    assert (one.person.family, one.state, one.needs) == ("Dunn", "no-result", True)
    (delay,) = found("delay", waiting=(), **scene)
    assert set(delay.times) == {"phoned"}
    (wrong,) = found("mismatch", waiting=(), **scene)
    assert wrong.needs
    assert wrong.explain(LONDON) == (
        "The number written with it (F1) is of another patient's test: ask LIMS whose result this is."
    )


def test_a_number_that_also_names_the_patients_own_test_is_not_anothers():
    item = phoned(ItemState.NEW, (), (("Laboratory number", "F1"),))
    assert (
        found("mismatch", items=[item], after=(CARL, WAITED, replace(OF_CARL[0], id="r-9"))) == []
    )


def test_a_test_that_the_laboratory_has_for_another_patient_now_is_not_resulted():
    (one,) = found("waiting", after=(CARL, *OF_CARL))
    assert (one.person.family, one.state, one.needs) == ("Hill", "no-result", True)
    assert one.explain(LONDON) == (
        "LIMS has this test for another patient now: see whether this one still needs it."
    )


def test_a_report_that_went_to_another_patient_is_no_result_of_this_ones_test():
    (one,) = found("waiting", after=(CARL, DONE, replace(REPORT, patient="p-carl")))
    assert (one.state, one.needs) == ("no-result", True)


def test_a_test_of_the_same_person_by_another_id_is_theirs():
    renamed = replace(CARL, mrn="H100")
    (one,) = found("waiting", after=(renamed, *OF_CARL))
    assert one.state == "resulted"


def test_the_same_test_on_two_forms_close_together_is_doubled_once():
    first, second = asked(1), asked(2, "2026-11-02T11:20:00Z")
    (one,) = found("duplicate", items=[second, first], before=(), after=(), waiting=())
    assert one.key == "duplicate:K7000002X-test.fbc"
    assert one.serials == ("K7000002X", "K7000001X")
    repeat = asked(2, "2026-11-02T12:00:00Z")
    assert found("duplicate", items=[first, repeat], before=(), after=(), waiting=()) == []


def test_a_form_and_another_request_in_the_system_are_doubled_but_not_its_own():
    mine = replace(DONE, id="r-2", filler="F2", authored="2026-11-02T11:05:00Z")
    other = replace(mine, id="r-3", filler="F3", authored="2026-11-02T13:00:00Z")
    item = asked(1, state=ItemState.ALREADY_THERE, matched_ids=("r-2",))
    assert found("duplicate", items=[item], before=(), after=(mine,), waiting=()) == []
    (one,) = found("duplicate", items=[item], before=(), after=(mine, other), waiting=())
    assert "LIMS F3 of 02-Nov-2026 13:00" in one.explain(LONDON)


BOOKED = Appointment(
    id="a-1",
    patient="p-ann",
    kind="theatre",
    status="booked",
    number="T1",
    description="Left hip",
    location="Theatre 2",
    start="2026-11-03T09:00:00Z",
)


def put_off(items=(), after=()):
    diary = appointments.AppointmentReview(
        list(items),
        ReviewedRecords([ANN, BOOKED]),
        ReviewedRecords([ANN, *after]),
        "2026-11-02T10:00:00Z",
        "2026-11-04T10:00:00Z",
        Settings(),
    )
    return list(appointments.find_missed_appointments(diary))


CANCELLED = replace(BOOKED, status="cancelled")
AGAIN = replace(BOOKED, id="a-2", number="T2", start="2026-11-20T09:00:00Z")


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ((CANCELLED,), "not-booked"),
        ((CANCELLED, AGAIN), "booked-again"),
        ((BOOKED,), "not-known"),
        ((replace(BOOKED, start="2026-11-20T09:00:00Z"),), "booked-again"),
        ((replace(BOOKED, status="fulfilled"),), None),
    ],
    ids=["cancelled", "again", "nobody-said", "moved", "done"],
)
def test_a_planned_operation_of_the_outage_is_done_booked_again_or_named(after, state):
    assert [one.state for one in put_off(after=after)] == ([state] if state else [])


def test_a_cancellation_on_paper_carries_its_new_date():
    fact = Fact(
        key="K7000005X-form",
        type="Appointment",
        system="Theatres",
        form="cancellation",
        serial="K7000005X",
        fields={"status": "cancelled", "rebook_start": "2026-11-19T09:00:00Z"},
    )
    (one,) = put_off([Item(fact, ItemState.NEW, (), "p-ann", ("a-1",))], after=(BOOKED,))
    assert (one.state, one.explain(LONDON)) == (
        "booked-again",
        "Booked again for 19-Nov-2026 09:00.",
    )
    assert one.serials == ("K7000005X",)


def test_figures_stand_beside_those_before_the_outage():
    earlier = [
        (
            replace(WAITED, id=f"e-{n}", authored="2026-11-01T08:00:00Z"),
            replace(REPORT, id=f"x-{n}", based_on=f"e-{n}", issued=f"2026-11-01T{9 + n:02}:00:00Z"),
        )
        for n in range(3)
    ]
    requests, reports = zip(*earlier, strict=True)
    during = found("delay", after=(DONE, REPORT))
    before = harm_figures.measure_earlier(requests, reports, "2026-11-02T00:00:00Z")
    figures = harm_figures.compare_turnaround(harm_figures.measure_findings(during), before)
    assert figures["requested-answered"] == {
        "before": {"tests": 3, "median": 120, "worst": 180},
        "during": {"tests": 1, "median": 480, "worst": 480},
    }
    assert figures["answered-seen"]["before"] == {"tests": 0, "median": None, "worst": None}


def test_a_finding_is_kept_whole_and_its_digest_follows_what_it_says():
    (one,) = found("waiting")
    assert model.decode_finding(one.encode()) == one
    resulted = make_reasons(ReasonCode.RESULT_EXISTS, at="2026-11-02T15:00:00Z")
    assert replace(one, reasons=resulted).digest(LONDON) != one.digest(LONDON)
    assert replace(one, person=PaperPerson(family="Other")).digest(LONDON) == one.digest(LONDON)


def test_a_finding_of_an_earlier_version_keeps_its_sentence_and_its_review():
    (one,) = found("waiting")
    stored = {**one.encode(), "words": one.explain(LONDON)}
    del stored["reasons"]
    earlier = model.decode_finding(stored)
    assert earlier.explain(LONDON) == one.explain(LONDON)
    assert earlier.digest(LONDON) == one.digest(LONDON)
