"""The kinds of source, one row each: what can be set for it, and what asks it once."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from downtime.ingest.sources.mllp_settings import MllpSettings
from downtime.ingest.sources.model import SourceKind, SourceSettings
from downtime.ingest.sources.polling import PollContext


class SourceType(NamedTuple):
    """One kind of source; a listener is not asked."""

    settings: type[SourceSettings]
    poll: Callable[[Any, PollContext], None] | None = None


SOURCE_TYPES: Mapping[SourceKind, SourceType] = {SourceKind.MLLP: SourceType(MllpSettings)}
