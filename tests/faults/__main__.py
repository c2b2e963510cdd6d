"""Break a small site in many ways; exit 1 when anything wrong was believed, or anything was lost.

Run by `scripts/faults [NAME …] [--quick] [--json]`. The disk's faults need root: they mount disks of their own.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.faults.break_off import break_off
from tests.faults.breaks import DiskFull, Killed, PowerCut
from tests.faults.clocks import shift_clocks
from tests.faults.damage import damage_everything
from tests.faults.flood import flood_server
from tests.faults.fuzz import fuzz_parsers
from tests.faults.remote import break_remote
from tests.faults.tally import Row, format_table


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done, and how often when nobody says: in full, and quickly."""

    try_it: Callable[[Path, int, int], list[Row]]
    rounds: int
    quick: int


FAULTS: dict[str, Fault] = {
    "kill": Fault(partial(break_off, Killed), 500, 12),
    "disk": Fault(partial(break_off, DiskFull), 100, 12),
    "power": Fault(partial(break_off, PowerCut), 100, 12),
    "damage": Fault(damage_everything, 10_000, 500),
    "clock": Fault(shift_clocks, 1, 1),
    "remote": Fault(break_remote, 150, 15),
    "flood": Fault(flood_server, 1, 1),
    "fuzz": Fault(fuzz_parsers, 0, 5),
}
"""By name. `fuzz` goes on for `FUZZ_SECONDS` when no number of rounds is given."""


def main() -> int:
    """0 when no harm was done, 1 when some was."""
    parser = argparse.ArgumentParser("scripts/faults", description=__doc__)
    parser.add_argument(
        "name", nargs="*", metavar="NAME", help=f"{', '.join(FAULTS)}; all when none is named"
    )
    parser.add_argument("--rounds", type=int, default=0, help="another number of rounds")
    parser.add_argument("--quick", action="store_true", help="a few rounds of each: some minutes")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other faults")
    arguments = parser.parse_args()
    names = arguments.name or list(FAULTS)
    if unknown := set(names) - set(FAULTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    if os.geteuid() != 0 and {"disk", "power", "remote"} & set(names):
        parser.error("'disk', 'power' and 'remote' mount disks: run them as root, or name others")
    rows: list[Row] = []
    for name in names:
        fault = FAULTS[name]
        rounds = arguments.rounds or (fault.quick if arguments.quick else fault.rounds)
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            rows += fault.try_it(Path(folder) / "site", rounds, arguments.seed)
    if arguments.json:
        print(json.dumps({"faults": [row.as_json() for row in rows]}, indent=2, ensure_ascii=False))
    else:
        print(format_table(rows))
    harms = [finding for row in rows for finding in row.findings]
    print(*harms, sep="\n", file=sys.stderr)
    return 1 if harms else 0


if __name__ == "__main__":
    sys.exit(main())
