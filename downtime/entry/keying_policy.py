"""How much of a form is keyed: all of it, its minimum set, or nothing but who wrote it and when.

A form's file says so with `policy`; a site may say otherwise in `[entry] policies`. `full` keys
every field that does not stay on the paper (`keyed: false`). `part` keys the minimum set: in a file
that says `part` itself, what it leaves to be keyed; in one that says `full`, the fields that are
required, critical, coded or mapped to a record. `scan` files the paper as a picture.
"""

from dataclasses import replace
from functools import lru_cache

from downtime.errors import InputError
from downtime.paper.forms.model import FieldType, FormDefinition, FormItem, KeyingPolicy
from downtime.settings import Settings


def apply_policy(definition: FormDefinition, settings: Settings) -> FormDefinition:
    """The definition as the site's policy has it keyed; InputError for an unknown policy."""
    name = settings.entry.policies.get(definition.name, definition.policy)
    try:
        policy = KeyingPolicy(name)
    except ValueError:
        raise InputError(
            "entry.policy",
            f"The setting entry.policies gives '{definition.name}' no policy that exists.",
            "Write full, part or scan.",
        ) from None
    return _apply_policy(definition, policy)


@lru_cache(maxsize=256)
def _apply_policy(definition: FormDefinition, policy: KeyingPolicy) -> FormDefinition:
    if policy == definition.policy:
        return definition
    items = definition.items
    if policy == KeyingPolicy.PART and definition.policy == KeyingPolicy.FULL:
        items = tuple(_keep_minimum(item) for item in items)
    # The digest names what is cached about a definition, so it has to differ with the policy.
    return replace(definition, policy=policy, items=items, digest=f"{definition.digest}:{policy}")


def _keep_minimum(item: FormItem) -> FormItem:
    if item.type == FieldType.GROUP:
        return replace(item, items=tuple(_keep_minimum(inside) for inside in item.items))
    matters = item.required or item.critical or bool(item.code or item.maps)
    return replace(item, keyed=item.keyed and matters)
