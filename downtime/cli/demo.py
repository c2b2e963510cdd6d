"""The demonstration hospital: its feeds, and its whole outage told from beginning to end.

It is loaded when it is asked for: all other commands start without it.
"""

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import orjson

from downtime.accounts import totp
from downtime.accounts.model import Permission
from downtime.cli import serve
from downtime.cli.app import Output, Session, command
from downtime.cli.program import demo
from downtime.errors import ConflictError, NotFoundError

DEFAULT_HOME = Path("demo")
SIZE = click.option(
    "--size", type=click.Choice(["small", "large"]), default="small", help="4 or 40 wards."
)
SEED = click.option(
    "--seed", type=click.IntRange(0), default=1, help="Another seed, another hospital."
)
HOURS_APART = 8


@command(demo, "feeds", permission=Permission.PUBLIC)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@SIZE
@SEED
@click.option(
    "--phase",
    type=click.Choice(["before", "after"]),
    default="before",
    help="Before the outage, or once recovered.",
)
@click.option(
    "--now",
    "moment",
    type=click.DateTime(["%Y-%m-%dT%H:%M"]),
    help="When the outage begins (UTC), for both phases. Default: a whole eight hours of the day, long enough ago for both.",
)
def feeds(
    session: Session, folder: Path, size: str, seed: int, phase: str, moment: datetime | None
) -> Output:
    """Write what the hospital's systems would send into FOLDER."""
    from downtime.demo import feeds as writing

    begins = moment.replace(tzinfo=UTC) if moment else _default_begin(session.clock())
    written = writing.write_feeds(folder, size, seed, phase, begins)
    document = {
        "folder": str(folder),
        "as_at": written.as_at.isoformat(),
        "files": written.files,
        "wards": written.wards,
        "inpatients": written.inpatients,
        "requests": written.requests,
        "appointments": written.appointments,
        "seconds": round(written.seconds, 3),
    }
    lines = [f"{name:<30} {count:>8}" for name, count in written.files.items()]
    return Output(document, [f"As at {written.as_at:%d-%b-%Y %H:%M} UTC, in {folder}:", *lines])


@command(demo, "run", permission=Permission.PUBLIC)
@SIZE
@SEED
@click.option("--no-serve", is_flag=True, help="Stop when the story is told.")
def run(session: Session, size: str, seed: int, no_serve: bool) -> Output:
    """Tell a whole outage, then serve the web app on the laptop that lived through it.

    The home, ./demo unless named, is made anew each time. The story is told on standard error.
    """
    from downtime.demo import story

    home = session.home_or(DEFAULT_HOME)
    click.echo("One invented hospital, and one outage of its systems that ends just now.", err=True)
    facts = story.run(home, size, seed, session.clock, lambda line: click.echo(line, err=True))
    if not session.as_json:
        for line in _farewell(facts, session.clock()):
            click.echo(line)
    if no_serve:
        return Output(facts)
    click.echo("", err=True)
    serve.start(home)
    return Output(facts)


@command(demo, "month", permission=Permission.PUBLIC)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--laptops", type=click.IntRange(3, 20), default=10, help="Laptops, two of which get lost."
)
@click.option("--forms", type=click.IntRange(60), default=20_000, help="Forms that are printed.")
@SEED
def month(session: Session, folder: Path, laptops: int, forms: int, seed: int) -> Output:
    """Simulate a month's outage in FOLDER; exit 1 unless its statement says what happened.

    Every number of the statement is laid beside the simulation's own count. FOLDER has to be new.
    """
    from tests.simulation import month as simulation

    if folder.exists() and any(folder.iterdir()):
        raise ConflictError(
            "demo.folder", f"The folder {folder.name} is not empty.", "Name a new one."
        )
    folder.mkdir(parents=True, exist_ok=True)
    lived = simulation.simulate(
        folder, laptops=laptops, forms=forms, seed=seed, clock=session.clock,
        say=lambda line: click.echo(line, err=True),
    )  # fmt: skip
    lines = [
        f"{lived.statement.verdict}: {lived.numbers} numbers of the statement compared,"
        f" {len(lived.differences)} differ.",
        *lived.differences,
    ]
    return Output(lived.as_data(), lines, 1 if lived.differences else 0)


@command(demo, "code", permission=Permission.PUBLIC)
@click.argument("username")
def code(session: Session, username: str) -> Output:
    """The one-time code of a demonstration account now, as its owner's telephone would show it."""
    from downtime.demo.context import FOLDER
    from downtime.demo.staff import ACCOUNTS

    home = session.home_or(DEFAULT_HOME)
    for account in _accounts(home.path / FOLDER / ACCOUNTS):
        if account["username"] == username:
            present = totp.make_code(account["one_time_code_secret"], session.clock())
            return Output({"code": present}, [present])
    raise NotFoundError(
        "demo.account",
        f"The demonstration has no account '{username}'.",
        "'downtime demo run' prints their names.",
    )


def _default_begin(now: datetime) -> datetime:
    """The same for both phases while both are past, so that they make one hospital."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    slot = now.hour // HOURS_APART
    return day + timedelta(hours=HOURS_APART * (slot - 1))


def _accounts(path: Path) -> list[dict[str, str]]:
    try:
        accounts: list[dict[str, str]] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotFoundError(
            "demo.missing",
            f"There is no demonstration at {path.parent.parent}.",
            "Run scripts/demo, or name its home with --home.",
        ) from None
    return accounts


def _farewell(facts: dict[str, object], now: datetime) -> list[str]:
    from downtime.demo.story import SUMMARY

    pack, returns, statement = facts["pack"], facts["returns"], facts["statement"]
    program = "downtime" if shutil.which("downtime") else sys.argv[0]
    lines = [
        "",
        f"Packs      {pack['path']}",  # type: ignore[index]
        f"Returned   {returns['path']}",  # type: ignore[index]
        f"Statement  {statement['pdf']}",  # type: ignore[index]
        f"Summary    {Path(str(facts['home'])) / SUMMARY}",
        "",
        f"Sign in with any of these. For a new code: {program} --home {facts['home']} demo code NAME",
        f"  {'user name':<10} {'password':<20} {'code now':<10} role",
    ]
    for account in _accounts(Path(str(facts["accounts"]))):
        present = totp.make_code(account["one_time_code_secret"], now)
        lines.append(
            f"  {account['username']:<10} {account['password']:<20} {present:<10} {account['role']}"
        )
    return lines
