"""Rule of demographics: what paper says of a person beside what the system holds; see `tests/spec`."""

from downtime.clinical.model import Patient
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict, fold_text

_IDENTIFYING = ("family", "given", "birth_date", "gender", "nhs_number")
_WORDS = {
    "family": "surname",
    "given": "given names",
    "prefix": "title",
    "birth_date": "date of birth",
    "nhs_number": "NHS number",
    "general_practitioner": "general practitioner",
}


def compare_demographics(fact: Fact, patient: Patient, context: ComparisonContext) -> Verdict:
    """What was corrected on paper: the same there, changed there since, other there, or missing."""
    said = {name: text for name, text in fact.fields.items() if _is_compared(name, fact)}
    other = [name for name, text in said.items() if not _agrees(name, text, getattr(patient, name))]
    me = (patient.id,)
    if not other:
        return Verdict(
            ItemState.ALREADY_THERE, f"{fact.system} holds what paper says of the patient.", me
        )
    if clash := [n for n in other if n in _IDENTIFYING and getattr(patient, n)]:
        words = (
            f"Paper and {fact.system} differ in {_list(clash)}: make sure that it is one person."
        )
        return Verdict(ItemState.CONFLICT, words, me, needs_second_person=True)
    then = context.earlier(patient)
    since = [n for n in other if then and getattr(then, n) != getattr(patient, n)]
    if since:
        words = f"{fact.system} has changed {_list(since)} since the outage began."
        return Verdict(ItemState.NEWER_LIVE, words, me)
    return Verdict(ItemState.NEW, f"{fact.system} does not hold {_list(other)} as paper says.", me)


def _is_compared(name: str, fact: Fact) -> bool:
    """A register's 'Unknown male' is no name, and the hospital number is how the patient was found."""
    nameless = fold_text(fact.fields.get("family", "")).startswith("unknown")
    known = name in Patient.__dataclass_fields__ and name != "mrn"
    return known and not (nameless and name in ("family", "given"))


def _agrees(name: str, said: str, held: str) -> bool:
    if name == "given":
        return fold_text(held).startswith(fold_text(said)) or fold_text(said).startswith(
            fold_text(held) or "-"
        )
    if name == "birth_date":
        return said == held[:10]
    return fold_text(said) == fold_text(held)


def _list(names: list[str]) -> str:
    return " and ".join(_WORDS.get(name, name) for name in names)
