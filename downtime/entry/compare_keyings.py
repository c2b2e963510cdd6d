"""Two keyings of one form side by side: in which fields they do not say the same. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from downtime.entry.keyed_form import KeyedForm

_SPACE = re.compile(r"\s+")
_FULL_STOP = re.compile(r"(?<=[a-z])\.")


def find_differing_keys(
    form: KeyedForm, first: Mapping[str, str], second: Mapping[str, str]
) -> list[str]:
    """The fields whose two answers are not the same, in the order of the form."""
    return [
        key
        for key in form.compared_keys
        if not _is_same_answer(first.get(key, ""), second.get(key, ""))
    ]


def _is_same_answer(first: str, second: str) -> bool:
    """Whether two kept answers say the same: case, spacing and `Dr.` for `Dr` do not count, nor
    `6.1` for `6.10`.
    """
    first, second = (
        _FULL_STOP.sub("", _SPACE.sub(" ", text).strip().casefold()) for text in (first, second)
    )
    if first == second:
        return True
    try:
        return Decimal(first) == Decimal(second)
    except InvalidOperation:
        return False
