"""A folder behind SSH, by asyncssh in the event loop that fsspec keeps for such work."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import asyncssh
from fsspec.asyn import get_loop, sync

from downtime.transport.carrier import PASSING, SmallFile
from downtime.transport.folder_address import FolderAddress, ssh_options

T = TypeVar("T")
_CALL_SECONDS = 120.0
"""A block that has not come after so long does not come."""


class SftpCarrier:
    """One connection, one channel."""

    block_bytes = 4 << 20

    def __init__(self, address: FolderAddress) -> None:
        self._root = address.path.rstrip("/")
        self._loop = get_loop()
        self._wait = max(_CALL_SECONDS, 2 * address.connect_seconds)
        self._connection, self._client = self._run(_connect, address)

    def read_small(self, name: str, limit: int, known: str) -> SmallFile | None:
        """A file, which is always read."""
        return SmallFile(self.read_block(name, 0, limit + 1))

    def read_block(self, name: str, offset: int, size: int) -> bytes:
        """A part of a file."""
        return self._run(self._read, self._path(name), offset, size)

    def find_size(self, name: str) -> int | None:
        """How long a file is; None when there is none."""
        try:
            return int(self._run(self._client.stat, self._path(name)).size or 0)
        except asyncssh.SFTPNoSuchFile:
            return None

    def write_file(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write beside its place and rename, over a file that is there."""
        folder, _, last = name.rpartition("/")
        if folder:
            self._run(self._client.makedirs, self._path(folder), exist_ok=True)
        aside = self._path("/".join(filter(None, (folder, PASSING + last))))
        try:
            file = self._run(self._open_new, aside)
            for block in blocks:
                self._run(file.write, block)
            self._run(file.close)
            self._run(self._client.posix_rename, aside, self._path(name))
        except BaseException:
            with suppress(Exception):
                self._run(self._client.remove, aside)
            raise

    def replace_file(self, name: str, content: bytes) -> None:
        """Write a small file in the place of an older one."""
        self.write_file(name, [content])

    def list_names(self, folder: str) -> Iterator[str]:
        """The names in a folder."""
        try:
            names = self._run(self._client.listdir, self._path(folder))
        except asyncssh.SFTPNoSuchFile:
            return
        yield from (name for name in names if name not in (".", ".."))

    def remove_file(self, name: str) -> None:
        """Remove a file, which may be gone already."""
        with suppress(asyncssh.SFTPNoSuchFile):
            self._run(self._client.remove, self._path(name))

    def close(self) -> None:
        """End the connection."""
        self._loop.call_soon_threadsafe(self._connection.close)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/")

    def _run(self, call: Callable[..., Awaitable[T]], *arguments: Any, **options: Any) -> T:
        result: T = sync(self._loop, call, *arguments, timeout=self._wait, **options)
        return result

    async def _read(self, path: str, offset: int, size: int) -> bytes:
        async with self._client.open(path, "rb") as file:
            content: bytes = await file.read(size, offset)
            return content

    async def _open_new(self, path: str) -> Any:
        return await self._client.open(path, "wb")


async def _connect(address: FolderAddress) -> tuple[Any, Any]:
    port = {"port": address.port} if address.port else {}
    connection = await asyncssh.connect(address.host, **port, **ssh_options(address))
    try:
        return connection, await connection.start_sftp_client()
    except BaseException:
        connection.close()
        raise
