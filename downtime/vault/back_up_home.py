"""A backup of a whole home as one file, for the site's recovery key, verified by opening it.

It is a tar archive under age, written as a stream: nothing of it lies in clear on any disk, and no
more than a part of it is in memory. Databases in it are encrypted as they are here; whoever opens
the backup still needs a password or the recovery code of the home. Its last member says what all the
others are.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import pyrage
import sqlcipher3

from downtime.config import Home
from downtime.errors import ConflictError, InputError, LockedError
from downtime.vault import device, machines
from downtime.vault.age_stream import decrypt_from, encrypt_into
from downtime.vault.backup import BackupError
from downtime.vault.database import disable_write_ahead_log, open_with_key
from downtime.vault.files import flush_folder, make_private_folder
from downtime.vault.key_rotation import list_databases
from downtime.vault.model import Actor, AuditAction
from downtime.vault.store import tables
from downtime.vault.vault import Vault

FORMAT = "downtime-backup/1"
MANIFEST = "manifest.json"
SUFFIX = ".backup"
_FOLDERS = ("keys", "bundles", "forms")
_PART = 1_048_576


@dataclass(frozen=True, slots=True)
class HomeBackup:
    """A backup that was opened again and compared."""

    path: Path
    files: int
    size: int
    """Of the file, in bytes."""


def back_up_home(
    vault: Vault, to: Path, actor: Actor, reason: str = "", recipient: str = ""
) -> HomeBackup:
    """Write everything that this home holds into a file, or into a folder under a name of its own.

    `recipient` is an age recipient, where the site has no recovery key yet. InputError without
    either; ConflictError when the file cannot be read back as it was written.
    """
    card = device.read_own_card(vault.home)
    recipients = [_find_recovery(vault.home, recipient), card.recipient]
    path = to / _choose_name(vault, card.code) if to.is_dir() else to
    with vault.change(actor, AuditAction.BACKUP_MAKE, target=path.name, reason=reason):
        pass
    aside = path.with_name(f".{path.name}.tmp")
    try:
        with aside.open("xb") as file:
            os.chmod(aside, 0o600)
            with encrypt_into(file, recipients) as clear:
                count = _write_archive(vault, clear)
            file.flush()
            os.fsync(file.fileno())
        if check_backup(vault, aside) != count:
            raise _damaged_error()
        aside.replace(path)
    except FileExistsError:
        raise ConflictError(
            "backup.running",
            f"Another backup is being written to {path.name}.",
            f"Wait until it is done; if none is running, remove {aside.name}.",
        ) from None
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)
    return HomeBackup(path, count, path.stat().st_size)


def check_backup(vault: Vault, path: Path) -> int:
    """Open a backup with this machine's key, and the vault in it; how many files it holds."""
    identity = device.load_device(vault).age_identity
    make_private_folder(vault.home.backups_folder)
    aside = vault.home.backups_folder / ".opened.tmp"
    try:
        with path.open("rb") as source, decrypt_from(source, identity) as clear:
            digests = read_archive(clear, lambda name: aside if name == "vault.db" else None)
        _check_vault(vault, aside)
    except (pyrage.DecryptError, tarfile.TarError, BackupError, sqlcipher3.Error, OSError):
        raise _damaged_error() from None
    finally:
        aside.unlink(missing_ok=True)
    return len(digests)


def read_archive(clear: BinaryIO, choose_file: Callable[[str], Path | None]) -> dict[str, str]:
    """Read all members to the last; the SHA-256 of each, as its manifest says them too.

    `choose_file` gives the path into which a member goes, or None to read past it. BackupError when
    something is missing, more than there should be, or another than it was.
    """
    digests: dict[str, str] = {}
    stated: dict[str, str] | None = None
    with tarfile.open(fileobj=clear, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is None or not member.isreg() or stated is not None:
                raise BackupError
            if member.name == MANIFEST:
                stated = _parse_manifest(content.read(64 * _PART))
            else:
                digests[member.name] = _copy_hashed(content, choose_file(member.name))
    if stated != digests:
        raise BackupError
    return digests


def _parse_manifest(content: bytes) -> dict[str, str]:
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            raise BackupError
        return dict(document["files"])
    except (ValueError, KeyError, TypeError):
        raise BackupError from None


def _copy_hashed(content: IO[bytes], path: Path | None) -> str:
    digest = hashlib.sha256()
    with _open_new(path) as out:
        while part := content.read(_PART):
            digest.update(part)
            out.write(part)
        if path is not None:
            out.flush()
            os.fsync(out.fileno())
    return digest.hexdigest()


@contextmanager
def _open_new(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        with open(os.devnull, "wb") as nothing:
            yield nothing
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file


def _write_archive(vault: Vault, clear: BinaryIO) -> int:
    home, files = vault.home, dict[str, str]()
    make_private_folder(home.backups_folder)
    copy = home.backups_folder / ".copied.tmp"
    with tarfile.open(fileobj=clear, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        try:
            for path, purpose in list_databases(home):
                if path.parent == home.backups_folder:
                    continue
                try:
                    _copy_database(vault, path, purpose, copy)
                except (LockedError, sqlcipher3.DatabaseError):
                    if path.parent == home.snapshots_folder:  # its bundle is in the backup
                        continue
                    raise
                _add_file(archive, copy, path.relative_to(home.path).as_posix(), files)
        finally:
            copy.unlink(missing_ok=True)
        for path in _list_files(home):
            _add_file(archive, path, path.relative_to(home.path).as_posix(), files)
        manifest = {
            "format": FORMAT,
            "device": device.read_own_code(home),
            "made": vault.now(),
            "files": files,
        }
        content = json.dumps(manifest).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return len(files)


def _copy_database(vault: Vault, path: Path, purpose: str, copy: Path) -> None:
    """A copy at one instant, whoever writes meanwhile; encrypted under the same key."""
    copy.unlink(missing_ok=True)
    key = vault.derive_key(purpose)
    source, target = open_with_key(path, key, read_only=True), open_with_key(copy, key)
    copy.chmod(0o600)
    try:
        source.backup(target)
        disable_write_ahead_log(target)
    finally:
        target.close()
        source.close()


def _add_file(archive: tarfile.TarFile, path: Path, name: str, files: dict[str, str]) -> None:
    member = tarfile.TarInfo(name)
    with path.open("rb") as content:
        member.size = os.fstat(content.fileno()).st_size
        hashed = _HashedFile(content)
        archive.addfile(member, hashed)
    files[name] = hashed.digest.hexdigest()


class _HashedFile:
    """A file that is hashed as it is read."""

    def __init__(self, content: BinaryIO) -> None:
        self.content, self.digest = content, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        part = self.content.read(size)
        self.digest.update(part)
        return part


def _list_files(home: Home) -> Iterator[Path]:
    """What lies in the home beside its databases, and is not made anew by itself."""
    yield home.config_file
    if home.marks_file.exists():
        yield home.marks_file
    for folder in _FOLDERS:
        yield from (p for p in sorted((home.path / folder).rglob("[!.]*")) if p.is_file())


def _check_vault(vault: Vault, path: Path) -> None:
    copy = open_with_key(path, vault.derive_key("vault"), read_only=True)
    try:
        if not tables.is_intact(copy) or not tables.fetch_contents(copy).audit_head:
            raise BackupError
    finally:
        copy.close()


def _find_recovery(home: Home, recipient: str) -> str:
    machine_list = machines.read_list(home)
    wanted = recipient or (machine_list.recovery if machine_list else "")
    try:
        pyrage.x25519.Recipient.from_str(wanted)
    except pyrage.RecipientError:
        raise InputError(
            "backup.recipient",
            "It is not known for whose key the backup is."
            if not wanted
            else "That is not the public half of an age key.",
            "Adopt the site's root ('downtime root'), or name an age recipient (age1…) with"
            " --recipient.",
        ) from None
    return wanted


def _choose_name(vault: Vault, code: str) -> str:
    moment = "".join(character for character in vault.now() if character.isalnum())
    return f"downtime-{code}-{moment}{SUFFIX}"


def _damaged_error() -> ConflictError:
    return ConflictError(
        "backup.damaged",
        "The backup cannot be read back as it was written, and was removed.",
        "Write it to another disk or stick.",
    )
