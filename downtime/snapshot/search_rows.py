"""By which words and numbers patients are found: computed once by the publisher, carried in bundles.

One row for each patient who was not merged into another; the words and numbers of those who were
lead to them. A laptop whose program folds words in another way leaves these rows out, and computes
its own. Pure.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from downtime.clinical.model import Patient
from downtime.snapshot import search_terms
from downtime.snapshot.row_layout import TypeRows

SEARCH = f"~search{search_terms.VERSION}"
"""What stands where other rows have the name of their type."""


class SearchRow(NamedTuple):
    """What finds one patient."""

    patient: str
    tokens: str
    family_name: str
    """Folded, as `given_name`: by them lists are sorted, and people with one name are told apart."""
    given_name: str
    birth_date: str
    numbers: str
    """JSON: the identifiers, folded."""


def list_search_rows(patients: Iterable[Patient]) -> Iterator[TypeRows]:
    """Of all patients who may have been merged into each other."""
    known = {patient.id: patient for patient in patients}
    tokens: dict[str, set[str]] = {}
    numbers: dict[str, set[str]] = {}
    for patient in known.values():
        survivor = find_survivor(known, patient).id
        tokens.setdefault(survivor, set()).update(search_terms.search_tokens(patient))
        values = [patient.mrn, patient.nhs_number]
        values += [text.split("|", 2)[-1] for text in patient.identifiers]
        folded = (search_terms.compact_text(value) for value in values if value)
        numbers.setdefault(survivor, set()).update(folded)
    rows = [
        SearchRow(
            patient,
            " ".join(sorted(tokens[patient])),
            *search_terms.name_key(known[patient]),
            known[patient].birth_date,
            orjson.dumps(sorted(numbers[patient])).decode(),
        )
        for patient in sorted(tokens)
    ]
    if rows:
        yield SEARCH, [tuple(row) for row in rows]


def find_survivor(known: dict[str, Patient], patient: Patient) -> Patient:
    """The patient who survives after all merges."""
    seen: set[str] = set()
    while patient.replaced_by in known and patient.id not in seen:
        seen.add(patient.id)
        patient = known[patient.replaced_by]
    return patient
