"""FHIR modifier extensions: what changes the meaning of a resource in a way that is not known here.

FHIR R4 2.1.21: a resource with a modifier extension that is not understood must not be taken for
what it would say without. None is known to Downtime, so each such record says in its name, or
beside its dose, that it has to be looked up.
"""

from downtime.clinical.record_types import RECORD_TYPES
from downtime.feeds.fhir.data_types import elements_at
from downtime.feeds.fhir.resource_reader import Resource
from downtime.feeds.model import Change
from downtime.feeds.named_resources import is_reference_text

_ELEMENT = "modifierExtension"
MEANING_UNSURE = "LOOK UP IN THE SOURCE, its meaning was changed:"
"""What stands before the words of a record whose meaning is not sure."""
_DOSE = "dosage"


def has_modifiers(resource: Resource) -> bool:
    """Whether a resource, or an element of it, has a modifier extension."""
    if resource.get(_ELEMENT):
        return True
    return any(
        element.get(_ELEMENT)
        for name, value in resource.items()
        if type(value) in (list, dict) and name != "contained"
        for element in elements_at(resource, name)
    )


def mark_change(change: Change) -> Change:
    """A change of a record whose meaning is not sure; a person or stay has no place for it."""
    row = RECORD_TYPES.get(change.type)
    if row is None or not change.fields:
        return change
    for name in (row.name_field, _DOSE):
        value = change.fields.get(name)
        if isinstance(value, str) and not is_reference_text(value):
            marked = f"{MEANING_UNSURE} {value}".strip()
            return change._replace(fields={**change.fields, name: marked})
    return change
