"""Which packages of the program the site's machines may be upgraded to, without a network."""

from dataclasses import asdict
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.fleet import LIST_OUT, write_list
from downtime.cli.options import FILE, REASON
from downtime.cli.program import upgrade
from downtime.cli.session import Output, Session, command
from downtime.cli.sticks import STICK, open_keys
from downtime.fleet import program_packages
from downtime.fleet.machine_list import require_list
from downtime.fleet.program_packages import ProgramPackage


@command(upgrade, "approve", permission=Permission.DEVICE_MANAGE)
@FILE
@STICK
@LIST_OUT
@REASON
def approve(
    session: Session, file: Path, sticks: tuple[Path, ...], out: Path | None, reason: str
) -> Output:
    """Let the site's machines install a package: its digest goes into the signed list.

    FILE is a downtime_….deb that you made yourself, or whose maker's signature you have checked.
    """
    package = program_packages.read_package(file)
    (key, *_) = open_keys(sticks)
    listed = program_packages.approve_package(
        session.vault, session.settings, package, key, session.actor, reason
    )
    write_list(listed, out)
    return Output(
        {**asdict(package), "list": listed.version},
        [
            f"{package.name} is approved in list number {listed.version}, which travels with the next"
            " snapshot.",
            f"SHA-256 {package.sha256}",
            "On each machine, once it has that list: downtime-upgrade FILE",
        ],
    )


@command(upgrade, "withdraw", permission=Permission.DEVICE_MANAGE)
@click.argument("name")
@STICK
@LIST_OUT
@REASON
def withdraw(
    session: Session, name: str, sticks: tuple[Path, ...], out: Path | None, reason: str
) -> Output:
    """Let no machine install a package any more; where it is installed it stays."""
    (key, *_) = open_keys(sticks)
    listed = program_packages.withdraw_package(
        session.vault, session.settings, name, key, session.actor, reason
    )
    write_list(listed, out)
    return Output(
        {"name": name, "list": listed.version},
        [f"{name} is withdrawn in list number {listed.version}. Where it is installed it stays."],
    )


@command(upgrade, "list", permission=Permission.PUBLIC)
def list_(session: Session) -> Output:
    """The packages that the list on this machine approves."""
    return Output.of_rows(
        program_packages.list_packages(require_list(session.home)),
        asdict,
        lambda package: f"{package.name}  {package.length:,} bytes  SHA-256 {package.sha256}",
        "No package is approved: see 'downtime upgrade approve'.",
    )


@command(upgrade, "check", permission=Permission.PUBLIC)
@FILE
@click.option("--back", is_flag=True, help="Also an older version than the one installed.")
def check(session: Session, file: Path, back: bool) -> Output:
    """Whether this machine may install a package: approved, unaltered, and newer than its own.

    Nothing is installed, and nobody needs to sign in: 'downtime-upgrade FILE' asks this, then installs.
    """
    package: ProgramPackage = program_packages.check_package(session.home, file, goes_back=back)
    listed = require_list(session.home)
    return Output(
        {**asdict(package), "list": listed.version, "issued": listed.issued},
        [
            f"{package.name} is approved in list number {listed.version} of {listed.issued[:10]}, and may be"
            " installed here."
        ],
    )
