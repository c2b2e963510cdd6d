"""The commands `downtime demo …`, which the program finds by the entry point `downtime.commands`.

Nothing of the program imports the demonstration; without it everything else works.
"""

import shutil
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import orjson

from downtime import config
from downtime.accounts import totp
from downtime.accounts.model import Permission
from downtime.clock import system_clock
from downtime.config import Home
from downtime.errors import NotFoundError

DEFAULT_HOME = Path("demo")
PHASE_HOURS = 8
"""The outage of a day begins at a multiple of these hours, so that both phases make one hospital."""

demo = click.Group("demo", help="A demonstration hospital; every person in it is invented.")

_HOME = click.option("--home", type=click.Path(path_type=Path), metavar="DIR", help="Home folder.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
_SIZE = click.option(
    "--size", type=click.Choice(["small", "large"]), default="small", help="4 or 40 wards."
)
_SEED = click.option(
    "--seed", type=click.IntRange(0), default=1, help="Another seed, another hospital."
)


def _command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Add a command that anybody may run: it touches invented people only."""

    def add(function: Callable[..., Any]) -> click.Command:
        command = demo.command(name)(click.pass_context(function))
        command.permission = Permission.PUBLIC  # type: ignore[attr-defined]
        return command

    return add


def _home(context: click.Context, home: Path | None) -> Home:
    return Home((home or context.obj[0] or DEFAULT_HOME).absolute())


def _show(context: click.Context, as_json: bool, document: object, lines: Iterable[str]) -> None:
    if as_json or context.obj[2]:
        click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    for line in lines:
        click.echo(line)


@_command("feeds")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_SIZE
@_SEED
@click.option(
    "--phase",
    type=click.Choice(["before", "after"]),
    default="before",
    help="Before the outage, or once recovered.",
)
@click.option(
    "--now",
    "outage_start",
    type=click.DateTime(["%Y-%m-%dT%H:%M"]),
    help="When the outage begins (UTC), for both phases. Default: a whole eight hours of the day,"
    " long enough ago for both.",
)
@_JSON
def feeds(
    context: click.Context,
    folder: Path,
    size: str,
    seed: int,
    phase: str,
    outage_start: datetime | None,
    as_json: bool,
) -> None:
    """Write what the hospital's systems would send into FOLDER."""
    from downtime.demo.feeds import write_feeds

    start = outage_start.replace(tzinfo=UTC) if outage_start else _default_start(system_clock())
    summary = write_feeds(folder, size, seed, phase, start)
    document = {
        "folder": str(folder),
        "as_at": summary.as_at.isoformat(),
        "files": summary.files,
        "wards": summary.wards,
        "inpatients": summary.inpatients,
        "requests": summary.requests,
        "appointments": summary.appointments,
        "seconds": round(summary.seconds, 3),
    }
    title = f"As at {summary.as_at:%d-%b-%Y %H:%M} UTC, in {folder}:"
    counts = [f"{name:<30} {count:>8}" for name, count in summary.files.items()]
    _show(context, as_json, document, [title, *counts])


@_command("run")
@_HOME
@_SIZE
@_SEED
@click.option("--no-serve", is_flag=True, help="Make the home and stop.")
@click.option(
    "--closed",
    is_flag=True,
    help="Go on until everything is keyed, decided, signed and closed; else stop half way.",
)
@_JSON
def run(
    context: click.Context,
    home: Path | None,
    size: str,
    seed: int,
    no_serve: bool,
    closed: bool,
    as_json: bool,
) -> None:
    """Live through an outage, then serve the web app on the laptop that was used in it.

    It stands in the middle: one outage is being recovered, and systems have failed again. The home,
    ./demo unless named, is made anew each time. Progress goes to standard error.
    """
    from downtime.demo import story

    laptop = _home(context, home)
    click.echo("One invented hospital, and the outages of its systems.", err=True)
    ending = story.Ending.CLOSED if closed else story.Ending.HALF_WAY
    facts = story.run(
        laptop, size, seed, system_clock, lambda line: click.echo(line, err=True), ending
    )
    _show(context, as_json, facts, _farewell(facts, system_clock(), no_serve))
    if not no_serve:
        click.echo("", err=True)
        _serve(laptop, None)


@_command("serve")
@_HOME
@click.option("--port", default=None, type=click.IntRange(1, 65535), help="Port (web.port).")
def serve(context: click.Context, home: Path | None, port: int | None) -> None:
    """Serve a demonstration, with a page that shows who can sign in and with which code."""
    laptop = _home(context, home)
    read_accounts(laptop)
    _serve(laptop, port)


def _serve(home: Home, port: int | None) -> None:
    from downtime.demo.pages import make_pages

    settings = config.load_settings(home.config_file)
    (server,) = entry_points(group="downtime.server")
    pages = make_pages(lambda: read_accounts(home), system_clock)
    server.load()(home, settings, port=port, pages=(pages,), announce=_announce)


def _announce(address: str) -> None:
    click.echo(f"Serving at {address} until Ctrl-C; codes at {address}demonstration", err=True)


@_command("code")
@_HOME
@click.argument("username")
@_JSON
def code(context: click.Context, home: Path | None, username: str, as_json: bool) -> None:
    """The one-time code of a demonstration account now, as its owner's telephone would show it."""
    for account in read_accounts(_home(context, home)):
        if account["username"] == username:
            present = totp.make_code(account["one_time_code_secret"], system_clock())
            return _show(context, as_json, {"code": present}, [present])
    raise NotFoundError(
        "demo.account",
        f"The demonstration has no account '{username}'.",
        "'downtime demo run' prints their names.",
    )


def _default_start(now: datetime) -> datetime:
    """The same for both phases while both are past."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(hours=PHASE_HOURS * (now.hour // PHASE_HOURS - 1))


def read_accounts(home: Home) -> list[dict[str, str]]:
    """Who can sign in to a demonstration; NotFoundError when there is none."""
    from downtime.demo.context import FOLDER
    from downtime.demo.staff import ACCOUNTS

    path = home.path / FOLDER / ACCOUNTS
    try:
        accounts: list[dict[str, str]] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotFoundError(
            "demo.missing",
            f"There is no demonstration at {home.path}.",
            "Run scripts/demo, or name its home with --home.",
        ) from None
    return accounts


def _farewell(facts: dict[str, Any], now: datetime, no_serve: bool) -> list[str]:
    """Where everything lies, and how to sign in."""
    from downtime.demo.story import SUMMARY

    home = facts["home"]
    program = "downtime" if shutil.which("downtime") else sys.argv[0]
    lines = [
        "",
        f"Packs      {facts['pack']['path']}",
        f"Returned   {facts['returns']['path']}",
        *([f"Statement  {facts['statement']['pdf']}"] if "statement" in facts else []),
        f"Summary    {Path(home) / SUMMARY}",
        "",
        f"Sign in with any of these. For a new code: {program} demo code --home {home} NAME",
        f"  {'user name':<10} {'password':<20} {'code now':<10} role",
    ]
    for account in read_accounts(Home(Path(home))):
        present = totp.make_code(account["one_time_code_secret"], now)
        lines.append(
            f"  {account['username']:<10} {account['password']:<20} {present:<10} {account['role']}"
        )
    if no_serve:
        lines += ["", f"Serve it with: {program} demo serve --home {home}"]
    return lines
