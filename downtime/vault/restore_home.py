"""Put a backup of a home back, on this machine or on a new one.

It is written beside the place where it will be, every file is compared with what the backup says of
it, and one rename makes it the home. Its marks are those of another file: whoever opens it first
hears so, and its numbers come from new blocks (`copied_home`).
"""

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyrage

from downtime.config import Home
from downtime.errors import ConflictError, InputError, NotFoundError, UntrustedError
from downtime.vault import device
from downtime.vault.age_stream import decrypt_from
from downtime.vault.back_up_home import read_archive
from downtime.vault.backup import BackupError
from downtime.vault.files import flush_folder, make_private_folder

_PLACES = frozenset({"keys", "bundles", "forms", "snapshots", "ingest"})
_IDENTITY = "AGE-SECRET-KEY-"
_MAX_IDENTITY_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class RestoredHome:
    """What was put back."""

    home: Home
    device: str
    files: int


def read_identity(path: Path) -> pyrage.x25519.Identity:
    """The private age key in a text file as `age-keygen` writes it; InputError, NotFoundError."""
    try:
        text = path.read_bytes()[:_MAX_IDENTITY_BYTES].decode("ascii", errors="replace")
    except OSError:
        raise NotFoundError(
            "restore.identity",
            f"There is no key file {path.name}.",
            "Name the recovery key's file.",
        ) from None
    for line in text.splitlines():
        if line.strip().startswith(_IDENTITY):
            try:
                return pyrage.x25519.Identity.from_str(line.strip())
            except pyrage.IdentityError:
                break
    raise InputError(
        "restore.identity",
        f"{path.name} does not hold a private age key.",
        f"It has a line that begins with {_IDENTITY}.",
    )


def restore_home(file: Path, home: Home, identity: pyrage.x25519.Identity) -> RestoredHome:
    """Make a home of a backup, where there is none.

    ConflictError when something lies there; UntrustedError when the backup is damaged or is for
    another key: nothing is left behind then.
    """
    _check_free(home)
    aside = home.path.with_name(f".{home.path.name}.restored")
    shutil.rmtree(aside, ignore_errors=True)
    make_private_folder(aside)
    try:
        with file.open("rb") as source, decrypt_from(source, identity) as clear:
            digests = read_archive(clear, lambda name: _choose_path(aside, name))
        code = device.read_own_code(Home(aside))
        for folder in ("keys", "bundles", "snapshots"):
            make_private_folder(aside / folder)
            flush_folder(aside / folder)
        flush_folder(aside)
        if home.path.exists():
            home.path.rmdir()
        aside.replace(home.path)
    except FileNotFoundError:
        raise NotFoundError(
            "restore.missing", f"There is no file {file.name}.", "Name the backup."
        ) from None
    except (pyrage.DecryptError, tarfile.TarError, BackupError):
        raise UntrustedError(
            "restore.refused",
            f"{file.name} does not open with this key, or was damaged.",
            "Try the key of another stick, then an older backup.",
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    flush_folder(home.path.parent)
    return RestoredHome(home, code, len(digests))


def _check_free(home: Home) -> None:
    if home.path.is_file() or (home.path.is_dir() and any(home.path.iterdir())):
        raise ConflictError(
            "restore.not-empty",
            f"{home.path} is not empty.",
            "Name a new folder with --home; a damaged home is kept until the restored one is in use.",
        )


def _choose_path(folder: Path, name: str) -> Path:
    """Where a member goes; BackupError for a name that a home does not have."""
    parts = PurePosixPath(name).parts
    is_known = len(parts) == 1 or parts[0] in _PLACES
    if not parts or not is_known or any(part in ("..", "/") or "\\" in part for part in parts):
        raise BackupError
    path = folder.joinpath(*parts)
    if path.parent != folder:
        make_private_folder(path.parent)
    return path
