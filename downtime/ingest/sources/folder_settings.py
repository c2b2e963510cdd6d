"""How a watched folder is reached: tables `[ingest.sources.NAME]` of four kinds. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from downtime.ingest.sources.mllp_settings import is_local
from downtime.ingest.sources.model import SourceKind
from downtime.setting_fields import setting
from downtime.transport.folder_address import FolderAddress, FolderKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSettings:
    """A folder on this machine, or a share that it has mounted."""

    kind: SourceKind = SourceKind.FOLDER
    path: str = setting("", "The folder. Of smb it begins with the share, of s3 with the bucket.")
    pattern: str = setting("*", "Names of files that are taken, such as *.hl7.")
    done: str = setting("done", "Folder inside it to which a file is moved when it was read.")
    failed: str = setting("failed", "The same for a file of which nothing could be read.")
    leave: bool = setting(
        False,
        "Leave files where they are, in a folder that is only for reading; each is read once.",
    )
    every_seconds: float = setting(15.0, "It is looked into this often.")
    stable_seconds: float = setting(
        10.0, "A file is taken when it has not grown for so long; it may still be being written."
    )

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        if not self.path:
            yield "path", "is missing"
        for name in ("done", "failed"):
            if not getattr(self, name) or "/" in getattr(self, name):
                yield name, "must be the name of a folder"
        if self.done == self.failed:
            yield "failed", "must be another folder than 'done'"
        if self.every_seconds <= 0:
            yield "every_seconds", "must be more than 0"

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(kind=FolderKind.LOCAL, path=self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServerSettings(FolderSettings):
    host: str = setting("", "Name or address of the server.")
    port: int = setting(0, "Its port; 0 for the usual one.")
    user: str = setting("", "User there. Of s3: the access key.")
    password_file: str = setting("", "File that holds the password. Of s3: the secret key.")
    connect_seconds: float = setting(20.0, "Longest wait for a connection.")

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        yield from FolderSettings.find_faults(self)
        for name in self._needed():
            if not getattr(self, name):
                yield name, "is missing"

    def _needed(self) -> tuple[str, ...]:
        return ("host", "user", "password_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmbSettings(_ServerSettings):
    """A Windows share."""

    kind: SourceKind = SourceKind.SMB
    plain: bool = setting(False, "Allow a server that cannot encrypt (SMB 2).")

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(
            kind=FolderKind.SMB, path=self.path, host=self.host, port=self.port, user=self.user,
            password_file=self.password_file, plain=self.plain, connect_seconds=self.connect_seconds,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpSettings(_ServerSettings):
    """A folder behind SSH."""

    kind: SourceKind = SourceKind.SFTP
    key_file: str = setting("", "Private key (OpenSSH), instead of a password.")
    known_hosts_file: str = setting("", "The server's public key, as in ~/.ssh/known_hosts.")

    def _needed(self) -> tuple[str, ...]:
        secret = () if self.key_file else ("password_file",)
        return ("host", "user", "known_hosts_file", *secret)

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(
            kind=FolderKind.SFTP, path=self.path, host=self.host, port=self.port, user=self.user,
            password_file=self.password_file, key_file=self.key_file,
            known_hosts_file=self.known_hosts_file, connect_seconds=self.connect_seconds,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings(_ServerSettings):
    """A bucket."""

    kind: SourceKind = SourceKind.S3
    endpoint: str = setting("", "Address of a server that is not Amazon's.")

    def _needed(self) -> tuple[str, ...]:
        return ()

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        yield from _ServerSettings.find_faults(self)
        host = self.endpoint.removeprefix("http://").split(":")[0].split("/")[0]
        if self.endpoint.startswith("http://") and not is_local(host):
            yield "endpoint", "has no TLS; patient data would go over the network in clear"

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(
            kind=FolderKind.S3, path=self.path, user=self.user, password_file=self.password_file,
            endpoint=self.endpoint, connect_seconds=self.connect_seconds,
        )  # fmt: skip
