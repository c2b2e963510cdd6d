"""Which of several forms stands for a thing that all of them record, and which contradict it. Pure.

What went out or is there already stands before all, then what somebody decided to return, then the form
that says most, then the earliest. Any other is one with it, or a person is asked; so is one about whose
patient there is a doubt: with a neighbour's number it says what nobody else says of the patient that is meant.
"""

from collections.abc import Callable, Mapping, Sequence

from downtime.reconcile.duplicates.keys import RECOGNITIONS
from downtime.reconcile.duplicates.model import FormStatement, UnitFinding
from downtime.reconcile.duplicates.relations import Relation

Relate = Callable[[FormStatement, FormStatement], Relation | None]


def find_groups(
    statements: Sequence[FormStatement], relate: Relate
) -> dict[str, tuple[FormStatement, UnitFinding]]:
    """By key of each statement that another form makes too: what it is laid beside, and what is found."""
    first_of, related = _lay_beside(statements, relate)
    firsts = {first.key: first for first in first_of.values()}
    challengers: dict[str, FormStatement] = {}
    for statement in sorted(statements, key=sort_place, reverse=True):
        if related.get(statement.key) == Relation.DIFFERS and not statement.is_left_out:
            challengers[first_of[statement.key].key] = statement
    results = {}
    for statement in statements:
        first = first_of.get(statement.key) or firsts.get(statement.key)
        if first:
            relation = related.get(statement.key)
            results[statement.key] = first, _finding(statement, first, relation, challengers)
    return results


def _lay_beside(
    statements: Sequence[FormStatement], relate: Relate
) -> tuple[dict[str, FormStatement], dict[str, Relation]]:
    """By key of each that does not stand: the one that does, and how they stand to each other."""
    first_of: dict[str, FormStatement] = {}
    related: dict[str, Relation] = {}
    standing: list[FormStatement] = []
    for statement in sorted(statements, key=_rank):
        for other in standing:
            if relation := relate(statement, other):
                first_of[statement.key], related[statement.key] = other, relation
                break
        else:
            if not statement.is_left_out:
                standing.append(statement)
    return first_of, related


def _finding(
    statement: FormStatement,
    first: FormStatement,
    relation: Relation | None,
    challengers: Mapping[str, FormStatement],
) -> UnitFinding:
    place = sort_place(statement)
    if relation is None:
        return UnitFinding(place, None, None, challenged_by=challengers.get(statement.key))
    if relation == Relation.SAME:
        is_settled = statement.is_left_out or not statement.settlement_rank
        if not is_settled and not statement.is_patient_certain:
            return UnitFinding(place, None, first, is_asked=True)
        return UnitFinding(place, None if is_settled else first, None)
    return UnitFinding(place, None, first, is_asked=relation == Relation.ASKED)


def _rank(statement: FormStatement) -> tuple[bool, int, bool, str]:
    return (
        statement.is_left_out, statement.settlement_rank, not statement.is_patient_certain,
        sort_place(statement),
    )  # fmt: skip


def sort_place(statement: FormStatement) -> str:
    """Sorts forms of one thing: the one that says most, then the earliest."""
    fields = RECOGNITIONS[statement.type].equal_fields or tuple(statement.fields)
    filled = sum(bool(statement.fields.get(name)) for name in fields)
    return f"{999 - filled:03} {statement.time} {statement.key}"
