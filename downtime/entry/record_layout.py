"""How a definition's fields divide into the records that an entry becomes; made once a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from downtime.paper.forms.model import SIGN_OFF, FormDefinition, FormItem
from downtime.paper.forms.record_fields import PERSON_PREFIX

FORM = ""
"""The part of a form that lies in no group with rows and in none with a record of its own."""
_SIGN_OFF = frozenset(item.link_id for item in SIGN_OFF)


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """A group that is a record of its own, or each of whose rows is one."""

    record: str
    system: str
    fixed_fields: Mapping[str, str]
    """Fields of the record that every such group gives."""


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """Where each answer belongs."""

    places: Mapping[str, tuple[FormItem, str, str]]
    """Key of an answer to its field, group (`FORM` for the form itself) and row."""
    order: Mapping[str, int]
    """Groups in the order of the form."""
    groups: Mapping[str, RecordGroup]
    has_codes: bool
    """Whether the form's own record is made by ticked or filled fields with a code."""
    people: tuple[FormItem, ...]
    """Fields that say who it is about."""
    groups_of_people: frozenset[str]
    """Groups whose rows say whom they are about."""


@lru_cache(maxsize=512)
def record_layout(form: FormDefinition) -> RecordLayout:
    """The layout of a definition."""
    fields = [item for item in form.fields() if item.link_id not in _SIGN_OFF]
    places = {
        key: (item, item.group or item.record_group or FORM, key.partition(":")[2])
        for item in fields
        for key in item.answer_keys()
    }
    people = tuple(item for item in fields if item.maps.startswith(PERSON_PREFIX))
    groups = [group for _, group, _ in places.values()]
    return RecordLayout(
        places,
        {group: index for index, group in enumerate(dict.fromkeys(groups))},
        {
            item.link_id: RecordGroup(
                item.record, item.system or form.system, dict(item.fixed_fields)
            )
            for item in form.items
            if item.record
        },
        any(item.code and item.record in ("", form.record) for item in fields),
        people,
        frozenset(item.group for item in people if item.group),
    )
