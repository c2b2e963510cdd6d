"""Certificates of the pages, and the front that encrypts them on their way to other machines."""

from datetime import datetime
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import EXISTING_FILE, FOLDER, REASON, out_option
from downtime.cli.program import tls
from downtime.cli.session import Output, Session, command, prompt_for
from downtime.errors import InputError
from downtime.fleet.tls import server_certificate, site_authority
from downtime.fleet.tls.front import write_front
from downtime.fleet.tls.model import ServerCertificate
from downtime.vault import keys


@command(tls, "authority", permission=Permission.PUBLIC)
@click.option("--to", "folder", required=True, type=FOLDER, help="Folder of an empty stick.")
@click.option(
    "--domain",
    "domains",
    multiple=True,
    required=True,
    help="For names in it, as hospital.example, certificates are made; may be repeated.",
)
def create_authority(session: Session, folder: Path, domains: tuple[str, ...]) -> Output:
    """Make the site's own authority, once, where the hospital has none. Needs no home.

    Its key stays on the stick, under a passphrase. Its certificate goes into the browsers of the
    machines that shall open the pages.
    """
    passphrase = prompt_for("New passphrase for the authority", secret=True)
    if prompt_for("Once more", secret=True) != passphrase:
        raise InputError("tls.differ", "The two passphrases differ.", "Type them again.")
    certificate = site_authority.create_authority(
        folder, domains, passphrase, session.settings_or_default, session.clock()
    )
    path = folder / site_authority.CERTIFICATE_NAME
    return Output(
        {"certificate": str(path), "ends": certificate.not_valid_after_utc.isoformat()},
        [
            f"The authority is made, for names in {', '.join(domains)}, until"
            f" {certificate.not_valid_after_utc:%Y-%m-%d}. Lock the stick away.",
            f"Put {path.name} into the trusted authorities of every browser that shall open the pages.",
            "Next, on each machine that serves: 'downtime tls certificate --authority FOLDER"
            " --name NAME --reason TEXT'.",
        ],
    )


@command(tls, "certificate", permission=Permission.DEVICE_MANAGE)
@click.option(
    "--authority", "folder", required=True, type=FOLDER, help="Folder of the authority's stick."
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="Name under which the pages are opened; may be repeated. Without it those of before.",
)
@REASON
def issue_certificate(
    session: Session, folder: Path, names: tuple[str, ...], reason: str
) -> Output:
    """Make this machine's certificate, or renew it, with the site's own authority.

    A key that stands on the machine alone; the certificate is new each time.
    """
    vault, actor = session.vault, session.actor
    passphrase = prompt_for("Passphrase of the authority", secret=True)
    authority = site_authority.open_authority(folder, passphrase)
    issued = server_certificate.issue_certificate(
        vault, session.settings, authority, names, actor, reason
    )
    return _show(session, issued)


@command(tls, "adopt", permission=Permission.DEVICE_MANAGE)
@click.argument("certificates", type=EXISTING_FILE)
@click.argument("key", type=EXISTING_FILE)
@REASON
def adopt_certificate(session: Session, certificates: Path, key: Path, reason: str) -> Output:
    """Take the hospital's own certificate for this machine: CERTIFICATES and KEY, both PEM.

    The machine's own stands first, then the authorities that lead to one the browsers know. Both
    are copied into the home; remove them where they lay.
    """
    adopted = server_certificate.adopt_certificate(
        session.vault, certificates, key, session.actor, reason
    )
    return _show(session, adopted)


@command(tls, "front", permission=Permission.PUBLIC)
@out_option("File to write, as /etc/nginx/conf.d/downtime.conf.")
def configure_front(session: Session, out: Path) -> Output:
    """Write nginx's configuration: it encrypts the pages, and lets nobody keep others waiting."""
    keys.check_home_exists(session.home)
    out.write_text(write_front(session.home, session.settings), encoding="utf-8")
    names = server_certificate.require_certificate(session.home).names
    return Output(
        {"file": str(out), "names": list(names)},
        [
            f"Written: the pages are at https://{names[0]}/ once nginx has read it.",
            "Next: 'nginx -t && systemctl reload nginx'.",
        ],
    )


@command(tls, "show", permission=Permission.PUBLIC)
def show(session: Session) -> Output:
    """The certificate of this machine's pages, and how long it holds; exit 1 once it has ended."""
    keys.check_home_exists(session.home)
    return _show(session, server_certificate.require_certificate(session.home))


def _show(session: Session, certificate: ServerCertificate) -> Output:
    now: datetime = session.clock()
    days = certificate.count_days_left(now)
    document = {
        "names": list(certificate.names),
        "issuer": certificate.issuer,
        "begins": certificate.begins.isoformat(),
        "ends": certificate.ends.isoformat(),
        "days_left": days,
        "sha256": certificate.sha256,
    }
    warning = certificate.describe_end(now, session.settings.tls.warning_days)
    lines = [
        f"Pages of {', '.join(certificate.names)}, by {certificate.issuer}, until"
        f" {certificate.ends:%Y-%m-%d} ({days} days).",
        *([warning] if warning else []),
        "nginx takes a new one with 'systemctl reload nginx'.",
    ]
    return Output(document, lines, int(days < 0))
