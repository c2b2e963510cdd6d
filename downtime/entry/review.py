"""Check what was keyed against the form's definition and the identity that the form was printed with."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from downtime.entry.facts import find_person
from downtime.entry.keyed_form import KeyedForm, printed_person
from downtime.entry.validation import ValidatedAnswers, Problem, validate_answers
from downtime.paper.forms.model import FormDefinition
from downtime.paper.model import IssuedForm
from downtime.settings import Settings
from downtime.vault.vault import Vault


def validate_form(
    form: KeyedForm, settings: Settings, answers: Mapping[str, str], vault: Vault
) -> ValidatedAnswers:
    """Answers in their stored form and every problem, the identity on the form included."""
    zone = ZoneInfo(settings.site.time_zone)
    checked = validate_answers(form.definition, answers, zone, vault.clock())
    strange = _identity_problems(form.issued, form.definition, checked.answers)
    return ValidatedAnswers(checked.answers, (*checked.problems, *strange))


def _identity_problems(
    issued: IssuedForm, form: FormDefinition, answers: Mapping[str, str]
) -> list[Problem]:
    """A number or date of birth on paper that is not the one the form was printed with."""
    printed = printed_person(issued)
    written = find_person(form, answers, type(printed)())
    words = {
        "nhs_number": ("patient.nhs", "NHS number"),
        "mrn": ("patient.mrn", "hospital number"),
        "birth_date": ("patient.born", "date of birth"),
        "downtime_number": ("patient.downtime-number", "downtime number"),
    }
    return [
        Problem(
            key,
            f"The {name} differs from the one this form was printed with: "
            "the paper may be about somebody else.",
        )
        for field, (key, name) in words.items()
        if getattr(printed, field)
        and getattr(written, field)
        and _folded(getattr(printed, field)) != _folded(getattr(written, field))
    ]


def _folded(number: str) -> str:
    return number.replace(" ", "").replace("-", "").upper()
