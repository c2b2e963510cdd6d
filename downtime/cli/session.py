"""What all commands share: the options, the unlocked session, one document or some sentences."""

import sys
from collections.abc import Callable, Iterable
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import orjson

from downtime import config
from downtime.accounts import homes, permissions, sign_in
from downtime.accounts.model import Permission
from downtime.accounts.policies import check_password_is_own
from downtime.accounts.second_factor import describe_used
from downtime.accounts.sign_in import SignedIn
from downtime.cli.options import shared_options
from downtime.clock import Clock, system_clock
from downtime.config import Home
from downtime.errors import LockedError, apply_to_each
from downtime.fleet import unlock_notices
from downtime.outage import outages
from downtime.outage.events import ward_scope
from downtime.settings import Settings
from downtime.syslog import start_syslog
from downtime.vault import copied_home, keys
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.vault.write_access import describe_queue

T = TypeVar("T")

DEFAULT_HOME = Path.home() / ".downtime"


class Output(NamedTuple):
    """What a command answers: a document for programs, sentences for people, an exit code."""

    document: Any
    lines: Iterable[str] = ()
    exit_code: int = 0

    @classmethod
    def of_rows(
        cls,
        rows: Iterable[T],
        document: Callable[[T], Any],
        line: Callable[[T], str],
        nothing: str = "",
        exit_code: int = 0,
    ) -> "Output":
        """A document and a sentence for each row; `nothing` is said where there is none."""
        rows = list(rows)
        lines = [line(row) for row in rows]
        return cls([document(row) for row in rows], lines or [nothing] * bool(nothing), exit_code)


def pick(record: object, *names: str, **renamed: str) -> dict[str, Any]:
    """The part of a document that a record's attributes say: `names`, and others by another name."""
    attributes = {name: name for name in names} | renamed
    values = {key: getattr(record, name) for key, name in attributes.items()}
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}


class Session:
    """One command's home, and its vault once somebody has unlocked it."""

    def __init__(
        self,
        home_path: Path | None,
        unlock_file: Path | None,
        as_json: bool,
        permission: Permission,
    ) -> None:
        self.named = home_path
        self.unlock_file = unlock_file
        self.as_json = as_json
        self.permission = permission
        self.clock: Clock = system_clock

    @property
    def home(self) -> Home:
        """The home that was named, else the user's own."""
        return self.home_or(DEFAULT_HOME)

    def home_or(self, default: Path) -> Home:
        """The home that was named, else the one at `default`."""
        return Home((self.named or default).absolute())

    @cached_property
    def settings(self) -> Settings:
        """The home's settings; security events go from now on to where they say."""
        settings = config.load_settings(self.home.config_file)
        start_syslog(settings.monitoring)
        return settings

    @cached_property
    def existing_home(self) -> Home | None:
        """The home; None when none was named and the user has none."""
        if self.named:
            keys.check_home_exists(self.home)
        return self.home if keys.home_exists(self.home) else None

    @property
    def settings_or_default(self) -> Settings:
        """The home's settings, or the defaults where there is no home.

        A folder that was named and holds nothing but a `config.toml` is enough: what needs only
        settings is tried before there is a home.
        """
        if self.named and self.home.config_file.is_file():
            return self.settings
        return self.settings if self.existing_home else Settings()

    def admit(self, works_locked: bool) -> None:
        """Let nobody further than they may go; a public command goes on without a home."""
        if self.permission == Permission.PUBLIC:
            return
        _ = self.settings  # a missing home, or a mistake in its settings, is said first
        if not works_locked:
            _ = self.signed_in

    @cached_property
    def signed_in(self) -> SignedIn:
        """Unlock by file or prompt, then check that this person may do what was asked."""
        signed_in = self._unlock()
        try:
            check_password_is_own(signed_in.person, self.permission)
            permissions.check_can(signed_in.person, self.permission)
            scope = ward_scope.find_scope(signed_in.vault, self.settings, signed_in.person.id)
            ward_scope.check_permission(scope, self.permission, page=False)
        except BaseException:
            signed_in.vault.close()
            raise
        for notice in (*copied_home.list_notices(signed_in.vault), *self._list_notices(signed_in)):
            click.echo(notice, err=True)
        return signed_in

    def _list_notices(self, signed_in: SignedIn) -> Iterable[str]:
        outage_open = outages.find_current(signed_in.vault) is not None
        return unlock_notices.list_notices(
            signed_in.vault, self.settings, signed_in.actor, outage_open=outage_open
        )

    def _unlock(self) -> SignedIn:
        if self.unlock_file:
            return homes.open_with_file(self.home, self.settings, self.clock, self.unlock_file)
        settings = self.settings  # a missing home is said before anything is asked
        username, password = prompt_for("User name"), prompt_for("Password", secret=True)
        code = prompt_for("One-time code")
        signed_in = sign_in.sign_in(self.home, settings, self.clock, username, password, code)
        if used := signed_in.printed_code:
            click.echo(describe_used(used), err=True)
        return signed_in

    @property
    def vault(self) -> Vault:
        return self.signed_in.vault

    @property
    def actor(self) -> Actor:
        return self.signed_in.actor

    def close(self) -> None:
        """Close the vault if it was opened."""
        if "signed_in" in self.__dict__:
            for line in describe_queue(self.signed_in.vault.write_access):
                click.echo(line, err=True)
            self.signed_in.vault.close()


def prompt_for(what: str, *, secret: bool = False) -> str:
    """Ask at the terminal; LockedError where nobody sits at one and no line was piped in."""
    if sys.stdin.isatty():
        answer: str = click.prompt(what, hide_input=secret, err=True)
        return answer
    if line := sys.stdin.readline().strip():
        return line
    raise LockedError(
        "signin.nobody",
        f"{what}: nobody is at a terminal to answer.",
        "Run this command in a terminal. Programs unlock with --unlock-file, and pipe in other answers.",
    )


def command(
    parent: click.Group, name: str, permission: Permission, *, works_locked: bool = False
) -> Callable[[Any], click.Command]:
    """Add a command that needs a permission; its function takes a Session and returns an Output.

    The home is there and who asks may do this before anything else is looked at. What `works_locked`
    asks for that itself, as far as it needs it. The shared options may stand before or after the
    command's name.
    """

    def decorate(function: Callable[..., Output]) -> click.Command:
        def invoke(
            context: click.Context,
            home: Path | None,
            unlock_file: Path | None,
            as_json: bool,
            **arguments: Any,
        ) -> int:
            first_home, first_file, first_json = context.obj
            as_json = as_json or first_json
            session = Session(home or first_home, unlock_file or first_file, as_json, permission)
            try:
                session.admit(works_locked)
                output = function(session, **arguments)
            finally:
                session.close()
            _print_output(output, as_json)
            return output.exit_code

        update_wrapper(invoke, function)
        built_command = click.command(name)(click.pass_context(invoke))
        built_command.params.extend(shared_options())
        built_command.permission = permission  # type: ignore[attr-defined]
        built_command.works_locked = works_locked  # type: ignore[attr-defined]
        parent.add_command(built_command)
        return built_command

    return decorate


def command_for_each(
    parent: click.Group,
    name: str,
    permission: Permission,
    show: Callable[[list[T]], Output],
    metavar: str = "SERIAL",
) -> Callable[[Callable[..., T]], click.Command]:
    """Add a command that does the same for each of its arguments; its function takes one of them."""

    def decorate(function: Callable[..., T]) -> click.Command:
        def do_each(session: Session, names: tuple[str, ...], **options: Any) -> Output:
            return show(apply_to_each(names, lambda item: function(session, item, **options)))

        update_wrapper(do_each, function)
        names = click.argument("names", nargs=-1, required=True, metavar=f"{metavar}...")
        return command(parent, name, permission)(names(do_each))

    return decorate


def _print_output(output: Output, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(output.document, option=orjson.OPT_INDENT_2) + b"\n")
        return
    for line in output.lines:
        click.echo(line)
