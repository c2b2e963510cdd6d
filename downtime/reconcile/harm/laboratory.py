"""The harm review of tests: what waited at T0, when each step came, misheard and doubled. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical.model import RequestStage, ServiceRequest
from downtime.clinical.record_types import find_owner
from downtime.entry import typed_times
from downtime.entry.facts import PaperPerson, make_paper_person
from downtime.reconcile.duplicates.annotate import find_repeated_statements, statement_of_item
from downtime.reconcile.duplicates.model import FormStatement
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
    ReviewedRecords,
    list_numbers,
    names_of_test,
)
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.reasons import ReasonCode, Reasons, make_reasons
from downtime.reconcile.rules.values import names_of_fact
from downtime.reconcile.rules.verdict import time_between
from downtime.settings import Settings


@dataclass(slots=True)
class TestCourse:
    """What is known of one test, from all forms and systems that speak of it."""

    key: str
    title: str
    patient: str
    person: PaperPerson
    ward: str
    system: str
    serials: list[str] = field(default_factory=list)
    times: dict[Step, str] = field(default_factory=dict)
    waited: ServiceRequest | None = None
    """The request as it was at T0, when it had no result then."""
    is_moved: bool = False
    """Whether the laboratory has it for somebody else now."""
    live: ServiceRequest | None = None
    requested_again: list[str] = field(default_factory=list)
    """Serials of the forms that ask for what waited."""

    def note_time(self, step: Step, moment: str) -> None:
        """Keep the earliest time of a step."""
        if moment and (step not in self.times or moment < self.times[step]):
            self.times[step] = moment

    @property
    def answered_at(self) -> str:
        """When its result was first known on the ward: phoned, or in the system."""
        known = [self.times[step] for step in (Step.PHONED, Step.RESULTED) if step in self.times]
        return min(known, default="")


@dataclass(frozen=True, slots=True)
class LaboratoryReview:
    """All that the review of tests looks at."""

    items: Sequence[Item]
    before: ReviewedRecords
    after: ReviewedRecords
    waiting: Sequence[tuple[ServiceRequest, str]]
    """Requests without a final result at T0, each with the ward its patient was on."""
    settings: Settings

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.settings.site.time_zone)

    def requested_items(self) -> list[Item]:
        """Tests that were asked for on paper."""
        return [item for item in self.items if item.fact.type == "ServiceRequest"]

    def phoned_items(self) -> list[Item]:
        """Results that the laboratory gave by telephone."""
        system = find_owner(self.settings.systems.records, "Observation")
        return [i for i in self.items if i.fact.type == "Observation" and i.fact.system == system]


def collect_courses(
    review: LaboratoryReview, repeats: Mapping[str, FormStatement]
) -> list[TestCourse]:
    """Every test that waited at T0, was asked for on paper or was phoned, with its times.

    `repeats` are what another form asks for already: the system has it once, and so it is one course.
    """
    courses = [_course_of_waiting(review, request, ward) for request, ward in review.waiting]
    by_live = {course.live.id: course for course in courses if course.live}
    by_test = _index_by_test(courses)
    by_item: dict[str, TestCourse] = {}
    for item in sorted(review.requested_items(), key=lambda item: item.key in repeats):
        course = by_item[item.key] = _course_of_request(review, item)
        for name in names_of_fact(item.fact):
            for earlier in by_test.get((course.patient, name), ()):
                earlier.requested_again.append(item.fact.serial)
        if course.live and course.live.id in by_live:
            _join(by_live[course.live.id], course)
            continue
        first = by_item.get(repeats[item.key].key) if item.key in repeats else None
        if first and first.live and not course.live:
            _join(by_live[first.live.id], course)
            continue
        courses.append(course)
        if course.live:
            by_live[course.live.id] = course
    for item in review.phoned_items():
        request = _find_phoned_request(review, item)
        known = by_live.get(request.id) if request else None
        if known is None:
            known = _course_of_item(f"phoned:{item.key}", item)
            courses.append(known)
        _note_phoned(review, known, item, request)
    return courses


def find_laboratory_findings(review: LaboratoryReview) -> Iterator[HarmFinding]:
    """All findings about tests."""
    repeats = _find_repeats(review)
    for course in collect_courses(review, repeats):
        if course.waited:
            yield _waiting_finding(course)
        yield _delay_finding(review, course)
    yield from _find_mismatches(review)
    yield from _find_duplicates(review, repeats)


def _index_by_test(
    courses: Iterable[TestCourse],
) -> Mapping[tuple[str, str], list[TestCourse]]:
    by_test: dict[tuple[str, str], list[TestCourse]] = defaultdict(list)
    for course in courses:
        for name in names_of_test(course.waited) if course.waited else ():
            by_test[course.patient, name].append(course)
    return by_test


def _course_of_waiting(review: LaboratoryReview, request: ServiceRequest, ward: str) -> TestCourse:
    live = review.after.find_copy(request)
    is_moved = live is not None and _is_of_another(review, request, live)
    live = None if is_moved else live
    patient = review.after.find_surviving_id(live.patient if live else request.patient)
    now = live or request
    known = review.after.patients.get(patient) or review.before.patients.get(patient)
    course = TestCourse(
        key=f"t0:{request.filler or request.placer or request.id}:{request.code}",
        title=request.display or request.code,
        patient=patient,
        person=make_paper_person(known) if known else PaperPerson(),
        ward=ward,
        system=request.source or find_owner(review.settings.systems.records, "ServiceRequest"),
        waited=request,
        is_moved=is_moved,
        live=live,
    )
    course.note_time(Step.REQUESTED, request.authored)
    course.note_time(Step.COLLECTED, now.collected or request.collected)
    course.note_time(Step.RESULTED, review.after.resulted_at(now) if live else "")
    return course


def _is_of_another(review: LaboratoryReview, request: ServiceRequest, live: ServiceRequest) -> bool:
    """Whether a request is of somebody else by now; not by a merge, or another id of the same person."""
    if review.after.is_of(live, request.patient):
        return False
    before = review.before.patients.get(request.patient)
    after = review.after.patients.get(live.patient)
    if before is None or after is None:
        return False
    return list_numbers(before).isdisjoint(list_numbers(after))


def _course_of_item(key: str, item: Item) -> TestCourse:
    fact = item.fact
    return TestCourse(
        key=key,
        title=fact.title,
        patient=item.patient,
        person=item.person,
        ward=fact.ward,
        system=fact.system,
        serials=[fact.serial],
    )


def _course_of_request(review: LaboratoryReview, item: Item) -> TestCourse:
    course = _course_of_item(f"asked:{item.key}", item)
    fact = item.fact
    course.note_time(Step.REQUESTED, fact.event)
    course.note_time(Step.COLLECTED, fact.fields.get("collected", ""))
    course.live = _find_new_request(review, item)
    if course.live:
        course.note_time(Step.COLLECTED, course.live.collected)
        course.note_time(Step.RESULTED, review.after.resulted_at(course.live))
    return course


def _find_new_request(review: LaboratoryReview, item: Item) -> ServiceRequest | None:
    """The live request that means the same, unless it was there at T0."""
    matched = [r for key in item.matched_ids if (r := review.after.requests.get(key))]
    return next((request for request in matched if not review.before.find_copy(request)), None)


def _join(course: TestCourse, other: TestCourse) -> None:
    """Two forms that ask for what the system holds once."""
    course.serials += other.serials
    for step, moment in other.times.items():
        course.note_time(step, moment)


def _find_phoned_request(review: LaboratoryReview, item: Item) -> ServiceRequest | None:
    """The request that a phoned result answers: by the result found, else by a number of its patient."""
    for key in item.matched_ids:
        if request := review.after.request_of(key):
            return request
    named = _find_named_requests(review, item)
    return next((r for r in named if review.after.is_of(r, item.patient)), None)


def _find_named_requests(review: LaboratoryReview, item: Item) -> list[ServiceRequest]:
    """Requests with a number that is written beside a phoned result."""
    written = dict.fromkeys(answer for _, answer in item.fact.notes)
    return [request for text in written for request in review.after.find_by_number(text)]


def _list_foreign_numbers(review: LaboratoryReview, item: Item) -> list[str]:
    """The numbers beside a phoned result, when all that they name are other patients' tests."""
    if item.patient not in review.after.patients:
        return []
    named = _find_named_requests(review, item)
    if any(review.after.is_of(request, item.patient) for request in named):
        return []
    return sorted({request.filler or request.placer for request in named})


def _note_phoned(
    review: LaboratoryReview, course: TestCourse, item: Item, request: ServiceRequest | None
) -> None:
    if item.fact.serial not in course.serials:
        course.serials.append(item.fact.serial)
    course.note_time(Step.PHONED, item.fact.event)
    course.note_time(Step.COLLECTED, item.fact.fields.get("effective", ""))
    if request:
        course.note_time(Step.REQUESTED, request.authored)
        course.note_time(Step.RESULTED, review.after.resulted_at(request))
    for label, answer in item.fact.notes:
        if label in review.settings.reconcile.harm_seen_fields:
            course.note_time(Step.SEEN, typed_times.moment_to_utc(answer, review.zone))


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
        course = replace(_course_of_item(item.key, item), times=times)
        kind, state = FindingKind.MISMATCH, FindingState.DIFFERS
        yield _finding(course, kind, state, reasons, needs=True)


def _explain_mismatch(review: LaboratoryReview, item: Item) -> Reasons:
    """Why a phoned result may be another's, or another value; empty when nothing speaks against it."""
    is_contradicted = item.state == ItemState.CONFLICT and item.matched_ids
    reasons = item.reasons if is_contradicted else ()
    if numbers := _list_foreign_numbers(review, item):
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
    same_request = _find_new_request(review, item)
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
    course = replace(_course_of_item(item.key, item), times=times)
    kind, state = FindingKind.DUPLICATE, FindingState.REQUESTED_TWICE
    return _finding(course, kind, state, reasons, serials=(item.fact.serial, *forms))


def _is_within(moment: str, other: str, window: timedelta) -> bool:
    gap = time_between(moment, other)
    return gap is not None and gap <= window
