"""NEWS2, the score of acute illness in adults, from vital signs as they were written. Pure.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017, chart 1. The score
is computed only where every part of it is known; it is for people of 16 years or more.
"""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple

FROM_AGE_YEARS = 16
_RESPIRATIONS = ((8, 3), (11, 1), (20, 0), (24, 2))
_SATURATION = ((91, 3), (93, 2), (95, 1))
_SYSTOLIC = ((90, 3), (100, 2), (110, 1), (219, 0))
_PULSE = ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2))
_TEMPERATURE = ((Decimal(35), 3), (Decimal(36), 1), (Decimal(38), 0), (Decimal(39), 1))
_LOW_SATURATION_2 = ((83, 3), (85, 2), (87, 1), (92, 0))
_HIGH_SATURATION_2 = ((94, 1), (96, 2))
"""Above 92% on scale 2: only with oxygen."""
_CONSCIOUSNESS = {"A": 0, "C": 3, "V": 3, "P": 3, "U": 3}


class VitalSigns(NamedTuple):
    """One set of observations as written; empty where nothing stands."""

    respirations: str = ""
    saturation: str = ""
    """Percent, on scale 1."""
    saturation_2: str = ""
    """Percent, on scale 2 (hypercapnic respiratory failure)."""
    on_oxygen: bool | None = None
    """None when neither air nor oxygen is written."""
    systolic: str = ""
    pulse: str = ""
    consciousness: str = ""
    """A, C, V, P or U."""
    temperature: str = ""


def score_news2(signs: VitalSigns) -> int | None:
    """The total; None while any part is missing, is no number, or both scales are filled."""
    parts = (
        _score(signs.respirations, _RESPIRATIONS, 3),
        _score_saturation(signs),
        None if signs.on_oxygen is None else 2 * signs.on_oxygen,
        _score(signs.systolic, _SYSTOLIC, 3),
        _score(signs.pulse, _PULSE, 3),
        _CONSCIOUSNESS.get(signs.consciousness),
        _score(signs.temperature, _TEMPERATURE, 2),
    )
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _score_saturation(signs: VitalSigns) -> int | None:
    if bool(signs.saturation) == bool(signs.saturation_2):
        return None
    if signs.saturation:
        return _score(signs.saturation, _SATURATION, 0)
    percent = _number(signs.saturation_2)
    if percent is None or percent <= 92:
        return _score(signs.saturation_2, _LOW_SATURATION_2, 0)
    return _score(signs.saturation_2, _HIGH_SATURATION_2, 3) if signs.on_oxygen else 0


def _score(text: str, steps: tuple[tuple[int | Decimal, int], ...], above: int) -> int | None:
    """The points of the first step that a value does not exceed; `above` beyond the last."""
    value = _number(text)
    if value is None:
        return None
    return next((points for limit, points in steps if value <= limit), above)


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
