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
from downtime.cli.options import shared_options

SINGLE_COMMANDS = {
    "backup": (
        "safety",
        "Write all that this machine holds into one file, and open it again to be sure.",
    ),
    "blank": ("pack", "Print blank forms, each with a serial of its own."),
    "check": (
        "safety",
        "Look at everything in the home: every page of every database, audit, marks, keys.",
    ),
    "destroy": (
        "destroy",
        "Destroy this machine's home for good: its keys first, then every file.",
    ),
    "doctor": (
        "doctor",
        "Look whether this machine has what the program needs, a line each with what to do next.",
    ),
    "init": ("homes", "Create a home: keys, an empty vault and its first administrator."),
    "migrate": (
        "homes",
        "Bring the vault up to this version of Downtime, which any other command does as well.",
    ),
    "pack": (
        "pack",
        "Print the downtime pack of wards, of one patient, or of a clinic's or theatre's list.",
    ),
    "publish": (
        "services",
        "Build a snapshot of what was received, and carry it to the places of config.toml.",
    ),
    "pull": (
        "services",
        "Fetch the newest snapshot that can be believed from the places of config.toml.",
    ),
    "recover": (
        "homes",
        "Give an administrator access with the recovery code from its sealed envelope.",
    ),
    "report": (
        "statement",
        "Write the post-incident report: time line, charts, harm and open items.",
    ),
    "reprint": (
        "pack",
        "Print one form again, as it was, under a new serial; the old one becomes void.",
    ),
    "restore": ("safety", "Put a backup of a home back, on this machine or on a new one."),
    "run": (
        "services",
        "Run several services in one process until stopped: a publisher's, or a laptop's.",
    ),
    "scan": (
        "scan",
        "Read scanned pages from a folder or files (PDF, TIFF of many pages, JPEG, PNG), or from a scanner.",
    ),
    "serve": ("serve", "Serve the web app until stopped; it stays locked until somebody signs in."),
    "sign": (
        "statement",
        "Sign the completeness statement as one of its leads: says what is open, and asks for the password.",
    ),
    "statement": (
        "statement",
        "Write the completeness statement: every form, and everything still open.",
    ),
    "status": (
        "homes",
        "Show how old each system's data is, and how many numbers this laptop has left.",
    ),
}
"""Commands that are in no group: the module that holds each, and what it says of itself."""


class Program(click.Group):
    """The commands of the program; those of `SINGLE_COMMANDS` are only names until one is asked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was named, loaded."""
        if args[0] in SINGLE_COMMANDS:
            _load(SINGLE_COMMANDS[args[0]][0])
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of the program, else one that another package adds by its entry point."""
        program_command = super().get_command(ctx, cmd_name)
        return program_command or next((point.load() for point in find_extensions(cmd_name)), None)


def find_extensions(name: str | None = None) -> EntryPoints:
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


downtime.params.extend(shared_options(envvar="DOWNTIME_HOME"))
for _name, (_, _sentence) in SINGLE_COMMANDS.items():
    downtime.add_command(click.Command(_name, help=_sentence))


def add_group(name: str, text: str, *modules: str) -> Group:
    """A group of commands, listed under the program's name."""
    command_group = Group(name, text, modules)
    downtime.add_command(command_group)
    return command_group


audit = add_group("audit", "The audit trail: check it, sign it.", "audit")
break_glass = add_group(
    "break-glass", "Access for people without an account, and its review.", "break_glass"
)
entry = add_group("entry", "Entries keyed from paper.", "entry", "queries")
feeds = add_group(
    "feeds", "Data feeds from hospital systems.", "feeds", "feed_state", "feed_drafts"
)
event_commands = add_group(
    "events", "What staff record during an outage: the logs, and who is where.", "events"
)
fleet = add_group("fleet", "The site's machines and what each may do.", "fleet")
forms = add_group("forms", "Paper form definitions.", "forms")
ingest = add_group(
    "ingest",
    "Where messages come from, and what was received.",
    "ingest",
    "ingest_sources",
    "feed_drafts",
)
upgrade = add_group(
    "upgrade", "Packages of the program that this site's machines may install.", "upgrade"
)
sync = add_group("sync", "Merge what laptops hold at the records station.", "sync")
harm = add_group("harm", "Harm review: what the outage may have done to patients.", "harm")
identity = add_group(
    "identity", "Link patients on paper to patients in the recovered system.", "identity", "owners"
)
labels = add_group("labels", "Labels and wristbands; never for transfusion sample tubes.", "labels")
ledger = add_group("ledger", "Issued forms and where they are.", "ledger", "owners")
mark_commands = add_group(
    "marks", "How far this machine has come, and whether its home was copied.", "marks"
)
mutual_aid = add_group(
    "mutual-aid",
    "Signed summaries and capacity that travel between hospitals on paper.",
    "mutual_aid",
)
open_commands = add_group(
    "open", "Why the outage is still open: each thing once, and who has it.", "open_list"
)
number = add_group("number", "Downtime numbers for patients without a hospital number.", "outage")
outage = add_group("outage", "Outages and drills.", "outage")
packs = add_group("packs", "Printed packs, and those that failed.", "pack")
pages = add_group("pages", "Kept pictures of scanned pages: made small, and destroyed.", "pages")
person = add_group("person", "People who may sign in.", "people")
quality = add_group(
    "quality", "Data quality: what was wrong, and the board against a census.", "quality"
)
quarantine = add_group(
    "quarantine", "Snapshots that changed too much to be believed unseen.", "quarantine"
)
readiness = add_group(
    "readiness", "Whether this machine is ready for an outage, looked at each shift.", "readiness"
)
reconcile = add_group(
    "reconcile", "Compare paper with the recovered systems, and decide.", "reconcile", "owners"
)
returns = add_group("returns", "Return decided items to the recovered systems.", "returns", "rekey")
root = add_group("root", "The site's root: the keys that sign the list of machines.", "root")
shelf = add_group("shelf", "The reference shelf: protocols, plans and the telephone book.", "shelf")
snapshot = add_group("snapshot", "Encrypted snapshots of the hospital's data.", "snapshots")

tls = add_group("tls", "The certificate of the pages, and the front that encrypts them.", "tls")


def load_all_commands() -> click.Group:
    """The program with all of its commands loaded, for what reads them all."""
    for added in downtime.commands.values():
        if isinstance(added, Group):
            added.load()
    for module, _ in SINGLE_COMMANDS.values():
        _load(module)
    for point in find_extensions():
        downtime.add_command(point.load())
    return downtime
