"""The scripts do what the README says: set-up names what is missing, benchmarks keep to their goals."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract import house

TOOLS = [
    "bash",
    "cat",
    "dirname",
    "echo",
    "env",
    "git",
    "grep",
    "id",
    "ldconfig",
    "python3",
    "sha256sum",
    "sort",
    "xargs",
]


@pytest.fixture
def machine(tmp_path) -> Path:
    """A folder of programs as PATH, on which nobody is root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        program = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        (folder / name).symlink_to(program)
    replace(folder / "id", "echo 1000")
    return folder


def replace(program: Path, script: str) -> None:
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def set_up(machine: Path) -> subprocess.CompletedProcess:
    script = house.ROOT / "scripts" / "setup"
    environment = {"PATH": str(machine), "HOME": str(machine)}
    return subprocess.run(
        [script], env=environment, capture_output=True, check=False, text=True, timeout=60
    )


def test_without_root_the_exact_command_is_printed_and_the_script_stops(machine):
    done = set_up(machine)
    assert done.returncode == 1
    command = done.stderr.splitlines()[-1].strip()
    assert command.startswith("sudo apt-get update && sudo apt-get install -y ")
    assert {"chromium", "poppler-utils", "qpdf"} <= set(command.split())
    assert "libpango-1.0-0" not in command


def test_a_missing_library_is_named_by_its_package(machine):
    replace(machine / "ldconfig", "exec /sbin/ldconfig -p | grep -v pangoft2")
    assert "libpangoft2-1.0-0" in set_up(machine).stderr.splitlines()[-1].split()


def test_with_everything_there_it_says_nothing_and_is_quick(machine):
    for name in ("chromium", "pdftoppm", "qpdf"):
        replace(machine / name, "exit 0")
    replace(machine / "uv", '[ "$1" = --version ]')  # an environment out of date fails, not syncs
    done = set_up(machine)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def run_benchmark(tmp_path):
    """The runner of benchmarks with one benchmark of the test's own."""
    shutil.copy(house.ROOT / "scripts" / "benchmarks" / "__main__.py", tmp_path)

    def run(ok: bool, *arguments: str) -> subprocess.CompletedProcess:
        figure = {"name": "speed", "value": 7, "unit": "p/s", "compared_with": "6", "goal": "≥ 8"}
        (tmp_path / "mine.py").write_text(
            f"def figures():\n    print('noise')\n    return [{figure | {'ok': ok}!r}]\n"
        )
        command = [sys.executable, tmp_path, *arguments]
        return subprocess.run(command, capture_output=True, check=False, text=True)

    return run


def test_a_figure_that_misses_its_goal_fails_and_is_named(run_benchmark):
    assert run_benchmark(True).returncode == 0
    missed = run_benchmark(False)
    assert missed.returncode == 1
    assert "Missed its goal: speed" in missed.stderr


def test_json_is_one_document_with_the_machine_beside_the_figures(run_benchmark):
    report = json.loads(run_benchmark(True, "mine", "--json").stdout)
    assert report["figures"] == [
        {
            "name": "speed",
            "value": 7,
            "unit": "p/s",
            "compared_with": "6",
            "goal": "≥ 8",
            "ok": True,
        }
    ]
    assert {"cpu", "cores", "load_before"} <= set(report["machine"])


def test_an_unknown_benchmark_is_a_wrong_word(run_benchmark):
    unknown = run_benchmark(True, "yours")
    assert unknown.returncode == 2
    assert "mine" in unknown.stderr
