"""A folder on this machine or on another, by SFTP, SMB or S3: list it, read it, move what is done.

fsspec speaks all four. SFTP is that of `sshfs` (asyncssh; the one with paramiko took 45 times as
long for 20 MB), SMB that of smbprotocol, S3 that of s3fs, which is an extra.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO, NamedTuple, cast

import fsspec

from downtime.clock import to_text
from downtime.transport.credentials import read_secret_file
from downtime.transport.faults import faults_as_os_errors
from downtime.transport.folder_address import (
    USUAL_REGION,
    FolderAddress,
    FolderKind,
    ssh_options,
)

_BLOCK_BYTES = 4 << 20


class FolderFile(NamedTuple):
    """A file as it is listed."""

    name: str
    size: int
    modified: str
    """UTC text; empty when the server does not say."""
    version: str
    """Another one as soon as it was written to."""


class RemoteFolder:
    """An open folder. Every method raises OSError when it cannot be used."""

    def __init__(self, address: FolderAddress) -> None:
        with faults_as_os_errors():
            self._files = fsspec.filesystem(
                address.kind, skip_instance_cache=True, **_options(address)
            )
        self._root = _root(address)

    def list_files(self) -> list[FolderFile]:
        """The files in it, the oldest first; not those in folders inside it."""
        with faults_as_os_errors():
            self._files.invalidate_cache()
            rows = self._files.ls(self._root, detail=True)
            files = [_describe(row) for row in rows if row["type"] == "file"]
        return sorted(files, key=lambda file: (file.modified, file.name))

    @contextmanager
    def open_file(self, name: str) -> Iterator[BinaryIO]:
        """Its bytes, from the beginning; the stream can go back there."""
        with (
            faults_as_os_errors(),
            self._files.open(self._path(name), "rb", block_size=_BLOCK_BYTES) as stream,
        ):
            yield cast(BinaryIO, stream)

    def move_file(self, name: str, folder: str, moment: datetime) -> None:
        """Put it in a folder inside this one; under a new name when there is one of its name."""
        with faults_as_os_errors():
            self._files.makedirs(self._path(folder), exist_ok=True)
            target = self._path(folder, name)
            if self._files.exists(target):
                stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
                stamp = moment.strftime("%Y%m%dT%H%M%S%f")
                target = self._path(folder, f"{stem}-{stamp}{suffix}")
            self._files.mv(self._path(name), target)

    def _path(self, *parts: str) -> str:
        return "/".join((self._root.rstrip("/"), *parts))


def _root(address: FolderAddress) -> str:
    return f"/{address.path.strip('/')}" if address.kind is FolderKind.SMB else address.path


def _options(address: FolderAddress) -> Mapping[str, Any]:
    port = {"port": address.port} if address.port else {}
    match address.kind:
        case FolderKind.SFTP:
            return {"host": address.host, **port, **ssh_options(address)}
        case FolderKind.SMB:
            return {
                "host": address.host,
                **port,
                "username": address.user,
                "password": read_secret_file(address.password_file),
                "encrypt": not address.plain,
                "timeout": address.connect_seconds,
                "register_session_retries": 0,
            }
        case FolderKind.S3:
            return {
                "key": address.user or None,
                "secret": read_secret_file(address.password_file)
                if address.password_file
                else None,
                "endpoint_url": address.endpoint or None,
                "client_kwargs": {
                    "region_name": address.region or USUAL_REGION,
                    "verify": address.ca_file or None,
                },
                "config_kwargs": {"connect_timeout": address.connect_seconds},
            }
    return {}


def _describe(row: Mapping[str, Any]) -> FolderFile:
    moment = row.get("mtime") or row.get("LastModified")
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, UTC)
    name = PurePosixPath(str(row["name"]).replace("\\", "/")).name
    size = int(row["size"] or 0)
    version = f"{size} {moment} {row.get('ETag', '')}"
    return FolderFile(name, size, to_text(moment) if moment else "", version)
