"""Simulate a week of events on many laptops; exit 1 unless the statement says what happened.

Run by `scripts/simulate-week FOLDER`: every number that the statement says of events, every event and the place of
everybody are compared with the simulation's own record.
"""

import argparse
import json
import sys
from pathlib import Path

from downtime.clock import system_clock
from tests.simulation import week


def main() -> int:
    """0 when nothing differs, 1 when something does, 2 for an argument that cannot be used."""
    parser = argparse.ArgumentParser("scripts/simulate-week", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new or empty folder for the machines' homes")
    parser.add_argument("--laptops", type=int, default=10, help="3 to 20; two of them get lost")
    parser.add_argument(
        "--events", type=int, default=3_300, help="things to record, corrections among them"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, another week")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"the folder {folder.name} is not empty: name a new one")
    if not 3 <= arguments.laptops <= 20 or arguments.events < 70:
        parser.error("there are 3 to 20 laptops, and at least 70 events")
    folder.mkdir(parents=True, exist_ok=True)
    result = week.simulate(
        folder, laptops=arguments.laptops, events=arguments.events, seed=arguments.seed,
        clock=system_clock, say=lambda line: sys.stderr.write(f"{line}\n"),
    )  # fmt: skip
    summary = {
        "recorded": result.recorded, "events": result.events, "bundles": dict(result.bundles), "numbers": result.numbers,
        "differences": list(result.differences),
    }  # fmt: skip
    sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
