"""How a folder on a server is set in config.toml, whatever lies in it: parts of tables. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from downtime.setting_fields import setting
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.local_hosts import is_local


def make_address(settings: Any, kind: FolderKind) -> FolderAddress:
    """As transport reaches it: each part of an address that the settings have a field for."""
    names = (field.name for field in fields(FolderAddress) if field.name != "kind")
    return FolderAddress(
        kind=kind, **{name: getattr(settings, name) for name in names if hasattr(settings, name)}
    )


# Without slots: who inherits has a folder's fields too, and Python lays out slots of one base only.
@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """What every kind of server is asked with."""

    host: str = setting("", "Name or address of the server.")
    port: int = setting(0, "Its port; 0 for the usual one.")
    user: str = setting("", "User there. Of s3: the access key.")
    password_file: str = setting("", "File that holds the password. Of s3: the secret key.")
    connect_seconds: float = setting(20.0, "Longest wait for a connection.")

    def find_server_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        for name in self._needed():
            if not getattr(self, name):
                yield name, "is missing"

    def _needed(self) -> tuple[str, ...]:
        return ("host", "user", "password_file")


@dataclass(frozen=True, kw_only=True)
class SmbServer(ServerSettings):
    """A Windows share."""

    plain: bool = setting(False, "Allow a server that cannot encrypt (SMB 2).")

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return make_address(self, FolderKind.SMB)


@dataclass(frozen=True, kw_only=True)
class SftpServer(ServerSettings):
    """A folder behind SSH."""

    key_file: str = setting("", "Private key (OpenSSH), instead of a password.")
    known_hosts_file: str = setting("", "The server's public key, as in ~/.ssh/known_hosts.")

    def _needed(self) -> tuple[str, ...]:
        secret = () if self.key_file else ("password_file",)
        return ("host", "user", "known_hosts_file", *secret)

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return make_address(self, FolderKind.SFTP)


@dataclass(frozen=True, kw_only=True)
class S3Server(ServerSettings):
    """A bucket, or a folder of one."""

    endpoint: str = setting("", "Address of a server that is not Amazon's.")
    region: str = setting("", "Where the bucket lies; empty for us-east-1.")
    ca_file: str = setting(
        "", "Certificates (PEM) that its server is checked with, instead of the machine's own list."
    )

    def _needed(self) -> tuple[str, ...]:
        return ()

    def find_server_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        yield from super().find_server_faults()
        address = urlsplit(self.endpoint)
        if address.scheme == "http" and not is_local(address.hostname):
            yield "endpoint", "has no TLS: others could see what is carried, or hold it back"

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return make_address(self, FolderKind.S3)
