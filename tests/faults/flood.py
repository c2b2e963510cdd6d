"""Others hold the server's connections and sign in without end: a nurse's pages come all the same.

The figures are those of `scripts/bench flood`: how much longer 99 of 100 pages take than without anybody.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.faults.examine import Finding, Harm
from tests.faults.tally import Row

ROOT = Path(__file__).parents[2]


def flood_server(_folder: Path, rounds: int = 1, _seed: int = 0) -> list[Row]:
    """Every attack; a row for each, with the ratio in its name."""
    rows: dict[str, Row] = {}
    for _ in range(rounds):
        for figure in _measure():
            row = rows.setdefault(figure["name"], Row(figure["name"]))
            text = f"{figure['value']} times ({figure['compared_with']})"
            row.note([] if figure["ok"] else [Finding(Harm.STUCK, text)], hit=True)
            row.name = f"{figure['name']}: {figure['value']} times"
    return list(rows.values())


def _measure() -> list[dict[str, str]]:
    command = [sys.executable, str(ROOT / "scripts/benchmarks"), "flood", "--json"]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    figures: list[dict[str, str]] = json.loads(answer.stdout)["figures"]
    return figures
