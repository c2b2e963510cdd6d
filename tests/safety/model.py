"""The table of hazards: what can harm a patient, what keeps it from happening, and the test that would notice.

`hazards/*.toml` holds it, a file for each part of the program. `docs/safety/` is drawn from it, `scripts/sabotage`
takes each control away and looks whether its test fails.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TABLES = Path(__file__).parent / "hazards"


class Severity(StrEnum):
    """How bad the effect can be: the five words of DCB0129, appendix B."""

    CATASTROPHIC = "catastrophic"
    MAJOR = "major"
    CONSIDERABLE = "considerable"
    SIGNIFICANT = "significant"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Control:
    """One thing in the source that keeps a hazard from happening."""

    text: str
    file: str
    """From the top of the project."""
    source: str
    """The piece of `file` that is the control; it stands there exactly once."""
    without: str
    """What stands in its place when the control is taken away."""
    test: str
    """The test that fails then: `tests/…/test_x.py::test_y`."""

    def remove(self, source: str) -> str:
        """The file's text without the control. Raises ValueError where it does not stand exactly once."""
        if source.count(self.source) != 1:
            raise ValueError(f"{self.file} holds it {source.count(self.source)} times: {self.text}")
        return source.replace(self.source, self.without)


@dataclass(frozen=True, slots=True)
class Hazard:
    """What can go wrong, why, what it does to a patient, and what is done about it."""

    id: str
    hazard: str
    cause: str
    effect: str
    severity: Severity
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The hazards of one part of the program."""

    name: str
    title: str
    about: str
    hazards: tuple[Hazard, ...]


def load_groups(folder: Path = TABLES) -> list[Group]:
    """Every group, in the order of their files' numbers. Raises TypeError or KeyError for a wrong word."""
    return [_read_group(path) for path in sorted(folder.glob("*.toml"))]


def _read_group(path: Path) -> Group:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return Group(
        name=path.stem.partition("-")[2],
        title=table["title"],
        about=table["about"],
        hazards=tuple(_read_hazard(row) for row in table["hazard"]),
    )


def _read_hazard(row: dict[str, Any]) -> Hazard:
    controls = tuple(Control(**control) for control in row.pop("control"))
    return Hazard(**row | {"severity": Severity(row["severity"]), "controls": controls})
