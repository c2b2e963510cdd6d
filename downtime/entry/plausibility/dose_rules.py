"""Whether doses are written without danger, and fit the order and the last dose. Pure.

How a dose is written follows the rules that every prescribing guide has in common: a number, its unit
in full, no zero behind and none missing before the point.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from downtime.clinical.doses import find_interval_hours
from downtime.clock import from_text
from downtime.entry.facts import Fact, known_value
from downtime.entry.plausibility.model import Dose, Finding, Rule, Situation
from downtime.paper.forms.model import FieldType, FormItem

ADMINISTRATION = "MedicationAdministration"
_DOSE_FIELD = "dosage"
_LONE_U = re.compile(r"\d\s*u\b", re.IGNORECASE)
_ZERO = re.compile(r"\d\.0+(?!\d)")
_POINT = re.compile(r"(?<![\d.,])[.,]\d")
_ABBREVIATED = re.compile(r"\d\s*(?:µg|μg|ug|mcg|iu)\b", re.IGNORECASE)
_QUANTITY = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(micrograms?|mcg|µg|μg|ug|milligrams?|mg|grams?|g|units?|iu|millilitres?|ml"
    r"|mmol|tablets?|puffs?|drops?)\b",
    re.IGNORECASE,
)
_UNITS: Mapping[str, tuple[str, Decimal]] = {
    **dict.fromkeys(
        ("microgram", "micrograms", "mcg", "µg", "μg", "ug"), ("mass", Decimal("0.001"))
    ),
    **dict.fromkeys(("milligram", "milligrams", "mg"), ("mass", Decimal(1))),
    **dict.fromkeys(("gram", "grams", "g"), ("mass", Decimal(1000))),
    **dict.fromkeys(("unit", "units", "iu"), ("units", Decimal(1))),
    **dict.fromkeys(("millilitre", "millilitres", "ml"), ("volume", Decimal(1))),
    "mmol": ("mmol", Decimal(1)),
    **dict.fromkeys(("tablet", "tablets"), ("tablets", Decimal(1))),
    **dict.fromkeys(("puff", "puffs"), ("puffs", Decimal(1))),
    **dict.fromkeys(("drop", "drops"), ("drops", Decimal(1))),
}
"""A unit to its dimension, and how many of that dimension's least unit (mg for mass) it is."""
_PARACETAMOL = ("paracetamol", "acetaminophen")
MOST_PARACETAMOL_MG = Decimal(4000)
_DAY = timedelta(hours=24)


class Quantity(NamedTuple):
    """A dose as number and dimension."""

    number: Decimal
    dimension: str


def parse_quantity(text: str) -> Quantity | None:
    """The one quantity of a dose's text; None when it has none, or several."""
    matches = _QUANTITY.findall(text)
    if len(matches) != 1:
        return None
    number, unit = matches[0]
    dimension, factor = _UNITS[unit.casefold()]
    return Quantity(Decimal(number.replace(",", ".")) * factor, dimension)


def judge_dose_texts(
    fields: Mapping[str, FormItem], answers: Mapping[str, str]
) -> Iterator[Finding]:
    """Doses that are written so that they can be misread."""
    for key, item in fields.items():
        is_dose = item.maps == _DOSE_FIELD or (item.soft is not None and item.soft.dose)
        text = known_value(answers, key)
        if text and is_dose and item.type in (FieldType.STRING, FieldType.TEXT):
            rule = find_text_rule(text, item.units)
            if rule:
                yield Finding(key, rule, text)


def find_text_rule(text: str, units: str = "") -> Rule | None:
    """What is wrong with how a dose is written; `units` stand beside the field on the paper."""
    if not re.search(r"\d", text):
        return Rule.DOSE_WITHOUT_NUMBER
    if _LONE_U.search(text):
        return Rule.DOSE_LONE_U
    if _ZERO.search(text):
        return Rule.DOSE_ZERO
    if _POINT.search(text):
        return Rule.DOSE_POINT
    if not units and not _QUANTITY.search(text):
        return Rule.DOSE_WITHOUT_UNIT
    return Rule.DOSE_ABBREVIATED if _ABBREVIATED.search(text) else None


def judge_doses(
    fields: Mapping[str, FormItem], facts: Sequence[Fact], situation: Situation
) -> Iterator[Finding]:
    """Doses that were given, against what was ordered and what was given before."""
    other_doses = [*situation.doses, *map(_make_dose, _select(situation.other_facts))]
    own_facts = _select(facts)
    for fact in own_facts:
        others = [*other_doses, *(_make_dose(f) for f in own_facts if f is not fact)]
        same = [dose for dose in others if _is_same_medicine(dose.medicine, fact)]
        key, text = _find_dose_key(fields, fact), fact.fields.get(_DOSE_FIELD, "")
        if not (key and text):
            continue
        before = [dose for dose in same if dose.at <= fact.event]
        yield from _judge_amount(key, text, before, fact, situation)
        yield from _judge_interval(key, text, same, fact, situation)
        yield from _judge_paracetamol(key, text, same, fact)


def _select(facts: Sequence[Fact]) -> list[Fact]:
    return [
        fact
        for fact in facts
        if fact.type == ADMINISTRATION
        and fact.event
        and fact.fields.get("medicine")
        and not fact.fields.get("batch")  # a unit of blood is no dose
    ]


def _make_dose(fact: Fact) -> Dose:
    dosage = fact.fields.get(_DOSE_FIELD, "")
    return Dose(fact.fields["medicine"], dosage, fact.event, fact.serial)


def _is_same_medicine(medicine: str, fact: Fact) -> bool:
    return _fold(medicine) == _fold(fact.fields["medicine"])


def _fold(medicine: str) -> str:
    return " ".join(medicine.casefold().split())


def _find_dose_key(fields: Mapping[str, FormItem], fact: Fact) -> str:
    """The answer that holds the dose of a fact, whose key ends in its row."""
    row = fact.key.rpartition("-")[2]
    keys = [key for key, item in fields.items() if item.maps == _DOSE_FIELD]
    of_row = (key for key in keys if key.partition(":")[2] == row)
    return next(of_row, keys[0] if keys else "")


def _judge_amount(
    key: str, text: str, before: Sequence[Dose], fact: Fact, situation: Situation
) -> Iterator[Finding]:
    """Ten times the order or the last dose, or a tenth; another unit."""
    dose = parse_quantity(text)
    orders = [order.dosage for order in situation.orders if _is_same_medicine(order.medicine, fact)]
    last = [dose.dosage for dose in sorted(before, key=lambda dose: dose.at)[-1:]]
    known = [quantity for t in (*orders, *last) if (quantity := parse_quantity(t))]
    if dose is None or not known:
        return
    comparable = [quantity for quantity in known if quantity.dimension == dose.dimension]
    if not comparable:
        yield Finding(key, Rule.DOSE_OTHER_UNIT, text, known[0].dimension)
        return
    factor = Decimal(str(situation.settings.dose_factor))
    if all(_is_far(dose.number, quantity.number, factor) for quantity in comparable):
        yield Finding(key, Rule.DOSE_TENFOLD, text, str(comparable[0].number))


def _is_far(first: Decimal, second: Decimal, factor: Decimal) -> bool:
    low, high = sorted((first, second))
    return high > 0 and high >= low * factor


def _judge_interval(
    key: str, text: str, same: Sequence[Dose], fact: Fact, situation: Situation
) -> Iterator[Finding]:
    """Within half of its interval of another dose of the medicine."""
    hours = [
        interval
        for order in situation.orders
        if _is_same_medicine(order.medicine, fact)
        and (interval := find_interval_hours(order.frequency))
    ]
    if not hours:
        return
    least = timedelta(hours=min(hours)) * situation.settings.dose_interval_share
    administered = from_text(fact.event)
    too_close = [dose for dose in same if abs(administered - from_text(dose.at)) < least]
    if too_close:
        yield Finding(key, Rule.DOSE_SOON, text, too_close[0].at, too_close[0].serial)


def _judge_paracetamol(key: str, text: str, same: Sequence[Dose], fact: Fact) -> Iterator[Finding]:
    """More than 4 g in the 24 hours before."""
    if not _fold(fact.fields["medicine"]).startswith(_PARACETAMOL):
        return
    administered = from_text(fact.event)
    doses = [
        dose.dosage for dose in same if timedelta(0) <= administered - from_text(dose.at) < _DAY
    ]
    masses = [quantity.number for t in (text, *doses) if (quantity := parse_quantity(t))]
    if sum(masses) > MOST_PARACETAMOL_MG:
        yield Finding(key, Rule.PARACETAMOL, text, str(MOST_PARACETAMOL_MG))
