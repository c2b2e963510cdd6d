"""Back up a home, put it back, and look whether it is sound."""

from collections.abc import Iterator
from pathlib import Path

import click

from downtime.accounts.model import Permission
from downtime.cli.options import EXISTING_FILE, OPTIONAL_REASON
from downtime.cli.program import downtime
from downtime.cli.session import Output, Session, command, pick, prompt_for
from downtime.fleet import site_keys
from downtime.fleet.close_unheard import check_open_snapshots
from downtime.vault import keys
from downtime.vault.back_up_home import back_up_home
from downtime.vault.check_home import CheckedPart, check_closed_home, check_home
from downtime.vault.database import describe_damage
from downtime.vault.restore_home import read_identity, restore_home


@command(downtime, "backup", permission=Permission.BACKUP_MAKE)
@click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Folder, or file to write.",
)
@click.option(
    "--recipient",
    default="",
    metavar="AGE-KEY",
    help="Public age key (age1…) that opens it, where the site has no root yet.",
)
@OPTIONAL_REASON
def backup(session: Session, to: Path, recipient: str, reason: str) -> Output:
    """Write all that this machine holds into one file, and open it again to be sure.

    It is sealed for the site's recovery key, which lies on the sticks of the site's root.
    """
    written = back_up_home(session.vault, to, session.actor, reason, recipient)
    line = f"Wrote {written.path}: {written.files} files, {written.size:,} bytes, opened again and compared."
    return Output({"file": str(written.path), **pick(written, "files", "size")}, [line])


@command(downtime, "restore", permission=Permission.PUBLIC)
@click.argument("file", type=EXISTING_FILE)
@click.option(
    "--identity",
    type=EXISTING_FILE,
    metavar="KEYFILE",
    help="Private age key of the recipient that the backup was made for.",
)
@click.option(
    "--site-key",
    type=click.Path(exists=True, path_type=Path),
    metavar="STICK",
    help="Folder of one of the site's sticks, or its key file; its passphrase is asked for.",
)
def restore(session: Session, file: Path, identity: Path | None, site_key: Path | None) -> Output:
    """Put a backup of a home back, on this machine or on a new one.

    The machine that it was made of should not be used any more. Its people sign in as before;
    numbers come from new blocks.
    """
    if (identity is None) == (site_key is None):
        raise click.UsageError("Give either --identity or --site-key.")
    if site_key is not None:
        passphrase = prompt_for("Passphrase of the stick", secret=True)
        (path, *_) = site_keys.find_key_files([site_key])
        key = site_keys.open_site_key(path, passphrase).recovery
    else:
        key = read_identity(identity)  # type: ignore[arg-type]  # one of the two is there
    restored = restore_home(file, session.home, key)
    lines = (
        f"Machine {restored.device} is back at {restored.home.path}, with {restored.files} files.",
        "Sign in as before. It gives out numbers from new blocks, and says so.",
    )
    return Output({"home": str(restored.home.path), **pick(restored, "device", "files")}, lines)


def _check_parts(session: Session) -> Iterator[CheckedPart]:
    try:
        vault, actor = session.vault, session.actor
    except Exception as error:
        is_damaged = describe_damage(error) or getattr(error, "code", "") == "vault.key"
        if not is_damaged or session.unlock_file is None:
            raise
        _, data_key = keys.open_with_file(session.home, session.unlock_file)
        yield from check_closed_home(session.home, data_key)
        return
    yield from check_home(vault)
    yield from check_open_snapshots(vault, session.settings, actor)


@command(downtime, "check", permission=Permission.AUDIT_VERIFY)
def check(session: Session) -> Output:
    """Look at everything in the home: every page of every database, audit, marks, keys.

    A damaged snapshot is opened again from its sealed bundle; those that were closed because nothing
    was heard of the site stay closed. Exit 1 when something is damaged and could not be healed: it
    is named, with the way out.
    """
    parts = list(_check_parts(session))
    damaged = [part for part in parts if not part.is_sound]
    document = {
        "sound": not damaged,
        "parts": [pick(part, "name", "fault", "next_step") for part in parts],
    }

    def lines() -> Iterator[str]:
        yield from (part.sentence for part in (damaged or parts))
        if not damaged:
            yield f"All {len(parts)} parts are sound."

    return Output(document, lines(), 1 if damaged else 0)
