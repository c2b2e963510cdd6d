"""Keep the figures that scripts measured, and draw `docs/reliability.md` from them.

`scripts/reliability FILE …` takes what `scripts/faults --json`, `scripts/bench --json`, `scripts/sabotage --json` and
`scripts/mutation --json` wrote; a figure takes the place of the older one of its name. What takes long may be measured
piece by piece: the controls of one hazard, one subject of mutants.
"""

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.safety.model import Group, load_groups

FIGURES = Path(__file__).with_name("figures.json")
KINDS = {"faults": "name", "figures": "name", "mutants": "subject", "controls": "hazard"}
"""The lists that scripts write, and what tells two lines of one apart."""
Row = dict[str, Any]


def load_figures(path: Path = FIGURES) -> dict[str, list[Row]]:
    """Each kind's lines; empty where nothing was measured yet."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {kind: stored.get(kind, []) for kind in KINDS}


def merge(figures: dict[str, list[Row]], measured: dict[str, Any], at: str, machine: str) -> None:
    """Put what was measured in place of what stands there; ValueError for another document."""
    if not measured.keys() & KINDS.keys():
        raise ValueError("It is no document of --json.")
    for kind in measured.keys() & KINDS.keys():
        rows = measured[kind]
        if kind == "controls":
            rows = _sum_controls(rows)
        name = KINDS[kind]
        new = {row.get(name, kind): row | {"at": at, "machine": machine} for row in rows}
        kept = [row for row in figures[kind] if row.get(name, kind) not in new]
        figures[kind] = [*kept, *new.values()]


def _sum_controls(rows: list[Row]) -> list[Row]:
    """One line for each hazard."""
    by_hazard: dict[str, list[Row]] = {}
    for row in rows:
        by_hazard.setdefault(row["hazard"], []).append(row)
    return [
        {"hazard": name, "controls": len(controls), "caught": sum(c["caught"] for c in controls)}
        for name, controls in by_hazard.items()
    ]


def list_parts() -> list[str]:
    """The parts of the page."""
    figures = load_figures()
    parts = [
        "## Faults",
        _draw_faults(figures["faults"]),
        "## Load",
        _draw_load(figures["figures"]),
    ]
    parts += ["## Controls taken away", _draw_controls(figures["controls"])]
    return [*parts, "## Changes of one place", _draw_mutants(figures["mutants"])]


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    if not rows:
        return "Not measured yet."
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _draw_faults(rows: list[Row]) -> str:
    head = ("what was done", "times", "lost", "mixed or doubled", "nothing wrong", "measured")
    return _table(
        head,
        [(row["name"], f"{row['tried']:,}", row["lost"], row["doubled"], "yes" if row["ok"] else "**no**", row["at"])
         for row in rows],
    )  # fmt: skip


def _draw_load(rows: list[Row]) -> str:
    head = ("figure", "value", "beside", "goal", "kept", "measured")
    return _table(
        head,
        [(row["name"], f"{row['value']} {row['unit']}".strip(), row["compared_with"], row["goal"],
          "yes" if row["ok"] else "**no**", row["at"])
         for row in rows],
    )  # fmt: skip


def _draw_controls(rows: list[Row]) -> str:
    """A line for each part of the safety case; controls that were added since are stated, and not taken away."""
    head = ("part", "hazards", "controls", "taken away", "noticed by their test", "measured")
    measured = {row["hazard"]: row for row in rows}
    lines = [_sum_part(group, measured) for group in load_groups()] if rows else []
    return _table(head, lines)


def _sum_part(group: Group, measured: dict[str, Row]) -> tuple[object, ...]:
    rows = [measured[hazard.id] for hazard in group.hazards if hazard.id in measured]
    stated = sum(len(hazard.controls) for hazard in group.hazards)
    taken, caught = (sum(row[name] for row in rows) for name in ("controls", "caught"))
    days = ", ".join(dict.fromkeys(row["at"] for row in rows))
    return group.title, len(group.hazards), stated, taken, caught, days


def _draw_mutants(rows: list[Row]) -> str:
    head = ("subject", "places", "tried", "noticed", "of a hundred", "measured")
    return _table(
        head,
        [(row["subject"], row["mutants"], row["tried"], row["noticed"],
          f"{100 * row['noticed'] / row['tried']:.0f}", row["at"])
         for row in rows],
    )  # fmt: skip


def describe_machine() -> str:
    """What the figures were measured on, in a few words."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def main() -> int:
    """0 when all files were taken, 2 when one is no such document."""
    parser = argparse.ArgumentParser("scripts/reliability", description=__doc__)
    parser.add_argument("file", nargs="+", type=Path, help="what a script wrote with --json")
    figures = load_figures()
    for path in parser.parse_args().file:
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        try:
            merge(figures, json.loads(path.read_bytes()), f"{at:%d-%b-%Y}", describe_machine())
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{path}: {error}\n")
            return 2
    FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
