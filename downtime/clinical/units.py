"""Units as paper writes them, and their UCUM codes: the closed table of `units.toml`. Pure."""

from collections.abc import Mapping

from downtime.config import read_data_file

UCUM_SYSTEM = "http://unitsofmeasure.org"
UCUM_CODES: Mapping[str, str] = read_data_file("downtime.clinical", "units.toml")
"""A unit as written to its code."""
_FOLDED = {unit.casefold(): code for unit, code in UCUM_CODES.items()}


def find_ucum(unit: str) -> str:
    """The code of a unit, whatever its case and spaces around it; empty for one not in the table."""
    return UCUM_CODES.get(unit.strip()) or _FOLDED.get(unit.strip().casefold(), "")
