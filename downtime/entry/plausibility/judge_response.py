"""Judge the answers of one form: everything that is impossible or unusual about them. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from downtime.entry.facts import REASON_TEXTS, Fact
from downtime.entry.plausibility.dose_rules import judge_dose_texts, judge_doses
from downtime.entry.plausibility.history_rules import judge_history
from downtime.entry.plausibility.model import Finding, Situation
from downtime.entry.plausibility.number_rules import (
    judge_body,
    judge_gender,
    judge_numbers,
    judge_sums,
    judge_vital_signs,
)
from downtime.entry.plausibility.pair_rules import judge_pairs, judge_rows
from downtime.entry.plausibility.time_rules import BirthDates, judge_age, judge_times
from downtime.entry.plausibility.ward_rules import judge_wards
from downtime.paper.forms.model import FormDefinition, FormItem


def judge_response(
    definition: FormDefinition,
    fields: Mapping[str, FormItem],
    answers: Mapping[str, str],
    facts: Sequence[Fact],
    situation: Situation,
) -> list[Finding]:
    """Findings in the order of the form, each field's gravest first.

    `fields` are those that are keyed, by key; `facts` what the answers say, empty for a part of a form
    (a second keying), which is not held against the patient's other forms.
    """
    known = {key: text for key, text in answers.items() if text not in REASON_TEXTS}
    order = {key: place for place, key in enumerate(fields)}
    findings = dict.fromkeys(_find(definition, fields, known, facts, situation))
    return sorted(findings, key=lambda f: (order.get(f.key, len(order)), not f.is_hard))


def _find(
    definition: FormDefinition,
    fields: Mapping[str, FormItem],
    answers: Mapping[str, str],
    facts: Sequence[Fact],
    situation: Situation,
) -> Iterator[Finding]:
    births = BirthDates(fields, answers, situation)
    yield from judge_times(fields, answers, births, situation)
    yield from judge_age(definition, answers, births)
    yield from judge_pairs(fields, answers, situation)
    yield from judge_rows(definition, fields, answers, situation)
    yield from judge_numbers(fields, answers, births, situation)
    yield from judge_vital_signs(fields, answers)
    yield from judge_sums(fields, answers)
    yield from judge_body(fields, answers, situation)
    yield from judge_gender(fields, answers, situation)
    yield from judge_wards(definition, fields, answers, situation)
    yield from judge_dose_texts(fields, answers)
    yield from judge_doses(fields, facts, situation)
    yield from judge_history(fields, facts, situation)
