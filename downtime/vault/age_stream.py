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


@contextmanager
def encrypt_into(out: BinaryIO, recipients: Iterable[str]) -> Iterator[BinaryIO]:
    """A file to write clear bytes into: they reach `out` as ciphertext, and the disk never otherwise."""
    keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    read_end, write_end = os.pipe()
    source, sink = os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb")

    def encrypt() -> None:
        with source:
            pyrage.encrypt_io(source, out, keys)

    pump = _Pump(encrypt)
    pump.start()
    try:
        with sink:
            yield sink
    except BaseException as error:
        pump.join()
        raise pump.error or error from None  # a full disk shows here as a broken pipe
    pump.join()
    if pump.error:
        raise pump.error


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
        if isinstance(pump.error, pyrage.DecryptError):
            raise pump.error from error
        raise
    pump.join()
    if pump.error:
        raise pump.error
