"""How much a run of the tests tries: what a day has time for, or a night (`NIGHT=1 scripts/test`)."""

import os
from collections.abc import Iterable
from typing import TypeVar

_T = TypeVar("_T")

IS_NIGHT = bool(os.environ.get("NIGHT"))


def sample(cases: Iterable[_T], step: int) -> list[_T]:
    """All cases by night; by day the first of every `step` of them."""
    return list(cases)[:: 1 if IS_NIGHT else step]


def by_night(night: _T, day: _T) -> _T:
    """The larger trial when there is a night's time for it."""
    return night if IS_NIGHT else day
