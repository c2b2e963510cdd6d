"""The program: its commands by name, and the modules that hold them, loaded when they are asked for.

A command's module loads what it works with, so that 'downtime --help' and each command start at
once.
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path

import click

from downtime import __version__
from downtime.cli.options import shared

ALONE = {
    "blank": ("pack", "Print blank forms, each with a serial of its own."),
    "init": ("homes", "Make a new home: keys, an empty vault and its first administrator."),
    "migrate": (
        "homes",
        "Bring the vault to the schema of this program; make a backup of the home first.",
    ),
    "pack": (
        "pack",
        "Print the downtime pack of wards, of one patient, or of a clinic's or theatre's list.",
    ),
    "recover": (
        "homes",
        "Let an administrator in with the recovery code from its sealed envelope.",
    ),
    "report": (
        "statement",
        "Report on the outage: time line, charts with tables, harm, and what is open.",
    ),
    "reprint": (
        "pack",
        "Print one form again, as it was, under a new serial; the old one becomes void.",
    ),
    "serve": ("serve", "Serve the web app until stopped; it stays locked until somebody signs in."),
    "sign": ("statement", "Sign the completeness statement as one of its leads."),
    "statement": (
        "statement",
        "State which forms are accounted for, and name everything that is still open.",
    ),
    "status": (
        "homes",
        "How old each system's data is, and what is left of this laptop's blocks of numbers.",
    ),
}
"""Commands that are in no group: the module that holds each, and what it says of itself."""


class Program(click.Group):
    """The commands of the program; those of `ALONE` are only names until one is asked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was named, loaded."""
        if args[0] in ALONE:
            _load(ALONE[args[0]][0])
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of the program, else one that another package adds by its entry point."""
        own = super().get_command(ctx, cmd_name)
        return own or next((point.load() for point in extensions(cmd_name)), None)


def extensions(name: str | None = None) -> EntryPoints:
    """Commands that stand outside the program (`downtime demo`), by their entry points."""
    points = entry_points(group="downtime.commands")
    return points.select(name=name) if name else points


class Group(click.Group):
    """A group whose commands are in `modules`."""

    def __init__(self, name: str, text: str, modules: Sequence[str]) -> None:
        super().__init__(name, help=text)
        self.modules = modules

    def load(self) -> None:
        """Load the modules, which add its commands."""
        for module in self.modules:
            _load(module)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of its commands."""
        self.load()
        return super().list_commands(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was named, loaded."""
        self.load()
        return super().resolve_command(ctx, args)


def _load(module: str) -> None:
    import_module(f"downtime.cli.{module}")


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def downtime(
    context: click.Context, home: Path | None, unlock_file: Path | None, as_json: bool
) -> None:
    """Keep a hospital working when its computers do not.

    In the order of an outage: feeds, snapshot, outage, pack, ledger, entry, reconcile, returns,
    statement. Every command explains itself with --help.
    """
    context.obj = (home, unlock_file, as_json)


downtime.params.extend(shared(envvar="DOWNTIME_HOME"))
for _name, (_, _sentence) in ALONE.items():
    downtime.add_command(click.Command(_name, help=_sentence))


def group(name: str, text: str, *modules: str) -> Group:
    """A group of commands, listed under the program's name."""
    added_group = Group(name, text, modules)
    downtime.add_command(added_group)
    return added_group


audit = group("audit", "The chain of everything that was done.", "audit")
devices = group("device", "The machines that exchange bundles.", "devices")
entry = group("entry", "What people keyed from paper.", "entry")
feeds = group("feeds", "What hospital systems send.", "feeds")
forms = group("forms", "The paper forms of this installation.", "forms", "own_forms")
sync = group("sync", "What laptops hold, merged at the records station.", "sync")
harm = group("harm", "What the outage may have done to patients.", "harm")
identity = group("identity", "Who a downtime number or an unknown person is.", "identity", "owners")
labels = group("labels", "Sheets of labels; none is for a transfusion sample tube.", "labels")
ledger = group("ledger", "Where each issued form is.", "ledger")
number = group("number", "Downtime numbers for patients without a hospital number.", "outage")
outage = group("outage", "Which systems are down.", "outage")
packs = group("packs", "What was printed, and what failed.", "pack")
person = group("person", "Who may sign in.", "people")
reconcile = group("reconcile", "Paper compared with the recovered hospital.", "reconcile", "owners")
returns = group("returns", "What goes back to the recovered systems.", "returns")
snapshot = group("snapshot", "Sealed pictures of the hospital's data.", "snapshots")


def whole() -> click.Group:
    """The program with all of its commands loaded, for what reads them all."""
    for one in downtime.commands.values():
        if isinstance(one, Group):
            one.load()
    for module, _ in ALONE.values():
        _load(module)
    for point in extensions():
        downtime.add_command(point.load())
    return downtime
