"""Make a home, bring it up to date, and say how it is."""

from collections.abc import Iterator
from pathlib import Path

import click

from downtime import config
from downtime.accounts import homes, permissions
from downtime.accounts import recover_access as recovering
from downtime.accounts.homes import NewHome
from downtime.accounts.model import Permission
from downtime.accounts.safe_sheet import make_safe_sheet
from downtime.cli.machine_report import describe_machine, word_machine, word_own
from downtime.cli.options import EXISTING_FILE, NewFile
from downtime.cli.program import downtime
from downtime.cli.qr_code import draw_terminal_qr_code
from downtime.cli.session import Output, Session, command, pick, prompt_for
from downtime.clock import to_text
from downtime.demo.settings import settings_text
from downtime.errors import NotFoundError, StaleDataError, UserError
from downtime.fleet import declared_elsewhere
from downtime.fleet.fleet_status import MachineStatus, list_fleet, read_own_status
from downtime.fleet.known_time import describe_clock, find_known_time, reckon_ages
from downtime.fleet.machine_alarms import MachineLevel
from downtime.fleet.machine_state import list_stale, note_machine_state
from downtime.outage import outages
from downtime.outage.outages import list_down_systems
from downtime.paper import ledger
from downtime.snapshot import local_snapshots
from downtime.snapshot.header import SystemTime
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault

_SHEET = click.option(
    "--sheet",
    type=NewFile(),
    metavar="FILE",
    help="Write a sheet for the safe, with the recovery code in clear: print it, delete the file.",
)


@command(downtime, "init", permission=Permission.PUBLIC)
@click.option("--site", default="", metavar="NAME", help="Name of the hospital.")
@click.option(
    "--site-code",
    default="",
    metavar="CODE",
    help="Short code of the hospital, with --site: its ODS code, say. All its machines have one.",
)
@click.option(
    "--settings",
    "settings_file",
    type=EXISTING_FILE,
    help="Begin with this config.toml, for example another laptop's.",
)
@click.option(
    "--device",
    default="",
    help="Two capital letters or digits, without I, O, 0, 1; no other machine has them.",
)
@click.option("--device-name", default="laptop", help="What people call this machine.")
@click.option("--administrator", default="admin", help="User name of the first administrator.")
@_SHEET
def init(
    session: Session,
    site: str,
    site_code: str,
    settings_file: Path | None,
    device: str,
    device_name: str,
    administrator: str,
    sheet: Path | None,
) -> Output:
    """Create a home: keys, an empty vault and its first administrator.

    Without --site and --settings it is a home of the demonstration hospital. The administrator's
    password, second factor (as a QR code, too) and the recovery code are shown once. With --unlock-file a service
    account is made too, for programs that run without a person; the file is written when there is
    none.
    """
    if site and settings_file:
        raise click.UsageError("Name the site in the settings file, or give --site; not both.")
    if bool(site) != bool(site_code):
        raise click.UsageError("Give --site and --site-code together.")
    new_home = homes.create_home(
        session.home,
        session.clock,
        site_name=site,
        site_code=site_code,
        settings_text=_settings_text(site, settings_file),
        device_code=device,
        device_name=device_name,
        administrator=administrator,
        unlock_file=session.unlock_file,
    )
    _write_sheet(session, sheet, new_home.recovery_code, new_home.username)
    document = {
        "home": str(session.home.path),
        "site": session.settings.site.name,
        **pick(new_home, "password", "recovery_code", device="device_code"),
        **pick(new_home, administrator="username", one_time_code_uri="totp_uri"),
        "unlock_file": str(session.unlock_file or ""),
        "sheet": str(sheet or ""),
    }
    return Output(document, _welcome(session, new_home, session.settings.site.name, sheet))


def _write_sheet(session: Session, sheet: Path | None, code: str, administrator: str) -> None:
    if sheet:
        now = to_text(session.clock())
        content = make_safe_sheet(session.home, session.settings, now, code, administrator)
        write_atomic(sheet, content)


def _word_sheet(sheet: Path | None) -> list[str]:
    sentence = (
        f"The sheet for the safe is {sheet}, with the recovery code in clear: print it, delete it."
    )
    return [sentence] if sheet else []


def _settings_text(site: str, file: Path | None) -> str:
    """The whole config.toml; empty when the site's name and code are all of it."""
    if file is None:
        return "" if site else settings_text("small")
    config.load_settings(file)  # a mistake in it is said before anything is made
    return file.read_text(encoding="utf-8")


def _welcome(session: Session, new_home: NewHome, site: str, sheet: Path | None) -> Iterator[str]:
    yield f"This machine, {new_home.device_code}, now has a home for {site} at {session.home.path}."
    yield ""
    yield "Write these down now; they are not shown again:"
    yield f"  administrator  {new_home.username}"
    yield f"  password       {new_home.password}"
    yield f"  one-time code  {new_home.totp_uri}"
    yield "                 (add it to an authenticator app: by the picture, as a link, or by its secret)"
    yield from draw_terminal_qr_code(new_home.totp_uri)
    yield f"  recovery code  {new_home.recovery_code}"
    yield "                 (the way back in: print it, seal it, keep it away from this machine)"
    yield ""
    if session.unlock_file:
        yield f"Programs unlock with --unlock-file {session.unlock_file}: guard it like a key."
    yield from _word_sheet(sheet)
    yield f"Settings are in {session.home.config_file}."
    yield "Next: 'downtime doctor' (what is missing here, printer included), 'downtime serve', then sign"
    yield "in and open Readiness: it prints a test page, and asks for the code on it."


@command(downtime, "migrate", permission=Permission.CONFIG_MANAGE)
def migrate(session: Session) -> Output:
    """Bring the vault up to this version of Downtime, which any other command does as well.

    A checked copy of it as it was is kept in the home's `backups`.
    """
    report = session.vault.migrated
    document = {
        "steps": report.steps if report else 0,
        "backup": str(report.backup) if report else "",
    }
    return Output(document, ["The vault is up to date."])


@command(downtime, "recover", permission=Permission.PUBLIC)
@click.argument("username")
@_SHEET
def recover(session: Session, username: str, sheet: Path | None) -> Output:
    """Give an administrator access with the recovery code from its sealed envelope.

    Asks for the code and a new password. The second factor and the recovery code are new
    afterwards, and are shown once.
    """
    settings = session.settings  # a missing home is said before anything is asked
    code, password = prompt_for("Recovery code"), prompt_for("New password", secret=True)
    recovered = recovering.recover_access(
        session.home, settings, session.clock, code, username, password
    )
    _write_sheet(session, sheet, recovered.recovery_code, recovered.person.username)
    return Output(
        pick(recovered, "recovery_code", one_time_code_uri="totp_uri"),
        (
            f"{recovered.person.name} can sign in. Write these down now; they are not shown again:",
            f"  one-time code  {recovered.totp_uri}",
            *draw_terminal_qr_code(recovered.totp_uri),
            f"  recovery code  {recovered.recovery_code}   (print it, seal it, keep it off this machine)",
            *_word_sheet(sheet),
        ),
    )


@command(downtime, "status", permission=Permission.SNAPSHOT_LIST)
def status(session: Session) -> Output:
    """Show how old each system's data is, and how many numbers this laptop has left.

    With it how this machine does, and, to whoever may see the fleet, every other one, the worst
    first. Exit 3 when a system that is up has stale data, or there is none at all.
    """
    now, known = session.clock(), find_known_time(session.vault, session.settings)
    outage = outages.find_current(session.vault)
    down = outage.down if outage else ()
    systems, notices = _read_systems(session.vault)
    ages = reckon_ages(known, systems, now, session.settings)
    note_machine_state(session.vault, session.settings, list_down_systems(session.vault))
    stale = list_stale(ages, down)
    warning = describe_clock(known, now, session.settings)
    supplies = ledger.list_supplies(session.vault, session.settings)
    listed, fault = _list_machines(session)
    this_machine = next((status for status in listed if status.is_own), None)
    others = [status for status in listed if not status.is_own]
    document = {
        "outage": outage.id if outage else None,
        "down": list(down),
        "systems": [pick(age, "newest", "level", name="system") for age in ages],
        "stale": stale,
        "warning": warning,
        "declared_elsewhere": {} if fault else declared_elsewhere.read_declared(session.home),
        "left": [
            pick(supply, "total", what="kind", left="remaining", low="is_low")
            for supply in supplies
        ],
        "machine": describe_machine(this_machine) if this_machine else None,
        "fleet": [describe_machine(other) for other in others],
    }
    lines = [
        *([warning] if warning else []),
        *notices,
        *([] if fault else _list_alarms(session)),
        f"{outage.label}, down: {', '.join(down) or 'none'}"
        if outage
        else "No outage is declared.",
        *(age.sentence + (", stale" if age.system in stale else "") for age in ages),
        *(supply.sentence for supply in supplies),
        *fault,
        *([word_own(this_machine.heartbeat)] if this_machine and this_machine.heartbeat else []),
        *map(word_machine, others),
    ]
    is_stale = bool(stale) or _shows_stale(this_machine)
    if fault:
        return Output(document, lines, UserError.exit_code)
    return Output(document, lines, StaleDataError.exit_code if is_stale else 0)


def _list_alarms(session: Session) -> list[str]:
    return list(declared_elsewhere.list_alarms(session.home, list_down_systems(session.vault)))


def _shows_stale(this_machine: MachineStatus | None) -> bool:
    levels = (MachineLevel.STALE, MachineLevel.EMPTY)
    return this_machine is not None and this_machine.health.level in levels


def _read_systems(vault: Vault) -> tuple[list[SystemTime], list[str]]:
    """Of the snapshot in use; without one it is said. A publisher need not open any."""
    try:
        with local_snapshots.open_current_snapshot(vault) as snapshot:
            return snapshot.list_systems(), []
    except NotFoundError as error:
        return [], [error.sentence, error.next_step]


def _list_machines(session: Session) -> tuple[list[MachineStatus], list[str]]:
    """This machine first, then the others for whoever may see them.

    Without its identity a machine believes no list, not even that it is on it: nobody, and why.
    """
    whole = (session.home, session.settings, session.clock)
    try:
        if not permissions.is_permitted(session.signed_in.person, Permission.FLEET_VIEW):
            return [read_own_status(*whole)], []
        return sorted(list_fleet(*whole), key=lambda status: not status.is_own), []
    except NotFoundError as error:
        return [], [error.sentence, error.next_step]
