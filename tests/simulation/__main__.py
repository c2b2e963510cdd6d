"""Simulate a month's outage on many laptops; exit 1 unless its statement says what happened.

Run by `scripts/simulate-month FOLDER`; every number of the statement is compared with the
simulation's own count.
"""

import argparse
import json
import sys
from pathlib import Path

from downtime.clock import system_clock
from tests.simulation import month


def main() -> int:
    """0 when nothing differs, 1 when something does, 2 for an argument that cannot be used."""
    parser = argparse.ArgumentParser("scripts/simulate-month", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new or empty folder for the machines' homes")
    parser.add_argument("--laptops", type=int, default=10, help="3 to 20; two of them get lost")
    parser.add_argument("--forms", type=int, default=20_000, help="forms to print, at least 60")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another month")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"the folder {folder.name} is not empty: name a new one")
    if not 3 <= arguments.laptops <= 20 or arguments.forms < 60:
        parser.error("there are 3 to 20 laptops, and at least 60 forms")
    folder.mkdir(parents=True, exist_ok=True)
    result = month.simulate(
        folder, laptops=arguments.laptops, forms=arguments.forms, seed=arguments.seed,
        clock=system_clock, say=lambda line: print(line, file=sys.stderr),
    )  # fmt: skip
    print(json.dumps(result.as_data(), indent=2))
    print(
        f"{result.statement.verdict}: {result.numbers} numbers of the statement compared,"
        f" {len(result.differences)} differ.",
        *result.differences,
        sep="\n",
        file=sys.stderr,
    )
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
