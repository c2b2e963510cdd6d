"""Whether the time in one field makes sense for this outage and this patient. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from downtime.clinical.value_limits import age_in_years
from downtime.clock import from_text, to_text
from downtime.entry.plausibility.model import Finding, Rule, Situation
from downtime.entry.typed_times import moment_to_utc
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem, TimeRule
from downtime.paper.forms.record_fields import PERSON_PREFIX

FUTURE_SLACK = timedelta(minutes=5)
"""How far a keyed event may lie ahead of the latest known time before it is refused."""
OLDEST_YEARS = 120
BORN = PERSON_PREFIX + "birth_date"
_COMING_FIELDS = ("rebook_start",)
_APPOINTMENT_FIELDS = ("start",)
_REBOOKED = "rebook_start"


def find_time_rule(item: FormItem) -> TimeRule:
    """Which times make sense in a field: what its form says, else what follows from its record."""
    if item.when:
        return item.when
    if item.link_id == "patient.born" or item.maps == BORN:
        return TimeRule.BIRTH
    if item.maps in _COMING_FIELDS:
        return TimeRule.COMING
    if item.maps in _APPOINTMENT_FIELDS or item.type != FieldType.DATE_TIME:
        return TimeRule.ANY
    return TimeRule.DURING


class BirthDates:
    """The date of birth of whom each field is about: of its own row, of the form, or as printed."""

    def __init__(
        self, fields: Mapping[str, FormItem], answers: Mapping[str, str], situation: Situation
    ) -> None:
        self._by_row = {
            key.partition(":")[2]: answers[key]
            for key, item in fields.items()
            if find_time_rule(item) == TimeRule.BIRTH and _is_date(answers.get(key, ""))
        }
        self._printed = situation.birth_date

    def find(self, key: str) -> str:
        """ISO; empty when nobody says it."""
        of_row = self._by_row.get(key.partition(":")[2]) or self._by_row.get("")
        return of_row or self._printed


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def judge_times(
    fields: Mapping[str, FormItem],
    answers: Mapping[str, str],
    births: BirthDates,
    situation: Situation,
) -> Iterator[Finding]:
    """What is implausible about each date, date with time, and the time of the event."""
    for key, answer in answers.items():
        item = fields.get(key)
        if item is None or item.type not in (FieldType.DATE, FieldType.DATE_TIME):
            continue
        text = f"{answer}T{answers.get('event.time', '')}" if key == "event.date" else answer
        if finding := judge_time(item, key, text, births.find(key), situation):
            yield finding


def judge_age(
    definition: FormDefinition,
    answers: Mapping[str, str],
    births: BirthDates,
) -> Iterator[Finding]:
    """A form for other ages than this patient's."""
    ages, key = definition.ages, "event.date"
    if ages is None or not _is_date(answers.get(key, "")):
        return
    birth_date = births.find(key)
    age = age_in_years(birth_date, date.fromisoformat(answers[key]))
    if age is not None and (age < ages.since or (ages.under is not None and age >= ages.under)):
        yield Finding(key, Rule.AGE_OF_FORM, answers[key], birth_date)


def judge_time(
    item: FormItem, key: str, text: str, birth_date: str, situation: Situation
) -> Finding | None:
    """The gravest thing that is implausible about one time."""
    rule = find_time_rule(item) if key != "event.date" else TimeRule.DURING
    if rule == TimeRule.BIRTH:
        return _judge_birth(key, text, situation)
    span = _Span.read(text, situation)
    if span is None:
        return None
    judges = {
        TimeRule.DURING: (_judge_past, _judge_during),
        TimeRule.EARLIER: (_judge_past,),
        TimeRule.COMING: (_judge_coming,),
        TimeRule.ANY: (_judge_any,),
    }
    value = text.removesuffix("T")
    for judge in judges[rule]:
        for name, limit in judge(item, span, birth_date, situation):
            return Finding(key, name, value, limit)
    return None


class _Span:
    """The instants that an answer may mean: one, or a whole day."""

    __slots__ = ("day", "end", "start")

    def __init__(self, day: date, start: datetime, end: datetime) -> None:
        self.day, self.start, self.end = day, start, end

    @classmethod
    def read(cls, text: str, situation: Situation) -> "_Span | None":
        """From a kept answer; None for one that is none, such as 'illegible'."""
        day, _, hour = text.partition("T")
        try:
            if hour:
                instant = from_text(moment_to_utc(text, situation.zone))
                return cls(date.fromisoformat(day), instant, instant)
            local = date.fromisoformat(day)
        except ValueError:
            return None
        midnight = datetime(local.year, local.month, local.day, tzinfo=situation.zone)
        start = midnight.astimezone(UTC)
        return cls(local, start, start + timedelta(days=1))


_Breach = tuple[Rule, str]


def _judge_past(
    item: FormItem, span: _Span, birth_date: str, situation: Situation
) -> Iterator[_Breach]:
    del item
    if span.start > situation.now + FUTURE_SLACK:
        yield Rule.FUTURE, ""
    if birth_date and span.day.isoformat() < birth_date[:10]:
        yield Rule.BEFORE_BIRTH, birth_date


def _judge_during(
    item: FormItem, span: _Span, birth_date: str, situation: Situation
) -> Iterator[_Breach]:
    """The impossible first, then what is asked about."""
    del item, birth_date
    limits, start = situation.settings, situation.outage_start
    if start and span.end < start - timedelta(days=limits.days_before_outage):
        yield Rule.LONG_BEFORE_OUTAGE, to_text(start)
    margin = timedelta(hours=limits.admission_margin_hours)
    if situation.admitted and span.end < situation.admitted - margin:
        yield Rule.BEFORE_ADMISSION, to_text(situation.admitted)
    margin = timedelta(hours=limits.outage_margin_hours)
    end = situation.outage_end or situation.now
    if start and not (start - margin <= span.end and span.start <= max(end, start) + margin):
        yield (
            Rule.OUTSIDE_OUTAGE,
            f"{to_text(start)} {to_text(end) if situation.outage_end else ''}",
        )
    if situation.admitted and span.end < situation.admitted:
        yield Rule.OUTSIDE_STAY, to_text(situation.admitted)
    margin = timedelta(minutes=limits.discharge_margin_minutes)
    if situation.ended and span.start > situation.ended + margin:
        yield Rule.OUTSIDE_STAY, to_text(situation.ended)
    margin = timedelta(hours=limits.issue_margin_hours)
    if situation.printed and span.end < situation.printed - margin:
        yield Rule.BEFORE_PRINTING, to_text(situation.printed)


def _judge_coming(
    item: FormItem, span: _Span, birth_date: str, situation: Situation
) -> Iterator[_Breach]:
    del birth_date
    start, limits = situation.outage_start, situation.settings
    if start is None:
        return
    if span.end < start:
        yield Rule.BEFORE_OUTAGE, to_text(start)
    is_booking = item.maps == _REBOOKED or item.type == FieldType.DATE
    days = limits.rebooked_days if is_booking else limits.wanted_days
    end = situation.outage_end or situation.now
    if span.start > max(end, start) + timedelta(days=days):
        yield Rule.FAR_AHEAD, str(days)


def _judge_any(
    item: FormItem, span: _Span, birth_date: str, situation: Situation
) -> Iterator[_Breach]:
    """An appointment may be before or after the outage, not in another year than any near it."""
    del item
    if birth_date and span.day.isoformat() < birth_date[:10]:
        yield Rule.BEFORE_BIRTH, birth_date
    around = situation.outage_start or situation.now
    days = timedelta(days=situation.settings.days_before_outage)
    if span.end < around - days or span.start > around + days:
        yield Rule.FAR_AWAY, to_text(around)


def _judge_birth(key: str, text: str, situation: Situation) -> Finding | None:
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return None
    if born > situation.today:
        return Finding(key, Rule.FUTURE, text)
    if born.year < situation.today.year - OLDEST_YEARS:
        return Finding(key, Rule.BORN_TOO_EARLY, text, str(OLDEST_YEARS))
    return None
