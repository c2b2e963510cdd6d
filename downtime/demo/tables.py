"""The demonstration hospital's tables, read from `data/*.yaml`: wards, reasons, laboratory, names."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

Bounds = tuple[float | None, float | None]
"""Lower and upper bound; None where that side is open."""


class WardKind(NamedTuple):
    """A kind of ward: ages in years, sex (M, F or both), longest stay in hours, how people come."""

    ages: tuple[float, float]
    sexes: str
    stay_hours: tuple[int, int]
    emergency: float
    reasons: tuple[str, ...]


class WardRow(NamedTuple):
    """A ward: its code, its kind (a key of `WARD_KINDS`) and its specialty."""

    code: str
    name: str
    kind: str
    specialty: str


class ClinicRow(NamedTuple):
    """A clinic: whom it sees (ages in years) and what for."""

    code: str
    name: str
    specialty: str
    ages: tuple[int, int]
    sexes: str
    reasons: tuple[str, ...]


class CourseRow(NamedTuple):
    """A course of treatment: where it is given, how many parts it has, and which is next."""

    code: str
    name: str
    specialty: str
    text: str
    parts: int
    next_part: int
    in_days: int
    interval_days: int
    """Days between two parts."""
    ages: tuple[int, int]
    sexes: str


class Reason(NamedTuple):
    """A reason for a stay: what is written, which values it shifts, what is requested."""

    texts: tuple[str, ...]
    shifts: dict[str, tuple[float, float]]
    panels: tuple[str, ...]
    scans: tuple[str, ...]
    medicines: tuple[str, ...]


class Medicine(NamedTuple):
    """A prescription; `category` is `regular`, `as-required`, `once-only` or `infusion`."""

    name: str
    dose: str
    route: str
    frequency: str
    category: str = "regular"
    family: str = ""
    code: str = ""
    """Of SNOMED CT, empty where the source has only its own."""


class Allergy(NamedTuple):
    """`code` is a SNOMED CT substance, empty where the source holds a text only."""

    substance: str
    family: str
    code: str
    reactions: tuple[str, ...]
    category: str = "medication"


class Alert(NamedTuple):
    """An alert, the share of patients who have it, and the kinds of ward it is limited to."""

    category: str
    text: str
    share: float
    wards: tuple[str, ...]


class Analyte(NamedTuple):
    """What is measured: `men` and `women` are reference ranges."""

    name: str
    units: str
    decimals: int
    men: Bounds
    women: Bounds
    usual: tuple[float, float]
    critical: Bounds = (None, None)


class Panel(NamedTuple):
    """A laboratory request; `hours` is the usual time from sample to final result."""

    name: str
    section: str
    department: str
    specimen: tuple[str, str]
    hours: tuple[float, float]
    analytes: tuple[str, ...] = ()


class Scan(NamedTuple):
    """A radiology examination and what its report may say."""

    name: str
    section: str
    modality: str
    hours: tuple[float, float]
    normal: tuple[str, ...]
    findings: tuple[str, ...]


class NameGroup(NamedTuple):
    """Names of one origin: `weight` is how often the group is drawn."""

    weight: int
    families: tuple[str, ...]
    men: tuple[str, ...]
    women: tuple[str, ...]


@cache
def read_table(name: str) -> dict[str, Any]:
    """One file, its lists as tuples."""
    text = (files("downtime.demo") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = _tuples(yaml.load(text, yaml.CSafeLoader))
    return content


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(part) for key, part in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _analyte(row: dict[str, Any]) -> Analyte:
    """`range` stands for both sexes."""
    both = {"men": row["range"], "women": row["range"]} if "range" in row else {}
    return Analyte(**both, **{key: value for key, value in row.items() if key != "range"})


def _wards(rows: Iterable[dict[str, str]]) -> tuple[WardRow, ...]:
    return tuple(WardRow(**row) for row in rows)


_wards_table, _clinics_table = read_table("wards"), read_table("clinics")
_laboratory_table, _medicines_table = read_table("laboratory"), read_table("medicines")
_names_table = read_table("names")

WARD_KINDS = {key: WardKind(**row) for key, row in _wards_table["kinds"].items()}
ASSESSMENT: str = _wards_table["assessment"]
SMALL = _wards(_wards_table["small"])
LARGE = (*SMALL, *_wards(_wards_table["large"]))
SPECIALTIES: dict[str, tuple[str, str]] = _wards_table["specialties"]
CONSULTANT_NAMES: tuple[tuple[str, str, str], ...] = _wards_table["consultants"]

COURSES = tuple(CourseRow(**row) for row in _clinics_table["courses"])
CLINICS = tuple(ClinicRow(**row) for row in _clinics_table["clinics"])
SMALL_CLINICS: int = _clinics_table["small_clinics"]
THEATRES: tuple[tuple[str, str], ...] = _clinics_table["theatres"]
SMALL_THEATRES: int = _clinics_table["small_theatres"]
OPERATIONS: dict[str, tuple[tuple[str, int], ...]] = _clinics_table["operations"]

REASONS = {key: Reason(**row) for key, row in read_table("reasons")["reasons"].items()}

MEDICINE_SETS = {
    key: tuple(Medicine(**row) for row in rows) for key, rows in _medicines_table["sets"].items()
}
ALLERGIES = tuple(Allergy(**row) for row in _medicines_table["allergies"])
ALERTS = tuple(Alert(**row) for row in _medicines_table["alerts"])

ANALYTES = {key: _analyte(row) for key, row in _laboratory_table["analytes"].items()}
PANELS = {key: Panel(**row) for key, row in _laboratory_table["panels"].items()}
SCANS = {key: Scan(**row) for key, row in _laboratory_table["scans"].items()}
ORGANISMS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = _laboratory_table["organisms"]

NAME_GROUPS = tuple(NameGroup(**row) for row in _names_table["groups"])
STREETS: tuple[str, ...] = _names_table["streets"]
TOWNS: tuple[tuple[str, str], ...] = _names_table["towns"]
PRACTICES: tuple[tuple[str, str], ...] = _names_table["practices"]
