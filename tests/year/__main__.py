"""Simulate a year of a hospital's machines; exit 1 when a screen showed something untrue at any minute.

Run by `scripts/simulate-year FOLDER`.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.year.live import live_through


def main() -> int:
    """0 when nothing was wrong, 1 when something was, 2 for an argument that cannot be used."""
    parser = argparse.ArgumentParser("scripts/simulate-year", description=__doc__)
    parser.add_argument("folder", type=Path, help="a new or empty folder for the machines' homes")
    parser.add_argument("--days", type=int, default=365, help="at least 3")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another year")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"the folder {folder.name} is not empty: name a new one")
    if arguments.days < 3:
        parser.error("a year has at least three days")
    record = live_through(
        folder, arguments.days, arguments.seed, lambda line: print(line, file=sys.stderr)
    )
    print(json.dumps({"counts": record.counts, "harms": record.harms}, indent=2, sort_keys=True))
    return 1 if record.harms else 0


if __name__ == "__main__":
    sys.exit(main())
