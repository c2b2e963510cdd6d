"""Streams under age: what the system says of a disk or a stick is said to whoever reads or writes."""

import errno
import io

import pyrage
import pytest

from downtime.vault.age_stream import decrypt_from, encrypt_into

IDENTITY = pyrage.x25519.Identity.generate()
PART = bytes(65_536)


class Stick(io.BytesIO):
    """One that is pulled out."""

    def read(self, size=-1):
        if self.tell() > 2 * len(PART):
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


def seal(out):
    with encrypt_into(out, [str(IDENTITY.to_public())]) as clear:
        for _ in range(10):
            clear.write(PART)


def test_a_full_disk_is_called_so():
    with (
        open("/dev/full", "wb", buffering=0) as full,
        pytest.raises(OSError, match="No space") as error,
    ):
        seal(full)
    assert error.value.errno == errno.ENOSPC


def test_a_stick_that_is_pulled_out_gives_no_end_of_a_file():
    sealed = io.BytesIO()
    seal(sealed)
    stick = Stick(sealed.getvalue())
    with (
        pytest.raises(OSError, match="Input/output") as error,
        decrypt_from(stick, IDENTITY) as clear,
    ):
        while clear.read(len(PART)):
            pass
    assert error.value.errno == errno.EIO
