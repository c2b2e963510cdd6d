"""Every hazard's control still stands in the source, and the test that is named for it exists."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.contract import house
from tests.safety import sabotage
from tests.safety.model import Control, load_groups

HAZARDS = [hazard for group in load_groups() for hazard in group.hazards]
CONTROLS = [control for hazard in HAZARDS for control in hazard.controls]
FEWEST = 60


def test_there_are_hazards_enough_and_each_has_a_name_and_controls_of_its_own():
    names = Counter(hazard.id for hazard in HAZARDS)
    assert len(names) >= FEWEST
    assert {name: count for name, count in names.items() if count > 1} == {}
    assert [hazard.id for hazard in HAZARDS if not hazard.controls] == []


def test_every_control_stands_in_the_source_exactly_once():
    sources = {control.file: (house.ROOT / control.file).read_text("utf-8") for control in CONTROLS}
    counts = {
        control.text: sources[control.file].count(control.source)
        for control in CONTROLS
        if sources[control.file].count(control.source) != 1
    }
    assert counts == {}


def test_what_stands_in_the_place_of_a_control_is_something_else_that_can_run():
    for control in CONTROLS:
        changed = control.remove((house.ROOT / control.file).read_text("utf-8"))
        assert control.source != control.without, control.text
        if control.file.endswith(".py"):
            compile(changed, control.file, "exec")


def test_every_named_test_exists():
    missing = [control.test for control in CONTROLS if not exists(control)]
    assert missing == []


def exists(control: Control) -> bool:
    path, _, name = control.test.partition("::")
    file, function = house.ROOT / path, name.rpartition("::")[2]
    return (
        file.exists()
        and re.search(rf"^ *def {function}\(", file.read_text("utf-8"), re.M) is not None
    )


def test_every_page_of_the_safety_case_is_as_the_table_says():
    written = {n: t for n, t in house.generator().documents().items() if n.startswith("safety/")}
    present = {
        f"safety/{path.name}": path.read_text("utf-8")
        for path in (house.ROOT / "docs" / "safety").glob("*.md")
    }
    assert present == written


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Iterator[sabotage.ProjectCopy]:
    """A program of one line with its test, as `scripts/sabotage` copies it."""
    folder = tmp_path_factory.mktemp("sabotage")
    root = folder / "root"
    (root / "downtime").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / ".venv").mkdir()
    (root / "downtime" / "__init__.py").write_text(
        "def can_open(key):\n    return key == 'right'\n"
    )
    (root / "tests" / "test_lock.py").write_text(
        "from downtime import can_open\n\n\ndef test_right():\n    assert can_open('right')\n\n\n"
        "def test_wrong():\n    assert not can_open('wrong')\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sabotage, "ROOT", root)
        with sabotage.ProjectCopy(folder / "copy") as copy:
            yield copy


@pytest.mark.parametrize(
    ("without", "test", "caught"),
    [
        ("    return True", "test_wrong", True),
        ("    return True", "test_right", False),
        ("    return kez", "test_wrong", False),
    ],
    ids=["noticed", "not noticed", "a program that cannot run shows nothing"],
)
def test_a_control_is_taken_away_in_the_copy_alone(project, without, test, caught):
    source = "    return key == 'right'"
    control = Control(
        "Locked", "downtime/__init__.py", source, without, f"tests/test_lock.py::{test}"
    )
    assert project.try_without(control).caught is caught
    assert source in (project.path / "downtime" / "__init__.py").read_text()
