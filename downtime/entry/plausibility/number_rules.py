"""Whether numbers are possible and usual: limits by kind and age, sums, and values that belong together. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from downtime.clinical.news2 import VitalSigns, score_news2
from downtime.clinical.terminology import find_ucum
from downtime.clinical.value_limits import (
    VALUE_LIMITS,
    Limit,
    ValueLimits,
    age_in_years,
    find_limits_by_code,
    find_limits_by_test,
)
from downtime.entry.facts import known_value
from downtime.entry.plausibility.model import Finding, Rule, Situation, fold_ward
from downtime.entry.plausibility.time_rules import BirthDates
from downtime.paper.forms.field_types import FIELD_TYPES
from downtime.paper.forms.model import FormItem

SYSTOLIC, DIASTOLIC, SATURATION, OXYGEN = "8480-6", "8462-4", "59408-5", "INSPIRED-OXYGEN"
_RESPIRATIONS, _PULSE, _CONSCIOUSNESS, _TEMPERATURE = "9279-1", "8867-4", "80288-4", "8310-5"
_NEWS2 = "news2"
_AIR = ("air", "a", "21", "room air")
LEAST_PULSE_PRESSURE = 15
"""mmHg between systolic and diastolic; less is asked about."""


def find_limits(item: FormItem) -> ValueLimits | None:
    """The row of limits for a field, if its unit is the row's."""
    name = item.soft.limits if item.soft else ""
    limits = VALUE_LIMITS.get(name) or find_limits_by_code(item.code)
    is_same_unit = limits is not None and (item.ucum or find_ucum(item.units)) == limits.ucum
    return limits if is_same_unit else None


def ask_about_unit(item: FormItem, text: str) -> str:
    """The question whether another unit was written, where a number says so; else empty."""
    limits, value = find_limits(item), parse_number(text)
    question = limits.find_mistaken_unit(value) if limits and value is not None else ""
    return f" {question}" if question else ""


def judge_numbers(
    fields: Mapping[str, FormItem],
    answers: Mapping[str, str],
    births: BirthDates,
    situation: Situation,
) -> Iterator[Finding]:
    """Each number against its limits; a test that was telephoned by its name and unit."""
    day = _find_day(answers, situation)
    for key, text in answers.items():
        item, value = fields.get(key), parse_number(text)
        if item is None or value is None:
            continue
        age = age_in_years(births.find(key), day)
        if FIELD_TYPES[item.type].is_number:
            yield from _judge_limits(key, text, value, find_limits(item), age)
            yield from _judge_own_limits(key, text, value, item)
            yield from _judge_count(key, text, value, item, situation)
        elif item.maps == "value":
            yield from _judge_test(fields, answers, key, value, age)


def _find_day(answers: Mapping[str, str], situation: Situation) -> date:
    """The day on which ages are reckoned: that of the event, else today."""
    try:
        return date.fromisoformat(answers.get("event.date", ""))
    except ValueError:
        return situation.today


def _judge_limits(
    key: str, text: str, value: Decimal, limits: ValueLimits | None, age: float | None
) -> Iterator[Finding]:
    if limits is None:
        return
    if limit := limits.find_refused(value):
        yield Finding(key, Rule.IMPOSSIBLE, text, str(limit), limits.name)
    elif unusual := limits.find_unusual(value, age):
        yield Finding(key, Rule.UNUSUAL, text, str(unusual), limits.name)
    elif limits.step and value % limits.step:
        yield Finding(key, Rule.NOT_A_STEP, text, str(limits.step), limits.name)


def _judge_own_limits(key: str, text: str, value: Decimal, item: FormItem) -> Iterator[Finding]:
    """The soft limits that the form itself names."""
    bounds = (("<", item.soft.min), (">", item.soft.max)) if item.soft else ()
    for sign, number in bounds:
        if number is not None:
            limit = Limit(sign, Decimal(str(number)))
            if limit.is_met(value):
                yield Finding(key, Rule.UNUSUAL, text, str(limit))


def _judge_count(
    key: str, text: str, value: Decimal, item: FormItem, situation: Situation
) -> Iterator[Finding]:
    """A count of a ward against what the snapshot of T0 had."""
    ward = situation.wards.get(fold_ward(situation.form_ward))
    if not item.soft or not item.soft.count or ward is None:
        return
    known = Decimal(ward.beds if item.soft.count == "beds" else ward.patients)
    share = Decimal(str(situation.settings.census_change_percent)) / 100
    if known and abs(value - known) > known * share:
        yield Finding(key, Rule.COUNT_DIFFERS, text, str(known), ward.code)


def _judge_test(
    fields: Mapping[str, FormItem],
    answers: Mapping[str, str],
    key: str,
    value: Decimal,
    age: float | None,
) -> Iterator[Finding]:
    row = key.partition(":")[2]
    in_row = {
        item.maps: known_value(answers, other)
        for other, item in fields.items()
        if other.partition(":")[2] == row and item.maps in ("display", "units")
    }
    limits = find_limits_by_test(in_row.get("display", ""))
    if limits is None:
        return
    units = in_row.get("units", "")
    if units and limits.ucum and find_ucum(units) != limits.ucum:
        yield Finding(key, Rule.OTHER_UNIT, answers[key], limits.ucum, limits.name)
    else:
        yield from _judge_limits(key, answers[key], value, limits, age)


def judge_sums(fields: Mapping[str, FormItem], answers: Mapping[str, str]) -> Iterator[Finding]:
    """Totals that are not the sum of their parts, or less than these."""
    for key, item in fields.items():
        value = parse_number(known_value(answers, key))
        if value is None:
            continue
        if item.equals == (_NEWS2,):
            score = score_news2(_read_vital_signs(fields, answers, key))
            if score is not None and value != score:
                yield Finding(key, Rule.NOT_THE_SCORE, answers[key], str(score))
        elif item.equals and (total := _sum(item.equals, key, answers)) not in (None, value):
            yield Finding(key, Rule.NOT_THE_SUM, answers[key], str(total), " ".join(item.equals))
        total = _sum(item.covers, key, answers, is_partial=True)
        if item.covers and total is not None and total > value:
            others = " ".join(item.covers)
            yield Finding(key, Rule.LESS_THAN_PARTS, answers[key], str(total), others)


def _sum(
    names: tuple[str, ...], key: str, answers: Mapping[str, str], *, is_partial: bool = False
) -> Decimal | None:
    """The sum of fields (of this row); None when one is empty, unless the others will do."""
    row = key.partition(":")[2]
    total = Decimal(0)
    for name in names:
        plain = name.removeprefix("-")
        value = parse_number(known_value(answers, f"{plain}:{row}" if row else plain))
        if value is None and not is_partial:
            return None
        total += (value or Decimal(0)) * (-1 if name.startswith("-") else 1)
    return total


def _read_vital_signs(
    fields: Mapping[str, FormItem], answers: Mapping[str, str], key: str
) -> VitalSigns:
    row = key.partition(":")[2]
    by_code: dict[str, list[str]] = {}
    for other, item in fields.items():
        if item.code and other.partition(":")[2] == row:
            by_code.setdefault(item.code, []).append(known_value(answers, other))
    saturation = [*by_code.get(SATURATION, []), "", ""]
    oxygen = next(iter(by_code.get(OXYGEN, [])), "")

    def first(code: str) -> str:
        return next(iter(by_code.get(code, [])), "")

    return VitalSigns(
        respirations=first(_RESPIRATIONS),
        saturation=saturation[0],
        saturation_2=saturation[1],
        on_oxygen=oxygen.casefold() not in _AIR if oxygen else None,
        systolic=first(SYSTOLIC),
        pulse=first(_PULSE),
        consciousness=first(_CONSCIOUSNESS),
        temperature=first(_TEMPERATURE),
    )


def judge_vital_signs(
    fields: Mapping[str, FormItem], answers: Mapping[str, str]
) -> Iterator[Finding]:
    """Pressures and saturations of one set of observations, which belong together."""
    rows: dict[str, dict[str, list[str]]] = {}
    for key, item in fields.items():
        if item.code in (SYSTOLIC, DIASTOLIC, SATURATION, OXYGEN):
            rows.setdefault(key.partition(":")[2], {}).setdefault(item.code, []).append(key)
    for keys in rows.values():
        yield from _judge_pressure(keys, answers)
        yield from _judge_saturation(keys, answers)


def _judge_pressure(keys: Mapping[str, list[str]], answers: Mapping[str, str]) -> Iterator[Finding]:
    if SYSTOLIC not in keys or DIASTOLIC not in keys:
        return
    key, other = keys[SYSTOLIC][0], keys[DIASTOLIC][0]
    high = parse_number(known_value(answers, key))
    low = parse_number(known_value(answers, other))
    if high is None or low is None:
        return
    if low >= high:
        yield Finding(key, Rule.NOT_ABOVE, answers[key], answers[other], other)
    elif high - low < LEAST_PULSE_PRESSURE:
        yield Finding(key, Rule.NARROW_PRESSURE, answers[key], answers[other], other)


def _judge_saturation(
    keys: Mapping[str, list[str]], answers: Mapping[str, str]
) -> Iterator[Finding]:
    filled = [key for key in keys.get(SATURATION, ()) if known_value(answers, key)]
    if len(filled) > 1:
        yield Finding(
            filled[1], Rule.BOTH_SCALES, answers[filled[1]], answers[filled[0]], filled[0]
        )
    if filled and OXYGEN in keys and not any(answers.get(key) for key in keys[OXYGEN]):
        yield Finding(filled[0], Rule.NO_OXYGEN, answers[filled[0]], "", keys[OXYGEN][0])


def judge_body(
    fields: Mapping[str, FormItem], answers: Mapping[str, str], situation: Situation
) -> Iterator[Finding]:
    """A weight that is the height, or is not near the last one."""
    measures = dict(find_measures(fields, answers))
    key, height = measures.get("weight"), measures.get("height")
    if key is None:
        return
    weight = parse_number(answers[key]) or Decimal(0)
    if height and weight == parse_number(answers[height]):
        yield Finding(key, Rule.SAME_AS_HEIGHT, answers[key], answers[height], height)
    last = parse_number(situation.last_weight)
    share = Decimal(str(situation.settings.weight_change_percent)) / 100
    if last and abs(weight - last) > last * share:
        yield Finding(key, Rule.WEIGHT_CHANGED, answers[key], situation.last_weight)


def find_measures(
    fields: Mapping[str, FormItem], answers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Of what has limits and is filled: the name of the limits and the key of the answer."""
    for key, item in fields.items():
        limits = find_limits(item)
        if limits and parse_number(known_value(answers, key)) is not None:
            yield limits.name, key


def judge_gender(
    fields: Mapping[str, FormItem], answers: Mapping[str, str], situation: Situation
) -> Iterator[Finding]:
    """A field that is about the other sex, filled."""
    if situation.gender not in ("female", "male"):
        return
    for key, item in fields.items():
        wanted = item.soft.gender if item.soft else ""
        if wanted and wanted != situation.gender and known_value(answers, key):
            yield Finding(key, Rule.OTHER_GENDER, answers[key], situation.gender)


def parse_number(text: str) -> Decimal | None:
    """The number of a kept answer; None for any other text."""
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
