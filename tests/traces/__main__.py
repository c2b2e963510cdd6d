"""Live through the demonstration under strace, and look for its patients in everything that went anywhere but home.

Run by `scripts/traces [FOLDER]`. Looked at are what was written to any file outside the home, names of files, and the
arguments of programs. Exit 1 when a patient's number, or name, is found there.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from downtime import config
from downtime.accounts import homes
from downtime.clock import system_clock
from downtime.config import Home
from downtime.snapshot import local_snapshots

ROOT = Path(__file__).parents[2]
_SYSTEM_CALLS = ("execve", "openat", "open", "creat", "write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile",
                 "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mkdir",
                 "mkdirat", "unlink", "unlinkat")  # fmt: skip
_MOST_BYTES = 1 << 20
_LINE = re.compile(r"^\d+ +(\w+)\((.*)$")
_TARGET = re.compile(r"^\d+<([^>]*)>")
_NO_FILE = (
    "socket:",
    "pipe:",
    "anon_inode:",
    "/dev/null",
    "/dev/pts",
    "/dev/tty",
    "UNIX",
    "TCP",
    "UDP",
)
FEWEST_LETTERS = 4
"""A shorter name is within too many words to say anything."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A patient's name or number where none may be; `place` is the file or the call."""

    call: str
    place: str
    kind: str


def list_identifiers(home: Home) -> dict[str, str]:
    """What names each patient whom the demonstration's hospital has: number, or whole name, and its kind."""
    settings = config.load_settings(home.config_file)
    opened = homes.open_with_file(home, settings, system_clock, home.path / "laptop.unlock")
    with (
        closing(opened.vault) as vault,
        closing(local_snapshots.open_current_snapshot(vault)) as snapshot,
    ):
        people = [row.patient for row in snapshot.list_inpatients()]
    names: dict[str, str] = {}
    for person in people:
        digits = person.nhs_number
        names |= dict.fromkeys(filter(None, (digits, person.mrn)), "number")
        if digits:
            names[f"{digits[:3]} {digits[3:6]} {digits[6:]}"] = "number"
        if len(person.family) >= FEWEST_LETTERS and person.given:
            for text in (f"{person.family.upper()}, {person.given}", f"{person.family}^{person.given}",
                         f"{person.given} {person.family}"):  # fmt: skip
                names[text] = "name"
    return names


def find_traces(log: Path, home: Path, names: dict[str, str]) -> Iterator[Trace]:
    """Every call of the log that carries one of these names to another place than the home."""
    pattern = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = _LINE.match(line)
            if match is None or not (found := pattern.search(match[2])):
                continue
            target = _TARGET.match(match[2])
            place = target[1] if target else "its arguments"
            if not place.startswith((str(home), *_NO_FILE)) and not _only_home(match[2], home):
                yield Trace(match[1], place, names[found[0]])


def _only_home(arguments: str, home: Path) -> bool:
    """Whether a call without an open file names files of the home alone."""
    paths = re.findall(r'"(/[^"]*)"', arguments)
    return bool(paths) and all(path.startswith(str(home)) for path in paths)


def live_through(folder: Path, *command: str) -> Path:
    """Run a program under strace; the log of its calls, and of all that it starts."""
    log = folder / "calls"
    traced = ["strace", "-f", "--seccomp-bpf", "-y", "-qq", "-s", str(_MOST_BYTES), "-o", str(log),
              "-e", f"trace={','.join(_SYSTEM_CALLS)}", *command]  # fmt: skip
    subprocess.run(traced, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return log


def main() -> int:
    """0 when nobody is named anywhere but in the home."""
    parser = argparse.ArgumentParser("scripts/traces", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, help="where to work; else a folder that is removed"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="traces-") as temporary:
        folder = (arguments.folder or Path(temporary)).absolute()
        folder.mkdir(exist_ok=True)
        home = Home(folder / "home")
        program = str(ROOT / ".venv" / "bin" / "downtime")
        log = live_through(folder, program, "demo", "run", "--no-serve", "--home", str(home.path))
        names = list_identifiers(home)
        traces = set(find_traces(log, home.path, names))
        calls = sum(1 for _ in log.open(errors="replace"))
    for trace in sorted(traces, key=lambda trace: trace.place):
        print(f"{trace.place}: a patient's {trace.kind} ({trace.call})")
    print(
        f"{calls:,} calls, {len(names)} names and numbers: {len(traces)} places.", file=sys.stderr
    )
    return 1 if traces else 0


if __name__ == "__main__":
    sys.exit(main())
