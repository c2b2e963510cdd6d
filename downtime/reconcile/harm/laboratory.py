"""The harm review of tests: what waited at T0, when each step came, misheard and doubled. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import NamedTuple

from downtime.clinical.model import RequestStage, ServiceRequest
from downtime.reconcile.duplicates.annotate import find_repeated_statements, statement_of_item
from downtime.reconcile.duplicates.model import FormStatement
from downtime.reconcile.harm.courses import (
    LaboratoryReview,
    TestCourse,
    collect_courses,
    find_new_request,
    list_foreign_numbers,
    make_course,
)
from downtime.reconcile.harm.model import (
    CLOSED,
    STEPS,
    FindingKind,
    FindingState,
    HarmFinding,
    Step,
)
from downtime.reconcile.harm.records import (
    POSSIBLY_OPEN_STAGES,
    names_of_test,
)
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.reconcile.rules.values import names_of_fact
from downtime.reconcile.rules.verdict import time_between


def find_laboratory_findings(review: LaboratoryReview) -> Iterator[HarmFinding]:
    """All findings about tests."""
    repeats = _find_repeats(review)
    for course in collect_courses(review, repeats):
        if course.waited:
            yield _waiting_finding(course)
        yield _delay_finding(review, course)
    yield from _find_mismatches(review)
    yield from _find_duplicates(review, repeats)


def _waiting_finding(course: TestCourse) -> HarmFinding:
    """What became of a request that had no result at T0."""
    state, reasons = _fate(course)
    serials = tuple(sorted({*course.serials, *course.requested_again}))
    needs = state not in CLOSED
    return _finding(course, FindingKind.WAITING, state, reasons, needs=needs, serials=serials)


def _fate(course: TestCourse) -> tuple[FindingState, Reasons]:
    if resulted := course.times.get(Step.RESULTED):
        return FindingState.RESULTED, make_reasons(ReasonCode.RESULT_EXISTS, at=resulted)
    if course.live and course.live.stage == RequestStage.CANCELLED:
        return FindingState.CANCELLED, make_reasons(ReasonCode.TEST_CANCELLED)
    if phoned := course.times.get(Step.PHONED):
        return FindingState.PHONED, make_reasons(ReasonCode.RESULT_PHONED, at=phoned)
    if course.requested_again:
        forms = "\n".join(sorted(set(course.requested_again)))
        return FindingState.ASKED_AGAIN, make_reasons(ReasonCode.TEST_REQUESTED_AGAIN, forms=forms)
    if course.is_moved:
        return FindingState.NO_RESULT, make_reasons(ReasonCode.TEST_OF_ANOTHER)
    code = (
        ReasonCode.NO_RESULT_OF_SAMPLE if Step.COLLECTED in course.times else ReasonCode.NO_SAMPLE
    )
    return FindingState.NO_RESULT, make_reasons(code)


def _delay_finding(review: LaboratoryReview, course: TestCourse) -> HarmFinding:
    """The times of a test, and how long the ward waited for an answer."""
    requested = course.times.get(Step.REQUESTED) or course.times.get(Step.COLLECTED, "")
    waited = time_between(course.answered_at, requested)
    if waited is not None:
        is_late = waited > timedelta(minutes=review.settings.reconcile.harm_late_minutes)
        state = FindingState.ANSWERED_LATE if is_late else FindingState.ANSWERED
        reasons = make_reasons(
            ReasonCode.ANSWER_TIME, minutes=str(int(waited.total_seconds() // 60))
        )
    elif course.answered_at:
        state, reasons = FindingState.ANSWERED, make_reasons(ReasonCode.REQUEST_TIME_UNKNOWN)
    else:
        state, reasons = FindingState.NO_ANSWER, make_reasons(ReasonCode.NO_ANSWER)
    return _finding(course, FindingKind.DELAY, state, reasons)


def _finding(
    course: TestCourse,
    kind: FindingKind,
    state: FindingState,
    reasons: Reasons,
    *,
    needs: bool = False,
    serials: tuple[str, ...] = (),
) -> HarmFinding:
    return HarmFinding(
        key=f"{kind}:{course.key}",
        kind=kind,
        state=state,
        title=course.title,
        reasons=reasons,
        patient=course.patient,
        person=course.person,
        ward=course.ward,
        system=course.system,
        serials=serials or tuple(sorted(set(course.serials))),
        times={step.value: at for step in STEPS if (at := course.times.get(step))},
        needs=needs,
    )


def _find_mismatches(review: LaboratoryReview) -> Iterator[HarmFinding]:
    """Phoned results that the laboratory's own, or their numbers, contradict: to a clinician."""
    for item in review.phoned_items():
        reasons = _explain_mismatch(review, item)
        if not reasons:
            continue
        live = review.after.observations.get(item.matched_ids[0]) if item.matched_ids else None
        times = {Step.PHONED: item.fact.event, Step.RESULTED: live.updated if live else ""}
        course = replace(make_course(item.key, item), times=times)
        kind, state = FindingKind.MISMATCH, FindingState.DIFFERS
        yield _finding(course, kind, state, reasons, needs=True)


def _explain_mismatch(review: LaboratoryReview, item: Item) -> Reasons:
    """Why a phoned result may be another's, or another value; empty when nothing speaks against it."""
    is_contradicted = item.state == ItemState.CONFLICT and item.matched_ids
    reasons = item.reasons if is_contradicted else ()
    if numbers := list_foreign_numbers(review, item):
        texts = ", ".join(numbers)
        reasons = (*reasons, *make_reasons(ReasonCode.TEST_NUMBER_OF_ANOTHER, numbers=texts))
    return reasons


def _find_repeats(review: LaboratoryReview) -> Mapping[str, FormStatement]:
    """By key of each test asked for on paper that another form asks for already: what that form says."""
    statements = [
        statement_of_item(item, patient=item.patient or item.person.any_number)
        for item in review.requested_items()
    ]
    return find_repeated_statements(statements, review.settings)


def _find_duplicates(
    review: LaboratoryReview, repeats: Mapping[str, FormStatement]
) -> Iterator[HarmFinding]:
    """The same test of one patient asked for on two forms, or on a form and in the system."""
    window = timedelta(hours=review.settings.reconcile.request_match_hours)
    items = sorted(review.requested_items(), key=lambda item: (item.fact.event, item.key))
    known = _index_requests(review)
    for item in items:
        forms = [repeats[item.key].serial] if item.key in repeats else []
        requests = _other_requests(review, item, known(item.patient), window)
        if forms or requests:
            yield _duplicate_finding(item, forms, requests)


class _KnownRequest(NamedTuple):
    """A live request that may be the same as one on paper, with what it is told by."""

    request: ServiceRequest
    names: set[str]
    moment: str


def _index_requests(review: LaboratoryReview) -> Callable[[str], list[_KnownRequest]]:
    """A patient's requests that are not cancelled, and open or new since T0: looked at once for all forms."""

    @cache
    def of_patient(patient: str) -> list[_KnownRequest]:
        return [
            _KnownRequest(request, names_of_test(request), request.authored or request.collected)
            for request in review.after.of_patient.get(patient, ())
            if request.stage != RequestStage.CANCELLED
            and (request.stage in POSSIBLY_OPEN_STAGES or not review.before.find_copy(request))
        ]

    return of_patient


def _other_requests(
    review: LaboratoryReview, item: Item, known: Sequence[_KnownRequest], window: timedelta
) -> list[ServiceRequest]:
    """Requests in the system for the same test that are not this one."""
    if not known:
        return []
    same_request = find_new_request(review, item)
    own_id, number = same_request.id if same_request else "", item.fact.number
    names, event = names_of_fact(item.fact), item.fact.event
    return [
        request
        for request, request_names, moment in known
        if request.id != own_id
        and number not in (request.placer, request.filler)
        and not names.isdisjoint(request_names)
        and _is_within(moment, event, window)
    ]


def _duplicate_finding(
    item: Item, forms: Sequence[str], requests: Sequence[ServiceRequest]
) -> HarmFinding:
    numbers = (f"{r.filler or r.placer}\t{r.authored}" for r in requests)
    reasons = make_reasons(
        ReasonCode.TEST_REQUESTED_TWICE, serial=item.fact.serial, forms="\n".join(forms),
        requests="\n".join(numbers),
    )  # fmt: skip
    times = {Step.REQUESTED: item.fact.event}
    course = replace(make_course(item.key, item), times=times)
    kind, state = FindingKind.DUPLICATE, FindingState.REQUESTED_TWICE
    return _finding(course, kind, state, reasons, serials=(item.fact.serial, *forms))


def _is_within(moment: str, other: str, window: timedelta) -> bool:
    gap = time_between(moment, other)
    return gap is not None and gap <= window
