"""The table of commands says what the modules hold, and a command loads only what it needs."""

import pkgutil
import subprocess
import sys
from importlib import import_module

import click
import pytest

from downtime import cli
from downtime.cli.program import SINGLE_COMMANDS, Group

MODULES = [f"downtime.cli.{info.name}" for info in pkgutil.iter_modules(cli.__path__)]


@pytest.fixture(scope="module")
def program():
    """The program with whatever any module adds to it."""
    for module in MODULES:
        import_module(module)
    return cli.load_all_commands()


def test_each_command_that_is_in_no_group_is_in_the_table_with_its_module_and_sentence(program):
    alone = {
        name: (one.callback.__module__, one.get_short_help_str(1000))
        for name, one in program.commands.items()
        if not isinstance(one, click.Group)
    }
    assert alone == {
        name: (f"downtime.cli.{module}", text) for name, (module, text) in SINGLE_COMMANDS.items()
    }


def test_each_group_names_the_modules_that_hold_its_commands(program):
    groups = [one for one in program.commands.values() if isinstance(one, Group)]
    modules = {
        one.name: {inner.callback.__module__ for inner in one.commands.values()} for one in groups
    }
    assert modules == {one.name: {f"downtime.cli.{name}" for name in one.modules} for one in groups}


def loaded(*arguments):
    """The modules that a new process has loaded after it ran a command."""
    code = "import sys; from downtime.cli import run; run(sys.argv[1:]); print(*sys.modules)"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HELP_LOADS = (
    "cli",
    "cli.options",
    "cli.program",
    "errors",
    "processes",
    "processes.private_memory",
)


def test_help_needs_no_room_of_the_hospital():
    ours = {name for name in loaded("--help") if name.startswith("downtime.")}
    assert ours <= {f"downtime.{name}" for name in HELP_LOADS}


@pytest.mark.parametrize("arguments", [("outage", "list"), ("person", "list"), ("feeds", "check")])
def test_what_prints_nothing_loads_no_press(arguments):
    heavy = {"weasyprint", "pikepdf", "fontTools", "rich"}
    assert not heavy & loaded(*arguments, "--help")
