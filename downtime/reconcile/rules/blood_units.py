"""The rule of a unit of blood and the recovered system: there, there otherwise, or not there. Pure."""

from collections.abc import Iterable

from downtime.clinical.model import MedicationAdministration
from downtime.entry.facts import Fact
from downtime.reconcile.model import ItemState
from downtime.reconcile.rules.blood_components import Components
from downtime.reconcile.rules.verdict import ComparisonContext, Verdict, fold_text


def compare_blood_unit(
    fact: Fact, live: Iterable[MedicationAdministration], context: ComparisonContext
) -> Verdict:
    """A unit is known by its donation number and, where both name it, its component.

    Where nobody can tell which of the system's components is meant, two people decide.
    """
    components = Components.of(context.settings)
    said = components.of_fields(fact.fields)
    number = fold_text(fact.fields["batch"])
    held = [(g, components.named(g.medicine)) for g in live if fold_text(g.batch) == number]
    same = [(g, component) for g, component in held if not said.is_apart(component)]
    if not same:
        others = f" It has another component of this donation, {_names(held)}." if held else ""
        return Verdict(ItemState.NEW, f"{fact.system} has no such unit near that time.{others}")
    exact = [g for g, component in same if component.name == said.name != ""]
    several = len({component.name for _, component in same} - {""}) > 1
    if not exact and (several or any(said.is_doubtful(component) for _, component in same)):
        words = f"{fact.system} has this donation number with {_names(same)}"
        words = f"{words}; paper says {_quoted(fact.fields.get('medicine', ''))}."
        return Verdict(
            ItemState.CONFLICT, words, tuple(g.id for g, _ in same), needs_second_person=True
        )
    return _found(fact, exact[0] if exact else same[0][0])


def _names(held: Iterable[tuple[MedicationAdministration, object]]) -> str:
    return ", ".join(_quoted(live.medicine) for live, _ in held)


def _quoted(medicine: str) -> str:
    return f"'{medicine}'" if medicine else "no component"


def _found(fact: Fact, live: MedicationAdministration) -> Verdict:
    said = fact.fields.get("reason") or fact.fields.get("status", "")
    held = live.reason or live.status
    if live.status == fact.fields.get("status", "") and (said in ("given", "") or said == held):
        return Verdict(
            ItemState.ALREADY_THERE, f"{fact.system} has this unit as {held}.", (live.id,)
        )
    if not live.status or not fact.fields.get("status"):
        words = f"{fact.system} has this unit as {held or 'not settled'}; paper says {said or 'nothing'}."
        return Verdict(ItemState.CONFLICT, words, (live.id,), needs_second_person=True)
    if live.status != fact.fields["status"]:
        words = f"{fact.system} has this unit as {held}; paper says {said}."
        return Verdict(ItemState.CONFLICT, words, (live.id,), needs_second_person=True)
    return Verdict(ItemState.ALREADY_THERE, f"{fact.system} has this unit as {held}.", (live.id,))
