"""The harm review of tests: what waited at T0, when each step came, misheard and doubled. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import ServiceRequest
from downtime.clinical.record_types import find_owner
from downtime.entry import typed_times
from downtime.entry.facts import Person, person_of
from downtime.paper.serials import format_serial
from downtime.reconcile.duplicates import annotate
from downtime.reconcile.harm.model import (
    CLOSED,
    DELAY,
    DUPLICATE,
    MISMATCH,
    NO_RESULT,
    STEPS,
    WAITING,
    HarmFinding,
)
from downtime.reconcile.harm.records import OPEN_STAGES, ReviewedRecords, names_of_test
from downtime.reconcile.model import Item, ItemState
from downtime.reconcile.rules import test_names as names_of
from downtime.reconcile.rules.verdict import time_between
from downtime.reconcile.wording import explain
from downtime.settings import Settings


@dataclass(slots=True)
class TestCourse:
    """What is known of one test, from all forms and systems that speak of it."""

    key: str
    title: str
    patient: str
    person: Person
    ward: str
    system: str
    serials: list[str] = field(default_factory=list)
    times: dict[str, str] = field(default_factory=dict)
    waited: ServiceRequest | None = None
    """The request as it was at T0, when it had no result then."""
    live: ServiceRequest | None = None
    asked_again: list[str] = field(default_factory=list)

    def note(self, step: str, moment: str) -> None:
        """Keep the earliest time of a step."""
        if moment and (step not in self.times or moment < self.times[step]):
            self.times[step] = moment

    @property
    def answered(self) -> str:
        """When its result was first known on the ward: phoned, or in the system."""
        known = [self.times[step] for step in ("phoned", "resulted") if step in self.times]
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

    def asked(self) -> list[Item]:
        """Tests that were asked for on paper."""
        return [item for item in self.items if item.fact.type == "ServiceRequest"]

    def phoned(self) -> list[Item]:
        """Results that the laboratory gave by telephone."""
        system = find_owner(self.settings.systems.records, "Observation")
        return [i for i in self.items if i.fact.type == "Observation" and i.fact.system == system]


def collect_courses(scene: LaboratoryReview) -> list[TestCourse]:
    """Every test that waited at T0, was asked for on paper or was phoned, with its times."""
    found = [_waited(scene, request, ward) for request, ward in scene.waiting]
    by_live = {course.live.id: course for course in found if course.live}
    by_test = _by_test(found)
    for item in scene.asked():
        course = _asked(scene, item)
        for name in names_of.names_of_fact(item.fact):
            for earlier in by_test.get((course.patient, name), ()):
                earlier.asked_again.append(item.fact.serial)
        if course.live and course.live.id in by_live:
            _join(by_live[course.live.id], course)
            continue
        found.append(course)
        if course.live:
            by_live[course.live.id] = course
    for item in scene.phoned():
        request = _request_phoned(scene, item)
        known = by_live.get(request.id) if request else None
        if known is None:
            known = _of_item("phoned", item)
            found.append(known)
        _note_phoned(scene, known, item, request)
    return found


def find_laboratory_findings(scene: LaboratoryReview) -> Iterator[HarmFinding]:
    """All findings about tests."""
    for course in collect_courses(scene):
        if course.waited:
            yield _waiting(scene, course)
        yield _delay(scene, course)
    yield from _mismatches(scene)
    yield from _duplicates(scene)


def _by_test(found: Iterable[TestCourse]) -> Mapping[tuple[str, str], list[TestCourse]]:
    index: dict[tuple[str, str], list[TestCourse]] = defaultdict(list)
    for course in found:
        for name in names_of_test(course.waited) if course.waited else ():
            index[course.patient, name].append(course)
    return index


def _waited(scene: LaboratoryReview, request: ServiceRequest, ward: str) -> TestCourse:
    live = scene.after.find_copy(request)
    patient = scene.after.surviving_id(live.patient if live else request.patient)
    now = live or request
    known = scene.after.patients.get(patient) or scene.before.patients.get(patient)
    course = TestCourse(
        key=f"t0:{request.filler or request.placer or request.id}:{request.code}",
        title=request.display or request.code,
        patient=patient,
        person=person_of(known) if known else Person(),
        ward=ward,
        system=request.source or find_owner(scene.settings.systems.records, "ServiceRequest"),
        waited=request,
        live=live,
    )
    course.note("requested", request.authored)
    course.note("collected", now.collected or request.collected)
    course.note("resulted", scene.after.resulted_at(now) if live else "")
    return course


def _of_item(kind: str, item: Item) -> TestCourse:
    fact = item.fact
    return TestCourse(
        key=f"{kind}:{fact.key}",
        title=fact.title,
        patient=item.patient,
        person=item.person,
        ward=fact.ward,
        system=fact.system,
        serials=[fact.serial],
    )


def _asked(scene: LaboratoryReview, item: Item) -> TestCourse:
    course = _of_item("asked", item)
    fact = item.fact
    course.note("requested", fact.event)
    course.note("collected", fact.fields.get("collected", ""))
    since = [r for key in item.matched_ids if (r := scene.after.requests.get(key))]
    course.live = next((r for r in since if not scene.before.find_copy(r)), None)
    if course.live:
        course.note("collected", course.live.collected)
        course.note("resulted", scene.after.resulted_at(course.live))
    return course


def _join(course: TestCourse, other: TestCourse) -> None:
    """Two forms that ask for what the system holds once."""
    course.serials += other.serials
    for step, moment in other.times.items():
        course.note(step, moment)


def _request_phoned(scene: LaboratoryReview, item: Item) -> ServiceRequest | None:
    """The request that a phoned result answers: by the result found, else by a number written."""
    for key in item.matched_ids:
        if request := scene.after.request_of(key):
            return request
    written = {answer for _, answer in item.fact.notes}
    return next((r for text in written for r in scene.after.find_by_number(text)), None)


def _note_phoned(
    scene: LaboratoryReview, course: TestCourse, item: Item, request: ServiceRequest | None
) -> None:
    if item.fact.serial not in course.serials:
        course.serials.append(item.fact.serial)
    course.note("phoned", item.fact.event)
    course.note("collected", item.fact.fields.get("effective", ""))
    if request:
        course.note("requested", request.authored)
        course.note("resulted", scene.after.resulted_at(request))
    for label, answer in item.fact.notes:
        if label in scene.settings.reconcile.harm_seen_fields:
            course.note("seen", typed_times.moment_to_utc(answer, scene.zone))


def _waiting(scene: LaboratoryReview, course: TestCourse) -> HarmFinding:
    """What became of a request that had no result at T0."""
    live, again = course.live, course.asked_again
    system = course.system
    if "resulted" in course.times:
        at = display.format_moment(course.times["resulted"], scene.zone)
        state, words = "resulted", f"{system} has had the result since {at}."
    elif live and live.stage == "cancelled":
        state, words = "cancelled", f"{system} has cancelled it."
    elif "phoned" in course.times:
        at = display.format_moment(course.times["phoned"], scene.zone)
        state, words = "phoned", f"The result was phoned {at}; {system} does not have it yet."
    elif again:
        forms = ", ".join(format_serial(serial) for serial in sorted(set(again)))
        state, words = "asked-again", f"Asked for again on paper ({forms})."
    elif "collected" in course.times:
        state = NO_RESULT
        words = "The sample was taken and there is no result: it may have to be taken again."
    else:
        state, words = NO_RESULT, "No sample was taken and there is no result."
    serials = (*course.serials, *again)
    return _finding(course, WAITING, state, words, needs=state not in CLOSED, serials=serials)


def _delay(scene: LaboratoryReview, course: TestCourse) -> HarmFinding:
    """The times of a test, and how long the ward waited for an answer."""
    asked = course.times.get("requested") or course.times.get("collected", "")
    took = time_between(course.answered, asked)
    if took is None:
        missing = "no answer" if not course.answered else "not known when it was asked for"
        state = "no-answer" if not course.answered else "answered"
        return _finding(course, DELAY, state, f"{missing.capitalize()}.")
    late = took > timedelta(minutes=scene.settings.reconcile.harm_late_minutes)
    words = f"{display.format_duration(took)} from request to answer."
    return _finding(course, DELAY, "late" if late else "answered", words)


def _finding(
    course: TestCourse,
    kind: str,
    state: str,
    words: str,
    *,
    needs: bool = False,
    serials: Iterable[str] = (),
) -> HarmFinding:
    return HarmFinding(
        key=f"{kind}:{course.key}",
        kind=kind,
        state=state,
        title=course.title,
        words=words,
        patient=course.patient,
        person=course.person,
        ward=course.ward,
        system=course.system,
        serials=tuple(sorted(set(serials or course.serials))),
        times={step: course.times[step] for step in STEPS if step in course.times},
        needs=needs,
    )


def _mismatches(scene: LaboratoryReview) -> Iterator[HarmFinding]:
    """Phoned results that the laboratory's own contradict: each goes to a clinician."""
    for item in scene.phoned():
        if item.state != ItemState.CONFLICT or not item.matched_ids:
            continue
        live = scene.after.observations.get(item.matched_ids[0])
        times = {"phoned": item.fact.event, "resulted": live.updated if live else ""}
        yield HarmFinding(
            key=f"{MISMATCH}:{item.key}",
            kind=MISMATCH,
            state="differs",
            title=item.fact.title,
            words=explain(item, scene.zone),
            patient=item.patient,
            person=item.person,
            ward=item.fact.ward,
            system=item.fact.system,
            serials=(item.fact.serial,),
            times={step: moment for step, moment in times.items() if moment},
            needs=True,
        )


def _duplicates(scene: LaboratoryReview) -> Iterator[HarmFinding]:
    """The same test of one patient asked for on two forms, or on a form and in the system."""
    window = timedelta(hours=scene.settings.reconcile.request_match_hours)
    asked = sorted(scene.asked(), key=lambda item: (item.fact.event, item.key))
    said = [
        annotate.statement_of_item(item, patient=item.patient or _who(item.person))
        for item in asked
    ]
    twice = annotate.find_repeated_statements(said, scene.settings)
    for item in asked:
        other = [twice[item.key].serial] if item.key in twice else []
        live = _doubled(scene, item, window)
        if other or live:
            yield _duplicate(scene, item, other, live)


def _doubled(scene: LaboratoryReview, item: Item, window: timedelta) -> list[ServiceRequest]:
    """Requests in the system for the same test that are not this one."""
    own = {item.fact.number}
    held = [r for key in item.matched_ids if (r := scene.after.requests.get(key))]
    one = next((r.id for r in held if not scene.before.find_copy(r)), "")
    return [
        request
        for request in scene.after.of_patient.get(item.patient, ())
        if request.id != one
        and request.stage != "cancelled"
        and not own & {request.placer, request.filler}
        and names_of_test(request) & names_of.names_of_fact(item.fact)
        and (request.stage in OPEN_STAGES or not scene.before.find_copy(request))
        and _within(request.authored or request.collected, item.fact.event, window)
    ]


def _duplicate(
    scene: LaboratoryReview, item: Item, forms: Sequence[str], live: Sequence[ServiceRequest]
) -> HarmFinding:
    other = [f"form {format_serial(serial)}" for serial in forms]
    other += [
        f"{item.fact.system} {r.filler or r.placer} of {display.format_moment(r.authored, scene.zone)}"
        for r in live
    ]
    return HarmFinding(
        key=f"{DUPLICATE}:{item.key}",
        kind=DUPLICATE,
        state="doubled",
        title=item.fact.title,
        words=f"Asked for on form {format_serial(item.fact.serial)} and also by {', '.join(other)}.",
        patient=item.patient,
        person=item.person,
        ward=item.fact.ward,
        system=item.fact.system,
        serials=(item.fact.serial, *forms),
        times={"requested": item.fact.event},
    )


def _within(one: str, other: str, window: timedelta) -> bool:
    apart = time_between(one, other)
    return apart is not None and apart <= window


def _who(person: Person) -> str:
    return person.downtime_number or person.mrn or person.nhs_number
