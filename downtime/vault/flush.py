"""One wait for the disk for all who have just written: an acknowledged change survives a power cut.

With `synchronous=FULL` SQLite flushes the write-ahead log inside every commit, one writer after the
other. Here a commit is made without (`NORMAL`), and who made it waits until the log has been flushed
since; writers that wait at the same time share one flush. The log is written in order, so a flush
keeps every commit before it too. Who comes just after one has begun begins another beside it, and so
waits for a slow disk once, not twice. Source: https://www.sqlite.org/pragma.html#pragma_synchronous
and https://www.sqlite.org/wal.html.
"""

import errno
import os
import threading
from pathlib import Path

from downtime.vault.files import flush_folder

_BINARY = getattr(os, "O_BINARY", 0)
_sync = getattr(os, "fdatasync", os.fsync)
AT_ONCE = 2
"""Flushes that run beside each other."""


class LogFlusher:
    """The flushes of one database's write-ahead log."""

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}-wal")
        self._changed = threading.Condition()
        self._written = 0
        self._flushed = 0
        self._running = 0
        self._failed = False
        self._inode = -1

    def wait_until_on_disk(self) -> None:
        """Return when all that is committed by now lies on the disk; OSError when it cannot.

        A system may forget what it failed to write, and call the next attempt a success: so after
        one failure nothing is acknowledged until the program is started again.
        """
        with self._changed:
            self._written += 1
            mine = self._written
            while self._flushed < mine or self._failed:
                if self._failed:
                    raise OSError(errno.EIO, "The disk has failed to keep what was written.")
                if self._running == AT_ONCE:
                    self._changed.wait()
                else:
                    self._flush_for_all()

    def _flush_for_all(self) -> None:
        """Flush for everybody who has written so far, without the lock."""
        upto = self._written
        self._running += 1
        self._changed.release()
        try:
            self._flush()
        except BaseException:
            self._failed = True
            raise
        finally:
            self._changed.acquire()
            self._running -= 1
            self._changed.notify_all()
        self._flushed = max(self._flushed, upto)

    def _flush(self) -> None:
        try:
            log = os.open(self._log, os.O_RDWR | _BINARY)
        except FileNotFoundError:
            return  # the last connection has closed, and with it the log went into the database
        try:
            _sync(log)
            inode = os.fstat(log).st_ino
        finally:
            os.close(log)
        if inode != self._inode:
            flush_folder(self._log.parent)  # a log just made is found after a power cut
            self._inode = inode
