"""A Windows share. SMB refuses a rename over a file that is there; `replace` asks for it."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import smbclient
from smbprotocol.exceptions import SMBOSError

from downtime.transport.carrier import PASSING, SmallFile
from downtime.transport.credentials import read_secret_file
from downtime.transport.faults import faults_as_os_errors
from downtime.transport.folder_address import FolderAddress


class SmbCarrier:
    """A session of its own: one that a sleeping laptop has lost disturbs no other."""

    block_bytes = 1 << 20

    def __init__(self, address: FolderAddress) -> None:
        self._root = f"//{address.host}/{address.path.strip('/')}"
        self._connections: dict[str, Any] = {}
        self._options = {"port": address.port or 445, "connection_cache": self._connections}
        smbclient.register_session(
            address.host,
            username=address.user,
            password=read_secret_file(address.password_file),
            encrypt=not address.plain,
            connection_timeout=address.connect_seconds,
            **self._options,
        )

    def read_small(self, name: str, limit: int, known: str) -> SmallFile | None:
        """A file, which is always read."""
        return SmallFile(self.read_block(name, 0, limit + 1))

    def read_block(self, name: str, offset: int, size: int) -> bytes:
        """A part of a file; others may replace it meanwhile."""
        with smbclient.open_file(
            self._path(name), "rb", buffering=0, share_access="rwd", **self._options
        ) as file:
            file.seek(offset)
            return b"".join(_read_all(file, size))

    def find_size(self, name: str) -> int | None:
        """How long a file is; None when there is none."""
        with suppress(FileNotFoundError), faults_as_os_errors():
            return int(smbclient.stat(self._path(name), **self._options).st_size)
        return None

    def write_file(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write beside its place and rename."""
        folder, _, last = name.rpartition("/")
        if folder:
            smbclient.makedirs(self._path(folder), exist_ok=True, **self._options)
        aside = self._path("/".join(filter(None, (folder, PASSING + last))))
        try:
            with smbclient.open_file(aside, "wb", **self._options) as file:
                for block in blocks:
                    file.write(block)
            smbclient.replace(aside, self._path(name), **self._options)
        except BaseException:
            with suppress(Exception):
                smbclient.remove(aside, **self._options)
            raise

    def replace_file(self, name: str, content: bytes) -> None:
        """Write a small file in the place of an older one."""
        self.write_file(name, [content])

    def list_names(self, folder: str) -> Iterator[str]:
        """The names in a folder."""
        try:
            for entry in smbclient.scandir(self._path(folder), **self._options):
                yield entry.name
        except SMBOSError as error:
            with suppress(FileNotFoundError), faults_as_os_errors():
                raise error

    def remove_file(self, name: str) -> None:
        """Remove a file, which may be gone already."""
        with suppress(FileNotFoundError), faults_as_os_errors():
            smbclient.remove(self._path(name), **self._options)

    def close(self) -> None:
        """End the session."""
        smbclient.reset_connection_cache(fail_on_error=False, connection_cache=self._connections)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".replace("/", "\\").rstrip("\\")


def _read_all(file: Any, size: int) -> Iterator[bytes]:
    while size > 0 and (part := file.read(size)):
        yield part
        size -= len(part)
