"""Make a home, bring it up to date, and say how it is."""

import getpass

import click

from downtime.accounts import opening
from downtime.accounts import recover as recovering
from downtime.cli.app import Output, Session, command, downtime
from downtime.errors import StaleDataError
from downtime.outage import outages
from downtime.snapshot import freshness, load
from downtime.vault import schema


@command(downtime, "init", action="public")
@click.option("--site", default="Demonstration Hospital", help="Name of the hospital.")
@click.option("--site-code", default="DEMO", help="Short code of the hospital, in bundles.")
@click.option("--device", default="", help="Two letters or digits, unique among the laptops.")
@click.option("--device-name", default="laptop", help="What people call this machine.")
@click.option("--administrator", default="admin", help="User name of the first administrator.")
def init(
    session: Session, site: str, site_code: str, device: str, device_name: str, administrator: str
) -> Output:
    """Make a new home: keys, an empty vault and its first administrator.

    The administrator's password, second factor and the recovery code are shown once. With
    --unlock-file a service account is made too, for programs that run without a person.
    """
    made = opening.create_home(
        session.home,
        session.clock,
        site_name=site,
        site_code=site_code,
        device_code=device,
        device_name=device_name,
        administrator=administrator,
        unlock_file=session.unlock_file,
    )
    document = {
        "home": str(session.home.path),
        "device": made.device_code,
        "administrator": made.username,
        "password": made.password,
        "one_time_code_uri": made.totp_uri,
        "recovery_code": made.recovery_code,
    }
    return Output(
        document,
        (
            f"Made a home for {site} at {session.home.path} (device {made.device_code}).",
            "Write these down now; they are not shown again:",
            f"  administrator  {made.username}",
            f"  password       {made.password}",
            f"  one-time code  {made.totp_uri}",
            f"  recovery code  {made.recovery_code}   (print it, seal it, keep it off this machine)",
        ),
    )


@command(downtime, "migrate", action="config.manage")
def migrate(session: Session) -> Output:
    """Bring the vault to the schema of this program; make a backup of the home first."""
    session.migrates = True
    done = [f"{m.room}/{m.name}" for m in schema.apply(session.vault.db, session.clock)]
    return Output({"applied": done}, [f"Applied {len(done)} step(s).", *done])


@command(downtime, "recover", action="public")
@click.argument("username")
def recover(session: Session, username: str) -> Output:
    """Let an administrator in with the recovery code from its sealed envelope.

    Asks for the code and a new password. The second factor and the recovery code are new
    afterwards, and are shown once.
    """
    code = getpass.getpass("Recovery code: ")
    password = getpass.getpass("New password: ")
    made = recovering.recover(
        session.home, session.settings, session.clock, code, username, password
    )
    document = {"one_time_code_uri": made.totp_uri, "recovery_code": made.recovery_code}
    return Output(
        document,
        (
            f"{made.person.name} can sign in. Write these down now; they are not shown again:",
            f"  one-time code  {made.totp_uri}",
            f"  recovery code  {made.recovery_code}   (print it, seal it, keep it off this machine)",
        ),
    )


@command(downtime, "status", action="snapshot.list")
def status(session: Session) -> Output:
    """How old each system's data is; exit 3 when a system that is up has stale data."""
    outage = outages.current(session.vault)
    down = outage.down if outage else ()
    with load.current(session.vault) as snapshot:
        ages = freshness.freshness(snapshot.systems(), session.clock(), session.settings)
    stale = [age.system for age in ages if age.level == "stale" and age.system not in down]
    document = {
        "outage": outage.id if outage else None,
        "down": list(down),
        "systems": [{"name": a.system, "newest": a.newest, "level": a.level} for a in ages],
        "stale": stale,
    }
    lines = [outage.label + ": down " + ", ".join(down)] if outage else ["No outage is declared."]
    return Output(
        document, [*lines, *(age.words for age in ages)], StaleDataError.exit_code if stale else 0
    )
