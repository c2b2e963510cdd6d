"""How a watched folder is reached: tables `[ingest.sources.NAME]` of four kinds. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from downtime.ingest.sources.model import SourceKind
from downtime.setting_fields import setting
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.server_settings import S3Server, ServerSettings, SftpServer, SmbServer


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
        if isinstance(self, ServerSettings):
            yield from self.find_server_faults()

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(kind=FolderKind.LOCAL, path=self.path)


@dataclass(frozen=True, kw_only=True)
class SmbSettings(SmbServer, FolderSettings):
    """A Windows share."""

    kind: SourceKind = SourceKind.SMB


@dataclass(frozen=True, kw_only=True)
class SftpSettings(SftpServer, FolderSettings):
    """A folder behind SSH."""

    kind: SourceKind = SourceKind.SFTP


@dataclass(frozen=True, kw_only=True)
class S3Settings(S3Server, FolderSettings):
    """A bucket."""

    kind: SourceKind = SourceKind.S3
