"""The table of OWASP ASVS 5.0.0, levels 1 and 2: what is met and by which test, what does not apply, what is not met.

The numbers are those of the standard, the words are our own; `docs/asvs.md` is drawn from it.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

TABLE = Path(__file__).with_name("asvs.toml")
LEVEL_TWO = 253
"""Requirements of levels 1 and 2 in 5.0.0: 70 and 183."""


class State(StrEnum):
    """What became of a requirement."""

    MET = "met"
    NOT_APPLICABLE = "not applicable"
    NOT_MET = "not met"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement, in short."""

    id: str
    text: str
    state: State
    test: str = ""
    note: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the standard."""

    number: int
    title: str
    requirements: tuple[Requirement, ...]


def load_chapters() -> list[Chapter]:
    """All of them, in their order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return [
        Chapter(
            chapter["number"],
            chapter["title"],
            tuple(
                Requirement(name, **row | {"state": State(row["state"])})
                for name, row in chapter["requirements"].items()
            ),
        )
        for chapter in table["chapter"]
    ]


def list_parts() -> list[str]:
    """The page's parts: the sums, what is not met, then each chapter."""
    chapters = load_chapters()
    rows = [row for chapter in chapters for row in chapter.requirements]
    counts = Counter(row.state for row in rows)
    sums = ", ".join(f"{counts[state]} {state}" for state in State)
    open_rows = [
        f"- **{row.id}** {row.text}: {row.why}" for row in rows if row.state is State.NOT_MET
    ]
    parts = [f"Of {len(rows)} requirements: {sums}.", "## What is not met", "\n".join(open_rows)]
    for chapter in chapters:
        lines = ["| | | | |", "|---|---|---|---|", *map(_row, chapter.requirements)]
        parts += [f"## V{chapter.number} {chapter.title}", "\n".join(lines)]
    return parts


def _row(row: Requirement) -> str:
    path, _, name = row.test.partition("::")
    test = f"`{path}`: {name.removeprefix('test_').replace('_', ' ')}" if path else ""
    said = "; ".join(filter(None, (row.note, row.why, test)))
    return f"| {row.id} | {row.text} | {row.state} | {said} |"
