"""The tables `[ingest.sources.NAME]` of config.toml, each as the settings of its kind. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from downtime import config
from downtime.errors import InputError
from downtime.ingest.sources.model import SourceKind, SourceSettings
from downtime.ingest.sources.source_types import SOURCE_TYPES
from downtime.settings import Settings

SOURCES, PAGE = "ingest.sources", "docs/sources.md"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def read_sources(settings: Settings) -> dict[str, SourceSettings]:
    """All sources by name; InputError names the first mistake."""
    return {name: read_source(name, table) for name, table in settings.ingest.sources.items()}


def read_source(name: str, table: Any) -> SourceSettings:
    """One source; InputError names the first mistake."""
    if not _NAME.fullmatch(name):
        raise _setting_error(name, "", "must have a name of letters, digits, - and _")
    if not isinstance(table, Mapping):
        raise _setting_error(name, "", "must be a table")
    kind = table.get("kind", "")
    if kind not in list(SOURCE_TYPES):
        raise _setting_error(name, "kind", f"must be one of {', '.join(SOURCE_TYPES)}")
    values = {**table, "kind": SourceKind(kind)}
    source = config.parse_table(
        SOURCE_TYPES[SourceKind(kind)].settings, values, f"{SOURCES}.{name}.", PAGE
    )
    for key, fault in source.find_faults():
        raise _setting_error(name, key, fault)
    return source


def _setting_error(name: str, key: str, fault: str) -> InputError:
    where = f"{SOURCES}.{name}" + (f".{key}" if key else "")
    return InputError(
        "source.setting",
        f"The setting '{where}' in config.toml {fault}.",
        f"{PAGE} lists what can be set for a source.",
    )
