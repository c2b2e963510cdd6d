"""The rules of the comparison, one function a type of record; `tests/spec` shows them as tables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.records import Encounter, Observation, Patient, Record, ServiceRequest
from downtime.config import Settings
from downtime.entry.facts import Fact, Person
from downtime.reconcile.states import ALREADY_THERE, CONFLICT, NEW, NEWER_LIVE, REGISTERS
from downtime.reconcile.values import same, test_name
from downtime.reconcile.view import View

Links = Mapping[str, Person]
R = TypeVar("R", bound=Record)
_OPEN_STAGES = ("requested", "collected", "received", "in-progress")
_STAYS = ("inpatient", "emergency", "daycase", "")
_CHANGED_LATER = ("amended", "corrected", "C")


class Verdict(NamedTuple):
    """What a rule says: a state, a sentence, the live records that were meant."""

    state: str
    words: str
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """The two snapshots and the site's settings."""

    before: View
    after: View
    settings: Settings

    def old(self, live: Record) -> Record | None:
        """What T0 held of a live record; None when it has come since."""
        return self.before.held(live, self.after)

    def shown(self, moment: str) -> str:
        """A time in the site's zone, for a sentence."""
        return display.moment(moment, ZoneInfo(self.settings.site.time_zone)) or "an unknown time"


def registering(fact: Fact) -> str:
    """What can be done about a patient who is not found."""
    if fact.type not in REGISTERS:
        return " Settle who it is first, then compare again."
    if fact.person.downtime_number:
        return " Returning it registers the patient under the downtime number and admits them."
    return " Returning it registers the patient and admits them."


def request(fact: Fact, patient: Patient, context: Context) -> Verdict:
    """A test asked for on paper: the same request there, cancelled there, or not there."""
    taken = fact.fields.get("collected") or fact.event
    window = timedelta(hours=context.settings.reconcile.request_match_hours)
    live = context.after.requests[patient.id]
    named = [r for r in live if fact.number in (r.placer, r.filler)]
    alike = [r for r in live if _names(fact) & _names_of(r)]
    since = [r for r in alike if not context.old(r)]
    found = named or _near(since, taken, window, lambda r: r.collected or r.authored or r.updated)
    if found:
        return _request_found(fact, found[0], context)
    waiting = [r for r in alike if context.old(r) and r.stage in _OPEN_STAGES]
    words = f"{fact.system} has no such request."
    if waiting:
        words += " An older one for the same test, from before the outage, is still open there."
    return Verdict(NEW, words, tuple(r.id for r in waiting))


def _request_found(fact: Fact, live: ServiceRequest, context: Context) -> Verdict:
    at = context.shown(live.collected or live.authored or live.updated)
    if live.stage == "cancelled":
        return Verdict(
            NEWER_LIVE, f"{fact.system} has this request of {at} and has cancelled it.", (live.id,)
        )
    number = live.filler or live.placer
    return Verdict(
        ALREADY_THERE,
        f"{fact.system} has it as {number} of {at} ({live.stage or 'requested'}).",
        (live.id,),
    )


def observation(fact: Fact, patient: Patient, context: Context) -> Verdict:
    """A value on paper (phoned, or measured): the same there, another there, or not there.

    A value that the live system already held at T0 is an older one and is never taken for it.
    """
    settings = context.settings
    phoned = fact.system == settings.systems.records["Observation"]
    window = (
        timedelta(hours=settings.reconcile.result_match_hours)
        if phoned
        else timedelta(minutes=settings.reconcile.observation_match_minutes)
    )
    alike = [
        o
        for o in context.after.observations[patient.id]
        if _names(fact) & _names_of(o) and not _unchanged(o, context)
    ]
    own = [
        o for o in alike if (r := context.after.reports.get(o.report)) and r.filler == fact.number
    ]
    taken = fact.fields.get("effective") or fact.event
    found = own or _near(alike, taken, window, lambda o: _taken(o, context))
    if not found:
        return Verdict(NEW, f"{fact.system} has no such value near that time.")
    return _value_found(fact, found[0], context, phoned=phoned)


def _value_found(fact: Fact, live: Observation, context: Context, *, phoned: bool) -> Verdict:
    at = context.shown(_taken(live, context))
    value, units = fact.fields.get("value", ""), fact.fields.get("units", "")
    alike = same(value, units, live.value, live.units)
    held = f"{live.value} {live.units}".strip()
    said = f"{value} {units}".strip()
    changed = live.status in _CHANGED_LATER
    if alike:
        return Verdict(ALREADY_THERE, f"{fact.system} has the same value of {at}.", (live.id,))
    if changed and not phoned:
        words = f"{fact.system} says {held} of {at}, corrected there since; paper says {said}."
        return Verdict(NEWER_LIVE, words, (live.id,))
    words = f"{'Phoned' if phoned else 'Paper says'} {said}; {fact.system} says {held} of {at}"
    words += ", amended since." if changed else "."
    if alike is None:
        words += " The units differ and cannot be converted."
    if phoned:
        words += " Have a clinician review it."
    return Verdict(CONFLICT, words, (live.id,))


def _unchanged(live: Observation, context: Context) -> bool:
    then = context.old(live)
    return isinstance(then, Observation) and then.value == live.value


def _taken(live: Observation, context: Context) -> str:
    report = context.after.reports.get(live.report)
    return live.effective or (report and (report.collected or report.issued)) or live.updated


def admission(fact: Fact, patient: Patient, context: Context) -> Verdict:
    """An admission on paper: the same stay there, one that has moved on, or none."""
    started = fact.fields.get("started") or fact.event
    window = timedelta(hours=context.settings.reconcile.admission_match_hours)
    stays = [e for e in context.after.encounters[patient.id] if e.kind in _STAYS]
    since = [e for e in stays if not context.old(e)]
    near = _near(since, started, window, lambda e: e.started or e.updated)
    if near:
        return _stay_found(fact, near[0], context)
    old = [e for e in stays if context.old(e) and e.status == "in-progress"]
    if old:
        return _older_stay(fact, old[0], context)
    return Verdict(NEW, f"{fact.system} has no stay of this patient near that time.")


def _stay_found(fact: Fact, live: Encounter, context: Context) -> Verdict:
    at = context.shown(live.started)
    if live.status == "cancelled":
        return Verdict(NEWER_LIVE, f"{fact.system} cancelled this admission of {at}.", (live.id,))
    if live.status == "finished":
        words = f"{fact.system} has this stay of {at}, discharged {context.shown(live.ended)}."
        return Verdict(NEWER_LIVE, words, (live.id,))
    if _folded(live.ward) == _folded(fact.fields.get("ward", "")):
        words = f"{fact.system} has this stay on {live.ward} from {at}."
        return Verdict(ALREADY_THERE, words, (live.id,))
    words = f"{fact.system} has this stay of {at} and now shows the patient on {live.ward}."
    return Verdict(NEWER_LIVE, words, (live.id,))


def _older_stay(fact: Fact, live: Encounter, context: Context) -> Verdict:
    words = (
        f"{fact.system} has had this patient on {live.ward} since {context.shown(live.started)}, "
        "before the outage: a second admission would be a second stay."
    )
    then = context.old(live)
    moved = isinstance(then, Encounter) and then.ward != live.ward and live.updated > fact.event
    return Verdict(NEWER_LIVE if moved else CONFLICT, words, (live.id,))


def _names(fact: Fact) -> set[str]:
    said = (fact.fields.get("code", ""), fact.fields.get("display", ""))
    return {test_name(text) for text in said} - {"", "other"}


def _names_of(live: ServiceRequest | Observation) -> set[str]:
    return {test_name(live.code), test_name(live.display)} - {""}


def _near(
    live: Iterable[R], moment: str, window: timedelta, time_of: Callable[[R], str]
) -> list[R]:
    """Those within the window, the nearest first; a record without any time never is."""
    gaps = [(gap(time_of(one), moment), one) for one in live]
    near = [(far, one) for far, one in gaps if far is not None and far <= window]
    return [one for _, one in sorted(near, key=lambda pair: pair[0])]


def gap(moment: str, other: str) -> timedelta | None:
    """Time between two stored times; whole days when one is a bare date; None when one is empty."""
    if not moment or not other:
        return None
    if "T" not in moment or "T" not in other:
        days = datetime.fromisoformat(moment[:10]) - datetime.fromisoformat(other[:10])
        return abs(days)
    return abs(datetime.fromisoformat(moment) - datetime.fromisoformat(other))


def _folded(text: str) -> str:
    return text.strip().casefold()
