"""The kinds of source, one row each: what can be set for it, and what asks it once."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from downtime.ingest.sources.fhir_pull import FhirPull
from downtime.ingest.sources.fhir_settings import FhirSettings
from downtime.ingest.sources.folder_settings import (
    FolderSettings,
    S3Settings,
    SftpSettings,
    SmbSettings,
)
from downtime.ingest.sources.mllp_settings import MllpSettings
from downtime.ingest.sources.model import SourceKind, SourceSettings
from downtime.ingest.sources.polling import PollContext, Poller
from downtime.ingest.sources.sql_query import SqlQuery
from downtime.ingest.sources.sql_settings import SqlSettings
from downtime.ingest.sources.watched_folder import WatchedFolder


class SourceType(NamedTuple):
    """One kind of source; a listener is not asked."""

    settings: type[SourceSettings]
    poller: Callable[[Any, PollContext], Poller] | None = None


SOURCE_TYPES: Mapping[SourceKind, SourceType] = {
    SourceKind.MLLP: SourceType(MllpSettings),
    SourceKind.FOLDER: SourceType(FolderSettings, WatchedFolder),
    SourceKind.SFTP: SourceType(SftpSettings, WatchedFolder),
    SourceKind.SMB: SourceType(SmbSettings, WatchedFolder),
    SourceKind.S3: SourceType(S3Settings, WatchedFolder),
    SourceKind.FHIR: SourceType(FhirSettings, FhirPull),
    SourceKind.SQL: SourceType(SqlSettings, SqlQuery),
}
