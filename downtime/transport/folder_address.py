"""How a folder on this machine or on another is reached."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from downtime.transport.credentials import read_secret_bytes, read_secret_file

USUAL_REGION = "us-east-1"
"""S3: what servers that know no regions expect."""


class FolderKind(StrEnum):
    """Where a folder is, as fsspec calls it."""

    LOCAL = "file"
    SFTP = "sftp"
    SMB = "smb"
    S3 = "s3"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderAddress:
    """How a folder is reached. Secrets are in files; what a kind does not need stays empty."""

    kind: FolderKind
    path: str
    """A path; of SMB it begins with the share, of S3 with the bucket."""
    host: str = ""
    port: int = 0
    """0 for the usual one."""
    user: str = ""
    """S3: the access key."""
    password_file: str = ""
    key_file: str = ""
    """SFTP: the private key."""
    known_hosts_file: str = ""
    """SFTP: the server's public key, as OpenSSH keeps it."""
    endpoint: str = ""
    """S3: the address of a server that is not Amazon's."""
    region: str = ""
    """S3: where the bucket lies; empty for the usual one."""
    ca_file: str = ""
    """S3: certificates that the server is checked with, instead of the machine's own list."""
    mounted: bool = False
    """Local: whether it counts as there only while something is mounted at it or above it."""
    plain: bool = False
    """SMB: whether a connection without encryption will do."""
    connect_seconds: float = 20.0


def ssh_options(address: FolderAddress) -> dict[str, Any]:
    """Only the named server is spoken to, and only with what is named here."""
    options: dict[str, Any] = {
        "username": address.user,
        "known_hosts": address.known_hosts_file,
        "connect_timeout": address.connect_seconds,
        "login_timeout": address.connect_seconds,
        "keepalive_interval": address.connect_seconds,
        "config": None,
        "agent_path": None,
    }
    if address.key_file:
        import asyncssh

        options["client_keys"] = [asyncssh.import_private_key(read_secret_bytes(address.key_file))]
    else:
        options["client_keys"] = None
        options["password"] = read_secret_file(address.password_file)
    return options
