"""Which fields of an entry another person keys again without seeing what was keyed.

Only what is keyed again blind says how many fields are wrong: a look at an entry that seems right
says nothing. While nobody knows that a form's fields are keyed well enough, all of them are keyed
again, then a few of some entries. The choice comes from the serial and a key of the vault, so that
nobody who keys can foretell it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from downtime.entry.keyed_form import KeyedForm
from downtime.entry.model import Entry
from downtime.paper.forms.model import FieldType, FormItem

_BLANKS_SHARE = 4
"""One field that was left empty for so many that were filled: what was overlooked is an error too."""


def draw_sample(
    form: KeyedForm, answers: Mapping[str, str], key: bytes, most: int | None
) -> tuple[str, ...]:
    """The keys of these fields, in the form's order; `most` filled ones at most, None for all.

    Critical fields are keyed twice anyway. Free text is left out: two people never write it alike.
    """
    keys = _list_keys(form, answers)
    serial = form.issued.serial
    filled = _choose((k for k in keys if answers.get(k)), key, serial, most)
    blanks = -(-len(filled) // _BLANKS_SHARE) if most is not None else None
    chosen = filled | _choose((k for k in keys if not answers.get(k)), key, serial, blanks)
    return tuple(k for k in keys if k in chosen)


def is_whole(form: KeyedForm, entry: Entry) -> bool:
    """Whether all that can be was keyed again of this entry."""
    return set(_list_keys(form, entry.answers)) <= set(entry.sample_keys)


def _list_keys(form: KeyedForm, answers: Mapping[str, str]) -> list[str]:
    """What may be in a sample: every field outside of rows, and those of rows in which something stands."""
    rows = {
        _find_row(item, key)
        for item in form.keyed_items
        for key in item.answer_keys()
        if key in answers
    }
    return [
        key
        for item in form.keyed_items
        if not item.critical and item.type != FieldType.TEXT
        for key in item.answer_keys()
        if not item.repeated or _find_row(item, key) in rows
    ]


def _find_row(item: FormItem, key: str) -> tuple[str, str]:
    return item.group, key.partition(":")[2]


def _choose(keys: Iterable[str], secret: bytes, serial: str, most: int | None) -> set[str]:
    def rank(key: str) -> bytes:
        return hmac.digest(secret, f"{serial} {key}".encode(), hashlib.sha256)

    return set(sorted(keys, key=rank)[:most])
