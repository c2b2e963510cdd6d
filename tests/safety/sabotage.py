"""Take a control away in a copy of the project and see whether the test that is named for it fails."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from tests.safety.model import ROOT, Control

COPIED = ("downtime", "forms", "templates", "tests", "scripts", "docs", "pyproject.toml", "wsgi.py",
          "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "uv.lock")  # fmt: skip
TEST_SECONDS = 600
ALL_TESTS_SECONDS = 7200
_OPTIONS = ("-q", "-rfE", "--tb=short", "-p", "no:cacheprovider")
_FAILED = re.compile(r"^FAILED ", re.M)
_BROKEN = re.compile(
    r"\b(SyntaxError|IndentationError|NameError|UnboundLocalError|ImportError|ModuleNotFoundError)\b"
)
"""A program that cannot run at all fails every test: that shows nothing about this one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the test failed without its control, and what it said if not."""

    caught: bool
    text: str


class Tested(NamedTuple):
    """What pytest answered: its exit code, None when it did not end in time."""

    code: int | None
    text: str


class ProjectCopy:
    """A copy of the project's sources to change, and a process beside it that runs its tests."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "project"
        self._files = folder / "files"
        self._output = folder / "output"
        _copy_project(self.path)
        self._files.mkdir()
        self._files.chmod(0o711)
        environment = os.environ | {"PYTHONPATH": str(self.path), "TMPDIR": str(self._files)}
        self._tests = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("forked_tests.py")],
            cwd=self.path, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tests.communicate()

    def try_without(self, control: Control) -> Outcome:
        """Run the control's test in the copy without it; the copy is whole again afterwards."""
        path = self.path / control.file
        try:
            whole, status = path.read_text(encoding="utf-8"), path.stat()
            changed = control.remove(whole)
        except (OSError, ValueError) as error:
            return Outcome(False, str(error))
        try:
            path.write_text(changed, encoding="utf-8")
            tested = self.run_tests([control.test])
        finally:
            path.write_text(whole, encoding="utf-8")
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        if tested.code is None:
            return Outcome(False, "its test did not end in time")
        if tested.code != 1 or not _FAILED.search(tested.text):
            return Outcome(False, tested.text[-1500:])
        if broken := _BROKEN.search(tested.text):
            return Outcome(False, f"without it the program does not run: {broken.group()}")
        return Outcome(True, "")

    def run_tests(
        self, tests: Iterable[str], *options: str, seconds: float = TEST_SECONDS
    ) -> Tested:
        """What pytest says of these tests of the copy, as its sources are now."""
        assert self._tests.stdin is not None
        assert self._tests.stdout is not None
        arguments = [*_OPTIONS, *options, *tests]
        request = {"arguments": arguments, "output": str(self._output), "seconds": seconds}
        self._tests.stdin.write(f"{json.dumps(request)}\n")
        self._tests.stdin.flush()
        code: int | None = json.loads(self._tests.stdout.readline())
        return Tested(code, self._output.read_text("utf-8", "replace"))


def _copy_project(folder: Path) -> None:
    """The sources, with the environment of this project beside them."""
    folder.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns("node_modules")
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
        elif (ROOT / name).exists():
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
