"""Who a form is about is checked rather than typed: the number on the paper brings up the person.

What is taken from the snapshot so is only what its owner is called: whoever keys has seen both and says
that they are the same. A second person still types the critical fields without seeing any of it.
"""

from collections.abc import Mapping

from downtime.clinical.model import Patient
from downtime.entry.facts import PERSON_CHECK, PersonCheck, known_value
from downtime.entry.keyed_form import NUMBERS, KeyedForm
from downtime.snapshot.store.opened_snapshot import Snapshot


def find_owner(snapshot: Snapshot | None, answers: Mapping[str, str]) -> Patient | None:
    """The one patient who has every number that was typed; None when there is none, or no data."""
    numbers = [number for key in NUMBERS if (number := known_value(answers, key).strip())]
    return snapshot.find_owner(numbers) if snapshot and numbers else None


def fill_checked(
    snapshot: Snapshot | None, form: KeyedForm, answers: Mapping[str, str]
) -> dict[str, str]:
    """The answers with name, birth date and gender of whom the number brought up, where it is them.

    What was typed stays.
    """
    is_same = answers.get(PERSON_CHECK) == PersonCheck.SAME
    owner = find_owner(snapshot, answers) if is_same and form.identity else None
    return {**_name(owner), **answers} if owner else dict(answers)


def _name(owner: Patient) -> dict[str, str]:
    details = {
        "patient.name": f"{owner.family}, {owner.given}" if owner.given else owner.family,
        "patient.born": owner.birth_date,
        "patient.gender": owner.gender,
    }
    return {key: text for key, text in details.items() if text}
