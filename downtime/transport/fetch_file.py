"""Fetch a sealed file so that a broken connection costs only what had not come yet."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from downtime.errors import InputError, UntrustedError
from downtime.transport.carrier import PASSING, PacedCarrier
from downtime.transport.pointer import CarriedFile
from downtime.vault.files import flush_folder


def fetch_file(carrier: PacedCarrier, folder: str, file: CarriedFile, to: Path, limit: int) -> Path:
    """Put a file of a place into the folder `to` and return its path; what is there is not fetched.

    What came of it before stays beside it under a passing name, and is taken up again. InputError
    when it is larger than `limit` bytes, UntrustedError when its content is not what the pointer
    named.
    """
    if file.size > limit:
        raise InputError(
            "bundle.too-large",
            f"The newest bundle has more than {limit} bytes, the most that a bundle may have.",
            "If it is a bundle of this hospital, raise snapshot.max_bundle_bytes.",
        )
    path = to / file.name
    if path.exists() and _has_hash(path, file.sha256):
        return path
    aside = to / f"{PASSING}{file.sha256}"
    _fetch_rest(carrier, f"{folder}{file.name}", file.size, aside)
    if not _has_hash(aside, file.sha256):
        aside.unlink()
        raise UntrustedError(
            "bundle.damaged",
            "The newest bundle there is not what its pointer names: it was damaged or altered.",
            "It is tried again, and other places are asked; tell security if it stays so.",
        )
    aside.replace(path)
    flush_folder(to)
    return path


def _fetch_rest(carrier: PacedCarrier, name: str, size: int, aside: Path) -> None:
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "wb") as file:
        offset = file.seek(0, os.SEEK_END)
        if offset > size:
            file.truncate(0)
            offset = file.seek(0)
        try:
            for block in carrier.read_blocks(name, offset, size):
                file.write(block)
        except EOFError:
            raise UntrustedError(
                "bundle.truncated-there",
                "The newest bundle there is shorter than its pointer says.",
                "It is tried again, and other places are asked.",
            ) from None
        finally:
            file.flush()
            os.fsync(file.fileno())


def _has_hash(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def remove_passing_files(folder: Path, wanted: str = "") -> None:
    """Remove what was begun and is not wanted any more; `wanted` is the hash of what is."""
    for path in folder.glob(f"{PASSING}*"):
        if path.name != PASSING + wanted:
            with suppress(OSError):
                path.unlink()
