"""The tables `[ingest.sources.NAME]` of config.toml, each as the settings of its kind. Pure."""

from typing import Any

from downtime.ingest.sources.model import SourceSettings
from downtime.ingest.sources.source_types import SOURCE_TYPES
from downtime.settings import Settings
from downtime.transport.named_tables import read_named_table

SOURCES, PAGE = "ingest.sources", "docs/sources.md"


def read_sources(settings: Settings) -> dict[str, SourceSettings]:
    """All sources by name; InputError names the first mistake."""
    return {name: read_source(name, table) for name, table in settings.ingest.sources.items()}


def read_source(name: str, table: Any) -> SourceSettings:
    """One source; InputError names the first mistake."""
    types = {kind: row.settings for kind, row in SOURCE_TYPES.items()}
    return read_named_table(name, table, types, prefix=SOURCES, subject="source", page=PAGE)
