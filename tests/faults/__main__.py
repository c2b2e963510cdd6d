"""Break a small site in many ways; exit 1 when anything wrong was believed, or anything was lost.

Run by `scripts/faults [NAME …]`. The disk's faults need root: they mount disks of their own.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.faults.break_off import break_off
from tests.faults.breaks import DiskFull, Killed, PowerCut
from tests.faults.clocks import shift_clocks
from tests.faults.damage import damage_everything
from tests.faults.flood import flood_server
from tests.faults.remote import break_remote
from tests.faults.tally import Row, format_table

FAULTS: dict[str, tuple[int, Callable[[Path, int, int], list[Row]]]] = {
    "kill": (500, partial(break_off, Killed)),
    "full": (100, partial(break_off, DiskFull)),
    "power": (100, partial(break_off, PowerCut)),
    "damage": (10_000, damage_everything),
    "clock": (1, shift_clocks),
    "remote": (150, break_remote),
    "flood": (1, flood_server),
}
"""By name: how many rounds when nobody says, and what is done."""


def main() -> int:
    """0 when no harm was done, 1 when some was."""
    parser = argparse.ArgumentParser("scripts/faults", description=__doc__)
    parser.add_argument(
        "name", nargs="*", metavar="NAME", help=f"{', '.join(FAULTS)}; all when none is named"
    )
    parser.add_argument("--rounds", type=int, default=0, help="another number of rounds")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other faults")
    arguments = parser.parse_args()
    names = arguments.name or list(FAULTS)
    if unknown := set(names) - set(FAULTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    if os.geteuid() != 0 and {"full", "power", "remote"} & set(names):
        parser.error("'full', 'power' and 'remote' mount disks: run them as root, or name others")
    rows: list[Row] = []
    for name in names:
        rounds, try_faults = FAULTS[name]
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            rows += try_faults(Path(folder) / "site", arguments.rounds or rounds, arguments.seed)
    print(format_table(rows))
    harms = [finding for row in rows for finding in row.findings]
    print(*harms, sep="\n", file=sys.stderr)
    return 1 if harms else 0


if __name__ == "__main__":
    sys.exit(main())
