"""Options that commands share, and the kinds of value that several of them take."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

_VERSIONED = re.compile(r"(.+)=([0-9a-f]{16})", re.DOTALL)
F = TypeVar("F", bound=Callable[..., Any])

REASON = click.option("--reason", required=True, help="Reason, kept in the audit.")
OPTIONAL_REASON = click.option("--reason", default="", help="A remark, kept in the audit.")
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FILE = click.argument("file", type=EXISTING_FILE)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class EnumChoice(click.Choice[Any]):
    """One member of an enumeration, typed as its value: click itself would ask for its name."""

    def __init__(self, members: Iterable[str]) -> None:
        super().__init__(list(members))

    def normalize_choice(self, choice: Any, ctx: click.Context | None) -> str:
        """What is typed for a member."""
        return str(choice)


class NewFile(click.Path):
    """A file to write: its folder has to be there before any work is done for it."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Path:
        """The path; a usage error when nothing can be written there."""
        path = Path(os.fsdecode(super().convert(value, param, context)))
        if not path.parent.is_dir():
            self.fail(f"There is no folder '{path.parent}'. Make it first.", param, context)
        if not os.access(path.parent, os.W_OK):
            self.fail(f"You may not write in the folder '{path.parent}'.", param, context)
        return path


def out_option(text: str, metavar: str = "FILE") -> Callable[[F], F]:
    """The option `--out` of a command that writes a new file."""
    return click.option("--out", required=True, type=NewFile(), metavar=metavar, help=text)


def shared_options(envvar: str | None = None) -> list[click.Option]:
    """The options that may stand before or after a command's name."""
    path = click.Path(path_type=Path)
    return [
        click.Option(
            ["--home"],
            type=path,
            envvar=envvar,
            metavar="DIR",
            help="Home folder; else DOWNTIME_HOME, else ~/.downtime.",
        ),
        click.Option(
            ["--unlock-file"],
            type=path,
            metavar="FILE",
            help="Unlock with this file instead of signing in.",
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            help="Write one JSON document to standard output.",
        ),
    ]


def parse_shown(texts: Sequence[str]) -> dict[str, str]:
    """Each thing that a command showed, with the version that it showed; empty for one given by its key alone."""
    matches = {text: _VERSIONED.fullmatch(text) for text in texts}
    return {m[1] if m else text: m[2] if m else "" for text, m in matches.items()}
