"""Whether a vault can be written, why not, and what waits in memory until it can be again.

Reading never needs it: pages, sessions and prints go on. What people enter is refused in one sentence
before it is accepted. What has to be audited meanwhile waits here, in the order in which it happened.
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import sqlcipher3
import sqlite_utils

from downtime.errors import ConflictError, UserError
from downtime.vault.model import Actor

NEWER = "A newer version of Downtime has written this vault: this one only shows it."
LOOK_AGAIN_SECONDS = 5
"""How often at most it is tried whether the disk answers again."""
_TRIAL_FILE = ".write-trial"
_TRIAL_BYTES = 65_536
"""More than one block, so that a disk with a few bytes left counts as full."""


class ReadOnlyReason(StrEnum):
    """Why nothing can be written."""

    NEWER = "newer"
    DISK_FULL = "disk-full"
    DISK_READ_ONLY = "disk-read-only"
    DISK_FAILS = "disk-fails"
    NO_PERMISSION = "no-permission"
    IN_USE = "in-use"
    DAMAGED = "damaged"
    LOST = "lost"
    NO_IDENTITY = "no-identity"

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        return _SENTENCES[self][0]

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return _SENTENCES[self][1]

    @property
    def lets_print(self) -> bool:
        """Whether pages are numbered from a block of their own, and the ledger takes them in later.

        What a newer program has written is not understood well enough for that.
        """
        return self is not ReadOnlyReason.NEWER

    @property
    def may_pass(self) -> bool:
        """Whether it can be over while this program runs."""
        return self not in (ReadOnlyReason.NEWER, ReadOnlyReason.DAMAGED)


_SENTENCES: Mapping[ReadOnlyReason, tuple[str, str]] = {
    ReadOnlyReason.NEWER: (
        NEWER,
        "Use the newer version to enter, print or decide anything.",
    ),
    ReadOnlyReason.DISK_FULL: (
        "The disk of this computer is full.",
        "Tell the site team: room has to be made on it, without touching Downtime's own folder.",
    ),
    ReadOnlyReason.DISK_READ_ONLY: (
        "The disk of this computer can only be read.",
        "Tell the site team: a disk often becomes so when it begins to fail. Do not switch this"
        " computer off before what is needed is printed.",
    ),
    ReadOnlyReason.DISK_FAILS: (
        "The disk of this computer reports errors.",
        "Tell the site team: it may be about to fail. Do not switch this computer off before what is"
        " needed is printed.",
    ),
    ReadOnlyReason.NO_PERMISSION: (
        "Downtime may not write into its own folder.",
        "Tell the site team: folder and files have to belong to the user as whom Downtime runs.",
    ),
    ReadOnlyReason.IN_USE: (
        "Another program keeps the vault of this computer locked.",
        "Tell the site team: a backup, file-sync or virus program is the usual cause, and has to let"
        " the folder go.",
    ),
    ReadOnlyReason.DAMAGED: (
        "The vault of this computer is damaged: what was entered here, outages included, may be shown in part.",
        "Print what is needed, and tell the site team: 'downtime check' names what is damaged, and"
        " the last backup is put back into a new folder.",
    ),
    ReadOnlyReason.LOST: (
        "The vault of this computer is missing: what was entered here, outages included, is not shown.",
        "Print what is needed, and tell the site team: keep the folder as it is, and put the last"
        " backup back into a new one.",
    ),
    ReadOnlyReason.NO_IDENTITY: (
        "This computer has lost its identity (keys/device.json).",
        "Tell the site team: keep the folder, and put that file back from the last backup.",
    ),
}
_ERRNO_REASONS: Mapping[int, ReadOnlyReason] = {
    errno.ENOSPC: ReadOnlyReason.DISK_FULL,
    errno.EDQUOT: ReadOnlyReason.DISK_FULL,
    errno.EFBIG: ReadOnlyReason.DISK_FULL,
    errno.EROFS: ReadOnlyReason.DISK_READ_ONLY,
    errno.EIO: ReadOnlyReason.DISK_FAILS,
    errno.EACCES: ReadOnlyReason.NO_PERMISSION,
    errno.EPERM: ReadOnlyReason.NO_PERMISSION,
    errno.ENOENT: ReadOnlyReason.LOST,
}
_SQLITE_REASONS: Mapping[int, ReadOnlyReason] = {
    sqlcipher3.SQLITE_FULL: ReadOnlyReason.DISK_FULL,
    sqlcipher3.SQLITE_READONLY: ReadOnlyReason.NO_PERMISSION,
    sqlcipher3.SQLITE_CANTOPEN: ReadOnlyReason.NO_PERMISSION,
    sqlcipher3.SQLITE_PERM: ReadOnlyReason.NO_PERMISSION,
    sqlcipher3.SQLITE_IOERR: ReadOnlyReason.DISK_FAILS,
    sqlcipher3.SQLITE_BUSY: ReadOnlyReason.IN_USE,
}
"""What SQLite says by itself; where the disk can be asked, its own answer counts (`try_to_write`)."""
_NO_IDENTITY = ("device.missing", "device.damaged", "device.card", "device.key")
_ASK_THE_DISK = (ReadOnlyReason.NO_PERMISSION, ReadOnlyReason.DISK_FAILS)


class ReadOnlyError(ConflictError):
    """Nothing can be written now; what was to be written is not kept anywhere."""

    def __init__(self, reason: ReadOnlyReason) -> None:
        self.reason = reason
        nothing = "" if reason is ReadOnlyReason.NEWER else " Nothing of this was saved."
        paper = (
            ""
            if reason is ReadOnlyReason.NEWER
            else "Write it on paper, or enter it on another computer. "
        )
        super().__init__(
            f"vault.{reason}", f"{reason.sentence}{nothing}", f"{paper}{reason.next_step}"
        )


@dataclass(frozen=True, slots=True)
class QueuedChange:
    """Something that was done, and what is to be written of it; `at` is UTC as stored."""

    at: str
    actor: Actor
    action: str
    target: str
    reason: str
    write: Callable[[sqlite_utils.Database], object] | None = None


class WriteAccess:
    """The state of one open vault, shared by all its connections and threads."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.RLock()
        self._reason: ReadOnlyReason | None = None
        self._queue: list[QueuedChange] = []
        self._looked = 0.0
        self.since = ""
        """When it began (UTC as stored); empty while all is well, or when nobody has asked yet."""

    @property
    def reason(self) -> ReadOnlyReason | None:
        """Why nothing can be written; None while it can."""
        return self._reason

    @property
    def queue(self) -> Sequence[QueuedChange]:
        """What waits to be written, oldest first."""
        with self._lock:
            return tuple(self._queue)

    @property
    def lock(self) -> threading.RLock:
        """Held while what waits is written: nothing is queued meanwhile."""
        return self._lock

    def close(self, reason: ReadOnlyReason) -> None:
        """From now on nothing is written."""
        with self._lock:
            self._reason = reason
            self._looked = time.monotonic()

    def open(self) -> None:
        """All that waited has been written, and writing goes on."""
        with self._lock:
            self._reason, self.since = None, ""
            self._queue.clear()

    def check(self) -> None:
        """ReadOnlyError while nothing can be written."""
        if reason := self._reason:
            raise ReadOnlyError(reason)

    def add(self, change: QueuedChange) -> None:
        """Let a change wait."""
        with self._lock:
            self.since = self.since or change.at
            self._queue.append(change)

    def may_look_again(self) -> bool:
        """Whether it is time to try whether the disk answers; at most every few seconds."""
        reason = self._reason
        if reason is None or not reason.may_pass:
            return False
        with self._lock:
            if time.monotonic() - self._looked < LOOK_AGAIN_SECONDS:
                return False
            self._looked = time.monotonic()
            return True

    def explain(self, error: BaseException) -> ReadOnlyReason | None:
        """Why this error keeps the vault from being written; None when that is not what it says.

        An error of the operating system may be about another disk, a stick's: this one is asked.
        """
        if isinstance(error, UserError):
            return ReadOnlyReason.NO_IDENTITY if error.code in _NO_IDENTITY else None
        if isinstance(error, OSError):
            known = error.errno in _ERRNO_REASONS and error.errno != errno.ENOENT
            return try_to_write(self._home) if known else None
        if not isinstance(error, sqlcipher3.DatabaseError):
            return None
        reason = _SQLITE_REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        return (try_to_write(self._home) or reason) if reason in _ASK_THE_DISK else reason


def describe_queue(access: WriteAccess) -> Iterator[str]:
    """What a program that ends now leaves unwritten, for whoever keeps a record on paper; no patient is named."""
    queue, reason = access.queue, access.reason
    if not queue or reason is None:
        return
    yield f"{reason.sentence} Not in the audit nor the ledger, so write down or print these lines:"
    for change in queue:
        parts = (change.at, change.actor.name, change.action, change.target, change.reason)
        yield "  " + "  ".join(filter(None, parts))


def look_at_disk(home: Path) -> ReadOnlyReason | None:
    """Why the disk under a home will take nothing, as far as can be seen without writing."""
    if os.name != "posix":
        return None
    try:
        disk = os.statvfs(home)
    except OSError:
        return None
    if disk.f_flag & os.ST_RDONLY:
        return ReadOnlyReason.DISK_READ_ONLY
    if disk.f_bavail * disk.f_frsize < _TRIAL_BYTES:
        return ReadOnlyReason.DISK_FULL
    return None if os.access(home, os.W_OK) else ReadOnlyReason.NO_PERMISSION


def try_to_write(home: Path) -> ReadOnlyReason | None:
    """Why the disk under a home takes nothing; None when it does. A small file is written and removed."""
    path = home / f"{_TRIAL_FILE}.{os.getpid()}.{threading.get_ident()}"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            if os.write(handle, bytes(_TRIAL_BYTES)) < _TRIAL_BYTES:
                return ReadOnlyReason.DISK_FULL
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        return _ERRNO_REASONS.get(error.errno or 0, ReadOnlyReason.DISK_FAILS)
    finally:
        with suppress(OSError):
            path.unlink()
    return None
