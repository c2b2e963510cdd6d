"""The sources themselves: their size, their opening sentence, and nothing of one machine in them."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.contract import house

LIMIT_LINES = 400

# Written in parts, so that this file does not find itself.
REGISTRIES = tuple(
    "".join(parts)
    for parts in (("py", "pi.org"), ("python", "hosted.org"), ("npm", "js.org"), ("unpkg", ".com"))
)
MACHINE_PATH = re.compile(r"(?<![\w.~/])/(root|home/\w|Users/\w|work/\w)")


def tracked() -> list[Path]:
    """Every text file that a clone would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=house.ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = (house.ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file() and is_text(path)]


def is_text(path: Path) -> bool:
    return b"\0" not in path.read_bytes()[:4096]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(house.ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        if path.name != "uv.lock"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_source_names_a_package_registry():
    assert lines_with(re.compile("|".join(map(re.escape, REGISTRIES)))) == []


def test_no_source_names_a_folder_of_one_machine():
    assert lines_with(MACHINE_PATH) == []


@pytest.mark.parametrize("folder", ["root", "home/ann", "Users/ann"])
def test_the_check_itself_knows_such_a_folder(folder):
    assert MACHINE_PATH.search(f"open('/{folder}/x')")


def test_modules_stay_small():
    """A module of more than 400 lines is two things in one room; half of them are under 100."""
    sizes = {m.path: len(m.path.read_text(encoding="utf-8").splitlines()) for m in house.modules()}
    assert [f"{path} has {size}" for path, size in sizes.items() if size > LIMIT_LINES] == []
    assert sorted(sizes.values())[len(sizes) // 2] < 100


def test_every_module_opens_with_a_sentence():
    openings = {m.name: ast.get_docstring(m.tree) or "" for m in house.modules()}
    bad = [name for name, text in openings.items() if not re.match(r"[A-Z].*?[.:;]", text, re.S)]
    assert bad == []


def test_the_lock_file_knows_every_dependency():
    """A dependency added by hand and not locked would be missing from a fresh clone."""
    lock = tomllib.loads((house.ROOT / "uv.lock").read_text(encoding="utf-8"))
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (entry,) = (p for p in lock["package"] if p["name"] == project["project"]["name"])
    extras = project["project"].get("optional-dependencies", {}).values()
    asked = [*project["project"]["dependencies"], *(d for extra in extras for d in extra)]
    locked = {d["name"] for d in entry["metadata"]["requires-dist"]}
    assert {package_name(d) for d in asked} == locked
    for group, wanted in project["dependency-groups"].items():
        locked_packages = {d["name"] for d in entry["metadata"]["requires-dev"][group]}
        assert {package_name(d) for d in wanted} == locked_packages


def package_name(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize(
    "name",
    ["setup", "test", "check", "fix", "bench", "demo", "simulate-month", "simulate-week", "faults"],
)
def test_scripts_can_be_run(name):
    path = house.ROOT / "scripts" / name
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path], check=False).returncode == 0


def test_the_continuous_check_runs_both_scripts():
    run = (house.ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "scripts/check\nscripts/test\n" in run
