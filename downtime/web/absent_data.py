"""What is said on a screen where the snapshot holds nothing: which system sent none, and which did not send."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from downtime.clinical.model import Encounter
from downtime.snapshot import availability
from downtime.snapshot.availability import AvailabilityLine
from downtime.snapshot.freshness import find_stale_time
from downtime.web import request_context


def word_absence(type_name: str, sources: Iterable[str]) -> AvailabilityLine:
    """`LIMS unavailable; Radiology: none`; `sources` are the systems of what is shown."""
    settings = request_context.settings()
    snapshot = request_context.snapshot()
    known = request_context.known_time()
    now = max(request_context.now(), known.latest if known else request_context.now())
    return availability.word_absence(
        snapshot.find_availability(type_name),
        sources,
        ZoneInfo(settings.site.time_zone),
        find_stale_time(now, settings),
    )


def word_place(encounter: Encounter | None, place: str, absent: str) -> str:
    """Where somebody is; without a stay, `absent` only if the system that knows has said so."""
    stays = request_context.snapshot().find_availability(Encounter.__name__)
    return availability.word_place(place, encounter is not None, stays, absent)
