"""When a change happened and was sent, as far as that is believed: pure.

- A time that lies in the future is not believed, or it would shut out all that follows: the time
  of the message counts instead. Where that is not known either, it counts as sent with the newest
  message before it.
- In the hour that happens twice in autumn a clock does not say which of the two it shows. All times
  that were read as its first one are one time there, and the order of arrival decides.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from downtime.clock import from_text, to_text
from downtime.feeds.model import Change, Replacement
from downtime.ingest.believed_times import TOLERANCE
from downtime.snapshot.record_state import Stamp

_NEARBY = timedelta(hours=36)
_make_tuple = tuple.__new__
"""As `Stamp._make` does it: half the time of its constructor."""


class StampMaker:
    """Makes the stamps of the changes that arrive now."""

    def __init__(self, now: datetime, zone: ZoneInfo, newest: str = "") -> None:
        self.latest = to_text(now + TOLERANCE)
        """The latest time that is believed."""
        self._zone = zone
        self.newest = newest
        """When the newest message so far was sent; what no time is known of counts as sent with it."""
        self._believed = lru_cache(maxsize=4096)(self._believe)

    def make_stamp(self, change: Change, arrival: int, part: int) -> Stamp:
        """The stamp of one change of the message that stands at this arrival number; sequence numbers
        have done their part before (`sender_sequences`).
        """
        sent = change.sent
        if not sent or sent > self.latest:
            sent = self.newest
        elif sent > self.newest:
            self.newest = sent
        moment, sent = self._believed(change.event, sent)
        return _make_tuple(Stamp, (moment, sent, 0, arrival, part, ""))

    def _believe(self, event: str, sent: str) -> tuple[str, str]:
        """When a change happened and was sent, as far as that is believed."""
        sent = min(sent, self.latest)
        moment = event if "" < event <= self.latest else sent
        moment = self._order_time(moment)
        return moment, self._order_time(sent) if sent else moment

    def make_extract_stamp(
        self, extract: Replacement, digest: str, arrival: int, part: int
    ) -> Stamp:
        """The stamp of one row of a full extract: all of them are as at one time."""
        sent = self._order_time(min(extract.sent, self.latest))
        return Stamp(sent, sent, 0, arrival, part, digest)

    def _order_time(self, text: str) -> str:
        if text and _is_near_repeated_hour(text[:10], self._zone):
            return _begin_of_repeated_hour(text, self._zone)
        return text


@lru_cache(maxsize=4096)
def _is_near_repeated_hour(day: str, zone: ZoneInfo) -> bool:
    """Whether clocks are put back within a day and a half of an ISO day."""
    try:
        noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    except ValueError:
        return False
    before, after = (noon + step for step in (-_NEARBY, _NEARBY))
    return _offset(before, zone) > _offset(after, zone)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


@lru_cache(maxsize=4096)
def _begin_of_repeated_hour(text: str, zone: ZoneInfo) -> str:
    """The instant at which the first of the two hours begins, for an instant in it; else itself."""
    try:
        local = from_text(text).astimezone(zone)
    except ValueError:
        return text
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    if local.fold or first == second:
        return text
    begin = local.replace(minute=0, second=0)
    return to_text(begin.astimezone(UTC))
