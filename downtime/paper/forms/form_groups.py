"""The blank forms in groups, as somebody looks for one: pure."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from downtime.clinical.record_types import RECORD_TYPES, get_plural_title
from downtime.paper.forms.model import FormDefinition

USUAL = "Usual on a ward"
OTHERS = "Notes, charts and checklists"


class FormGroup(NamedTuple):
    """Forms of one sort, by title."""

    title: str
    forms: list[FormDefinition]


def group_forms(forms: Iterable[FormDefinition], usual: Collection[str]) -> list[FormGroup]:
    """The usual ones first, then by what an entry of them becomes, those of no record last."""
    groups: dict[str, list[FormDefinition]] = {}
    for form in sorted(forms, key=lambda form: form.title.casefold()):
        groups.setdefault(_choose_group(form, usual), []).append(form)
    order = {USUAL: 0, OTHERS: 2}
    titles = sorted(groups, key=lambda title: (order.get(title, 1), title))
    return [FormGroup(title, groups[title]) for title in titles]


def _choose_group(form: FormDefinition, usual: Collection[str]) -> str:
    if form.name in usual:
        return USUAL
    if form.record not in RECORD_TYPES or form.record == "Document":
        return OTHERS
    title = get_plural_title(form.record)
    return title[:1].upper() + title[1:]
