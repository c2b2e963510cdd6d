"""Take a control away in a copy of the project and see whether the test that is named for it fails."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.safety.model import ROOT, Control

COPIED = ("downtime", "forms", "templates", "tests", "scripts", "docs", "pyproject.toml", "wsgi.py",
          "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "uv.lock")  # fmt: skip
TEST_SECONDS = 600
ALL_TESTS_SECONDS = 7200
BROKEN = re.compile(
    r"\b(SyntaxError|IndentationError|NameError|UnboundLocalError|ImportError|ModuleNotFoundError)\b"
)
"""A program that cannot run at all fails every test: that shows nothing about this one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the test failed without its control, and what it said."""

    caught: bool
    text: str


def copy_project(folder: Path) -> Path:
    """A copy of the sources to change, with the environment of this project beside it."""
    folder.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("node_modules")
            )
        elif (ROOT / name).exists():
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def try_without(project: Path, control: Control) -> Outcome:
    """Run the control's test in a copy that lacks it; the copy is whole again afterwards."""
    path = project / control.file
    whole = path.read_text(encoding="utf-8")
    status = path.stat()
    try:
        path.write_text(control.remove(whole), encoding="utf-8")
        tested = run_tests(project, [control.test])
    finally:
        path.write_text(whole, encoding="utf-8")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    failed = tested.returncode == 1 and "\nFAILED " in tested.stdout
    if failed and (broken := BROKEN.search(tested.stdout)):
        return Outcome(False, f"without it the program does not run: {broken.group()}")
    if failed:
        return Outcome(True, "")
    return Outcome(False, tested.stdout[-1500:] + tested.stderr[-1500:])


def run_tests(
    project: Path, tests: Iterable[str], *options: str, seconds: int = TEST_SECONDS
) -> subprocess.CompletedProcess[str]:
    """What pytest says of these tests of a copy, also where they start the program anew."""
    temporary = project.parent / f"{project.name}-files"
    temporary.mkdir(exist_ok=True)
    temporary.chmod(0o711)
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=short", "-p", "no:cacheprovider",
               *options, *tests]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(temporary),
    }
    try:
        return subprocess.run(
            command, cwd=project, env=environment, capture_output=True, check=False, text=True,
            timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "\nFAILED it did not end\n", "")
