"""Encrypt and decrypt streams of any length with age: a part at a time is in memory."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pyrage

_PART = 65_536


class _Pump(threading.Thread):
    """Another thread at the other end of a pipe; what went wrong there is kept."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.work, self.error = work, None  # type: tuple[Callable[[], None], BaseException | None]

    def run(self) -> None:
        """Do the work."""
        try:
            self.work()
        except BaseException as error:
            self.error = error


class _Sink:
    """Writes into a file, and keeps what the system said when it could not: age gives only its text."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.error = out, None  # type: tuple[BinaryIO, OSError | None]

    def write(self, part: bytes) -> int:
        """Write a part."""
        try:
            return self.out.write(part)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Nothing waits here."""


@contextmanager
def encrypt_into(out: BinaryIO, recipients: Iterable[str]) -> Iterator[BinaryIO]:
    """A file to write clear bytes into: they reach `out` as ciphertext, and the disk never otherwise."""
    keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    read_end, write_end = os.pipe()
    source, sink = os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb")
    ciphertext = _Sink(out)

    def encrypt() -> None:
        with source:
            pyrage.encrypt_io(source, ciphertext, keys)

    pump = _Pump(encrypt)
    pump.start()
    try:
        with sink:
            yield sink
    except BaseException as error:
        pump.join()
        # A full disk shows here as a broken pipe.
        raise ciphertext.error or pump.error or error from None
    pump.join()
    if failure := ciphertext.error or pump.error:
        raise failure


@contextmanager
def decrypt_from(source: BinaryIO, identity: pyrage.x25519.Identity) -> Iterator[BinaryIO]:
    """A file that gives the clear bytes; pyrage.DecryptError when the key or a byte is wrong."""
    read_end, write_end = os.pipe()
    clear, sink = os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb")

    def decrypt() -> None:
        with sink:
            pyrage.decrypt_io(source, sink, [identity])

    pump = _Pump(decrypt)
    pump.start()
    try:
        with clear:
            yield clear
            while clear.read(_PART):
                pass
    except BaseException as error:
        pump.join()
        if _is_damage(pump.error):
            raise pyrage.DecryptError(str(pump.error)) from error
        raise
    pump.join()
    if _is_damage(pump.error):
        raise pyrage.DecryptError(str(pump.error)) from pump.error
    if pump.error:
        raise pump.error


def _is_damage(error: BaseException | None) -> bool:
    """A wrong byte after the first part is told as an OSError that no operating system numbered."""
    is_unnumbered = isinstance(error, OSError) and error.errno is None
    return is_unnumbered or isinstance(error, pyrage.DecryptError)
