"""Values of tests that agree with each other, with the patient's illness and from day to day."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from random import Random

from downtime.demo.randomness import random_for
from downtime.demo.tables import ANALYTES, PANELS, REASONS, Analyte


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose values: `sex` M or F, `age` in years, `reason` a key of `REASONS` or empty."""

    mrn: str
    sex: str
    age: int
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """One value as a laboratory would send it."""

    code: str
    name: str
    value: str
    units: str
    range: str
    flag: str
    """`H`, `L`, `HH`, `LL` (to be telephoned) or nothing: HL7 table 0078."""


def make_results(seed: int, subject: Subject, panel: str, sample: int, day: date) -> list[Result]:
    """The values of one panel in one sample, `day` being the day it was taken."""
    usual = _usual(seed, subject)
    dice = random_for(seed, "sample", sample, panel)
    level = {code: value * _drift(dice, code) for code, value in usual.items()}
    derived = _derived(level, subject, dice)
    return [make_result(code, derived[code], subject) for code in PANELS[panel].analytes]


def make_result(code: str, level: float, subject: Subject) -> Result:
    """One value with units, range and flag."""
    analyte = ANALYTES[code]
    low, high = _range(code, analyte, subject)
    level = max(level, 0)
    value = f"{level:.{analyte.decimals}f}"
    if code == "EGFR" and level > 90:
        value = ">90"
    flag = _flag(float(f"{level:.{analyte.decimals}f}"), low, high, analyte.critical)
    return Result(code, analyte.name, value, analyte.units, _format_range(low, high, analyte), flag)


def draw_blood_group(seed: int, mrn: str) -> tuple[str, str]:
    """ABO and RhD of a person, the same in every sample (shares of the English population)."""
    dice = random_for(seed, "blood group", mrn)
    abo = dice.choices(("O", "A", "B", "AB"), (48, 38, 10, 4))[0]
    return abo, dice.choices(("POSITIVE", "NEGATIVE"), (84, 16))[0]


@lru_cache(maxsize=4096)
def _usual(seed: int, subject: Subject) -> dict[str, float]:
    """Where this person's values lie during the stay."""
    dice = random_for(seed, "usual", subject.mrn)
    shifts = REASONS[subject.reason].shifts if subject.reason else {}
    levels = {}
    for code, analyte in ANALYTES.items():
        low, high = shifts.get(code, analyte.usual)
        if code in ("HB", "CREA") and subject.sex == "M" and code not in shifts:
            low, high = low * 1.08, high * 1.08
        levels[code] = dice.uniform(low, high)
    return levels


_STEADY = frozenset({"NA", "CA", "MCV", "MCH", "PT", "APTT", "ALB", "TP", "A1C"})
_CHILD_CREATININE = 0.45


def _drift(dice: Random, code: str) -> float:
    spread = 0.012 if code in _STEADY else 0.05 if code in ("K", "HB", "CREA", "UREA") else 0.12
    return min(max(dice.gauss(1, spread), 1 - 2.5 * spread), 1 + 2.5 * spread)


def _derived(level: dict[str, float], subject: Subject, dice: Random) -> dict[str, float]:
    """Values that a laboratory calculates from others, so that they agree."""
    if subject.age < 16:
        level["CREA"] *= _CHILD_CREATININE
    level["EGFR"] = egfr(level["CREA"], subject.age, subject.sex)
    level["TP"] = max(level["TP"], level["ALB"] + 19)
    level["GLOB"] = round(level["TP"]) - round(level["ALB"])
    level["ACA"] = level["CA"] + 0.02 * (40 - level["ALB"])
    level["MCH"] = level["MCV"] * dice.uniform(0.325, 0.34)
    level["RBC"] = level["HB"] / level["MCH"]
    level["HCT"] = level["RBC"] * level["MCV"] / 1000
    level["INR"] = level["PT"] / 11.8
    level["APTR"] = level["APTT"] / 30
    level.update(_white_cells(level["WBC"], level["EOS"], dice))
    return level


def _white_cells(total: float, eosinophils: float, dice: Random) -> dict[str, float]:
    """A differential count that adds up to the total."""
    share = min(0.92, 0.5 + total / 60 + dice.uniform(-0.05, 0.08))
    basophils = total * dice.uniform(0.002, 0.008)
    eosinophils = min(eosinophils, total * 0.08)
    mononuclear = total - total * share - basophils - eosinophils
    monocytes = max(mononuclear, 0) * dice.uniform(0.2, 0.32)
    neutrophils = total - basophils - eosinophils - max(mononuclear, 0)
    return {
        "NEUT": neutrophils,
        "LYMP": max(mononuclear, 0) - monocytes,
        "MONO": monocytes,
        "EOS": eosinophils,
        "BASO": basophils,
    }


def egfr(creatinine: float, age: int, sex: str) -> float:
    """Estimated filtration in mL/min/1.73m2 from creatinine in umol/L.

    Source: CKD-EPI 2009 (Levey et al., Ann Intern Med 150:604), without the ethnicity factor as
    NICE NG203 asks; meant for adults.
    """
    kappa, alpha, factor = (0.7, -0.329, 1.018) if sex == "F" else (0.9, -0.411, 1.0)
    ratio = creatinine / 88.4 / kappa
    return float(
        141 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.209 * 0.993 ** max(age, 18) * factor
    )


def _range(code: str, analyte: Analyte, subject: Subject) -> tuple[float | None, float | None]:
    if subject.age < 16:
        return _CHILDREN.get(code, analyte.women)
    return analyte.men if subject.sex == "M" else analyte.women


_CHILDREN: dict[str, tuple[float | None, float | None]] = {
    "CREA": (14, 60),
    "ALP": (60, 425),
    "HB": (105, 160),
    "WBC": (5.0, 15.0),
}
"""Ranges that differ most before 16 years of age."""


def _flag(
    level: float,
    low: float | None,
    high: float | None,
    critical: tuple[float | None, float | None],
) -> str:
    lowest, highest = critical
    if lowest is not None and level < lowest:
        return "LL"
    if highest is not None and level > highest:
        return "HH"
    if low is not None and level < low:
        return "L"
    return "H" if high is not None and level > high else ""


def _format_range(low: float | None, high: float | None, analyte: Analyte) -> str:
    places = analyte.decimals
    if low is None:
        return "" if high is None else f"<{high:.{places}f}"
    return f">{low:.{places}f}" if high is None else f"{low:.{places}f}-{high:.{places}f}"
