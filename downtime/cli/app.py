"""What all commands share: the options, the unlocked session, one document or some sentences."""

import getpass
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import Any, NamedTuple

import click
import orjson
from rich.console import Console
from rich.progress import Progress

from downtime import __version__, config
from downtime.accounts import opening, permissions, signin
from downtime.accounts.signin import SignedIn
from downtime.clock import Clock, system_clock
from downtime.config import Home, Settings
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

DEFAULT_HOME = Path.home() / ".downtime"


class Output(NamedTuple):
    """What a command answers: a document for programs, sentences for people, an exit code."""

    document: Any
    lines: Iterable[str] = ()
    exit_code: int = 0


class Session:
    """One command's home, and its vault once somebody has unlocked it."""

    def __init__(
        self, named: Path | None, unlock_file: Path | None, as_json: bool, action: str
    ) -> None:
        self.named = named
        self.unlock_file = unlock_file
        self.as_json = as_json
        self.action = action
        self.clock: Clock = system_clock
        self.migrates = False  # set by the one command that may open an older vault

    @property
    def home(self) -> Home:
        """The home that was named, else the user's own."""
        return self.home_or(DEFAULT_HOME)

    def home_or(self, default: Path) -> Home:
        """The home that was named, else the one at `default`."""
        return Home((self.named or default).absolute())

    @cached_property
    def settings(self) -> Settings:
        """The home's settings."""
        return config.load(self.home.config)

    @cached_property
    def settings_or_default(self) -> Settings:
        """The home's settings, or the defaults where there is no home yet."""
        return self.settings if self.home.config.exists() else Settings()

    @cached_property
    def signed_in(self) -> SignedIn:
        """Unlock by file or prompt, then check that this person may do what was asked."""
        signed_in = self._unlock()
        try:
            permissions.check_can(signed_in.person, self.action)
            if not self.migrates:
                signed_in.vault.check_schema()
        except BaseException:
            signed_in.vault.close()
            raise
        return signed_in

    def _unlock(self) -> SignedIn:
        if self.unlock_file:
            return opening.open_with_file(self.home, self.settings, self.clock, self.unlock_file)
        username = click.prompt("User name", err=True)
        password = getpass.getpass("Password: ")
        code = click.prompt("One-time code", err=True)
        return signin.sign_in(self.home, self.settings, self.clock, username, password, code)

    @property
    def vault(self) -> Vault:
        return self.signed_in.vault

    @property
    def who(self) -> Actor:
        return self.signed_in.actor

    def close(self) -> None:
        """Close the vault if it was opened."""
        if "signed_in" in self.__dict__:
            self.signed_in.vault.close()

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on standard error, on a terminal only; called with (done, total)."""
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", type=click.Path(path_type=Path), help="Home folder (DOWNTIME_HOME).")
@click.option("--unlock-file", type=click.Path(path_type=Path), help="Unlock with this file.")
@click.version_option(__version__)
@click.pass_context
def downtime(context: click.Context, home: Path | None, unlock_file: Path | None) -> None:
    """Keep a hospital working when its computers do not."""
    context.obj = (home, unlock_file)


SHARED = (
    click.option(
        "--home", type=click.Path(path_type=Path), envvar="DOWNTIME_HOME", help="Home folder."
    ),
    click.option(
        "--unlock-file",
        type=click.Path(path_type=Path),
        help="Unlock with this file, not by prompt.",
    ),
    click.option(
        "--json", "as_json", is_flag=True, help="Write one JSON document to standard output."
    ),
)


def group(name: str, text: str) -> click.Group:
    """A group of commands, listed under the program's name."""
    made = click.Group(name, help=text)
    downtime.add_command(made)
    return made


def command(parent: click.Group, name: str, action: str) -> Callable[[Any], click.Command]:
    """Add a command that does `action`; its function takes a Session and returns an Output.

    The shared options may stand before or after the command's name.
    """

    def decorate(function: Callable[..., Output]) -> click.Command:
        def invoke(
            context: click.Context,
            home: Path | None,
            unlock_file: Path | None,
            as_json: bool,
            **arguments: Any,
        ) -> int:
            first_home, first_file = context.obj
            named = home or first_home
            session = Session(named, unlock_file or first_file, as_json, action)
            try:
                output = function(session, **arguments)
            finally:
                session.close()
            _show(output, as_json)
            return output.exit_code

        update_wrapper(invoke, function)
        for option in reversed(SHARED):
            option(invoke)
        made = click.command(name)(click.pass_context(invoke))
        made.action = action  # type: ignore[attr-defined]
        parent.add_command(made)
        return made

    return decorate


def _show(output: Output, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(output.document, option=orjson.OPT_INDENT_2) + b"\n")
        return
    for line in output.lines:
        click.echo(line)
