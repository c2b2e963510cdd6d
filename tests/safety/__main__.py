"""Take every control of the safety case away, one at a time, and see whether its named test notices.

Run by `scripts/sabotage [NAME …]`. Exit 0 when every test passes with its control and fails without it, 1 when one
does not, 2 for an unknown name.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from tests.safety.model import Control, Hazard, load_groups
from tests.safety.sabotage import ALL_TESTS_SECONDS, Outcome, ProjectCopy

Case = tuple[Hazard, Control]


def main() -> int:
    """0 when every control is caught."""
    arguments = _read_arguments()
    cases = [
        (hazard, control)
        for group in load_groups()
        for hazard in group.hazards
        for control in hazard.controls
        if not arguments.name or {hazard.id, group.name} & set(arguments.name)
    ]
    if arguments.list:
        for hazard, control in cases:
            print(f"{hazard.id:6}{hazard.hazard}\n      {control.text}\n      {control.test}")
        return 0
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        outcomes = _try_all(Path(folder), cases, arguments.workers)
    rows = [
        {"hazard": hazard.id, "control": control.text, "test": control.test,
         "caught": outcome.caught}
        for (hazard, control), outcome in zip(cases, outcomes, strict=True)
    ]  # fmt: skip
    missed = [row for row in rows if not row["caught"]]
    if arguments.json:
        print(json.dumps({"controls": rows}, indent=2, ensure_ascii=False))
    print(
        f"{len(rows) - len(missed)} of {len(rows)} controls of {len({row['hazard'] for row in rows})}"
        " hazards were taken away and noticed.",
        file=sys.stderr,
    )
    return 1 if missed else 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/sabotage", description=__doc__)
    groups = load_groups()
    names = {hazard.id for group in groups for hazard in group.hazards} | {g.name for g in groups}
    parser.add_argument(
        "name", nargs="*", metavar="NAME",
        help=f"hazards (F1, S3 …) or groups ({', '.join(g.name for g in groups)}); all when none is named",
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="name them and change nothing")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--workers", type=int, default=2, help="how many at a time (2)")
    arguments = parser.parse_args()
    if unknown := set(arguments.name) - names:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return arguments


def _try_all(folder: Path, cases: list[Case], workers: int) -> list[Outcome]:
    with ExitStack() as stack:
        copies = [stack.enter_context(ProjectCopy(folder / str(index))) for index in range(workers)]
        free: SimpleQueue[ProjectCopy] = SimpleQueue()
        for project in copies:
            free.put(project)

        def try_one(case: Case) -> Outcome:
            project = free.get()
            try:
                outcome = project.try_without(case[1])
            finally:
                free.put(project)
            _report(case, outcome)
            return outcome

        failing = set(_failing_with_controls(copies[0], cases, workers))
        with ThreadPoolExecutor(workers) as pool:
            outcomes = list(pool.map(try_one, cases))
    return [
        Outcome(False, "it fails with its control too") if control.test in failing else outcome
        for (_, control), outcome in zip(cases, outcomes, strict=True)
    ]


def _failing_with_controls(project: ProjectCopy, cases: list[Case], workers: int) -> Iterator[str]:
    """Tests that fail in a copy in which nothing was changed: nothing follows from these."""
    tests = sorted({control.test for _, control in cases})
    tested = project.run_tests(tests, "-n", str(workers), seconds=ALL_TESTS_SECONDS)
    if tested.code != 0:
        print(tested.text[-20_000:], file=sys.stderr)
    if tested.code not in (0, 1):  # nothing was run: a test has another name
        yield from tests
    for test in tests:
        if re.search(rf"^(?:FAILED|ERROR) {re.escape(test)}(?:\[|\s|$)", tested.text, re.M):
            yield test


def _report(case: Case, outcome: Outcome) -> None:
    hazard, control = case
    word = "noticed" if outcome.caught else "NOT NOTICED"
    print(f"{hazard.id:6}{word}: {control.text}", file=sys.stderr, flush=True)
    if not outcome.caught:
        print(outcome.text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
