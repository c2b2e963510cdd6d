"""Rule of demographics: what paper says of a person beside what the system holds; see `tests/spec`."""

from downtime.clinical.model import Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.reasons import ReasonCode
from downtime.reconcile.rules.rule import register_rule
from downtime.reconcile.rules.verdict import (
    ComparisonContext,
    Verdict,
    fold_text,
    make_verdict,
)

_IDENTIFYING = ("family", "given", "birth_date", "gender", "nhs_number")


@register_rule(Patient)
def compare_demographics(
    fact: Fact, patient: Patient, live: None, context: ComparisonContext
) -> Verdict:
    """What was corrected on paper: the same there, changed there since, other there, or missing."""
    differing = [
        name
        for name, text in fact.fields.items()
        if _is_compared(name, fact) and not _agrees(name, text, getattr(patient, name))
    ]
    if not differing:
        return make_verdict(ItemState.ALREADY_THERE, ReasonCode.DEMOGRAPHICS_AGREE, patient)
    if identifying := [n for n in differing if n in _IDENTIFYING and getattr(patient, n)]:
        code, names = ReasonCode.DEMOGRAPHICS_DIFFER, "\n".join(identifying)
        return make_verdict(ItemState.CONFLICT, code, patient, for_two=True, fields=names)
    earlier = context.find_record_at_t0(patient)
    changed = [n for n in differing if earlier and getattr(earlier, n) != getattr(patient, n)]
    if changed:
        code, names = ReasonCode.DEMOGRAPHICS_CHANGED, "\n".join(changed)
        return make_verdict(ItemState.NEWER_LIVE, code, patient, fields=names)
    code, names = ReasonCode.DEMOGRAPHICS_MISSING, "\n".join(differing)
    return make_verdict(ItemState.NEW, code, patient, fields=names)


def _is_compared(name: str, fact: Fact) -> bool:
    """A register's 'Unknown male' is no name, and the hospital number is how the patient was found."""
    is_nameless = fold_text(fact.fields.get("family", "")).startswith("unknown")
    is_detail = name in Patient.__dataclass_fields__ and name != "mrn"
    return is_detail and not (is_nameless and name in ("family", "given"))


def _agrees(name: str, on_paper: str, in_system: str) -> bool:
    if name == "birth_date":
        return on_paper == in_system[:10]
    paper, live = fold_text(on_paper), fold_text(in_system)
    if name == "given":
        return live.startswith(paper) or paper.startswith(live or "-")
    return paper == live
