"""The course of each test through the outage: when each step came, from all forms and systems. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from downtime.clinical.model import ServiceRequest
from downtime.clinical.record_types import find_owner
from downtime.entry import typed_times
from downtime.entry.facts import PaperPerson, make_paper_person
from downtime.reconcile.duplicates.model import FormStatement
from downtime.reconcile.harm.model import (
    Step,
)
from downtime.reconcile.harm.records import (
    ReviewedRecords,
    list_numbers,
    names_of_test,
)
from downtime.reconcile.model import Item
from downtime.reconcile.rules.values import names_of_fact
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
            known = make_course(f"phoned:{item.key}", item)
            courses.append(known)
        _note_phoned(review, known, item, request)
    return courses


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


def make_course(key: str, item: Item) -> TestCourse:
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
    course = make_course(f"asked:{item.key}", item)
    fact = item.fact
    course.note_time(Step.REQUESTED, fact.event)
    course.note_time(Step.COLLECTED, fact.fields.get("collected", ""))
    course.live = find_new_request(review, item)
    if course.live:
        course.note_time(Step.COLLECTED, course.live.collected)
        course.note_time(Step.RESULTED, review.after.resulted_at(course.live))
    return course


def find_new_request(review: LaboratoryReview, item: Item) -> ServiceRequest | None:
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


def list_foreign_numbers(review: LaboratoryReview, item: Item) -> list[str]:
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
