"""What sources have in common: their kinds, and how they have kept what they bring."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from downtime.ingest.model import RawMessage, RecordedMessage


class SourceKind(StrEnum):
    """How a source is reached."""

    MLLP = "mllp"
    FOLDER = "folder"
    SFTP = "sftp"
    SMB = "smb"
    S3 = "s3"
    FHIR = "fhir"
    SQL = "sql"


class SourceSettings(Protocol):
    """What the settings of every kind have."""

    @property
    def kind(self) -> SourceKind:
        """How it is reached."""

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""


RecordMessages = Callable[[Sequence[RawMessage]], Sequence[RecordedMessage]]
"""Read messages and keep them in one transaction: when it returns they are on the disk.

Of HL7 it gives one answer for each, in order; of a document one for each resource or row in it.
When it raises, none is kept.
"""
