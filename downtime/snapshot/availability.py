"""Which systems sent records of a type, and the words for what is not there. Pure.

What a system did not send is 'not sent by' it, or the system is unavailable if it sent nothing at all; it is
never 'none'. 'None' of a system that has
been silent for long is said with the time of its newest data. An order that the EPR places with the laboratory was sent by the EPR.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.holders import list_holders
from downtime.clinical.record_types import RECORD_TYPES
from downtime.snapshot.header import SnapshotHeader

ANY_AGE = "9"
"""As `stale_before`: every system is named with its time."""


class SystemDelivery(NamedTuple):
    """Whether a system sent records of a type itself, and how new its data is (UTC, may be empty)."""

    system: str
    is_delivered: bool
    newest: str
    sends_others: bool = False
    """Whether it sent records of other types: the system itself is there then."""


class AvailabilityLine(NamedTuple):
    """`LIMS unavailable; Radiology: none`; empty when there is nothing to say."""

    text: str
    has_unavailable: bool
    """Whether a system that holds such records sent none of them."""


@dataclass(frozen=True, slots=True)
class Availability:
    """What became of one type of record, system by system."""

    holders: tuple[SystemDelivery, ...]
    """The systems that hold such records at this site."""
    others: tuple[SystemDelivery, ...] = ()
    """Others that sent some all the same, as the EPR sends orders."""

    @property
    def unavailable(self) -> tuple[str, ...]:
        """The systems that hold such records and sent none."""
        return tuple(holder.system for holder in self.holders if not holder.is_delivered)

    @property
    def is_known(self) -> bool:
        """Whether every system that holds such records sent some: only then is nothing 'none'."""
        return not self.unavailable

    @property
    def is_delivered(self) -> bool:
        """Whether any system sent such records."""
        return any(system.is_delivered for system in (*self.holders, *self.others))


def find_availability(header: SnapshotHeader, type_name: str) -> Availability:
    """Who holds such records, as the publisher said; a bundle of an older one does not say.

    Then every holder from which anything came is believed to have sent what `holds` names.
    """
    listed = header.holders.get(type_name) or list_holders(header.systems).get(type_name, ())
    senders = [name for name, types in header.delivered.items() if type_name in types]
    holders = tuple(_find_delivery(header, type_name, name) for name in listed)
    others = [name for name in senders if name not in listed]
    return Availability(holders, tuple(_find_delivery(header, type_name, name) for name in others))


def _find_delivery(header: SnapshotHeader, type_name: str, system: str) -> SystemDelivery:
    newest = header.systems.get(system, "")
    if header.delivered:
        is_delivered = type_name in header.delivered.get(system, ())
    else:
        is_delivered = type_name in header.holds and (newest != "" or system not in header.systems)
    return SystemDelivery(system, is_delivered, newest, bool(header.delivered.get(system)))


def list_unsent_types(header: SnapshotHeader, system: str) -> list[str]:
    """The types of record that a system holds at this site and did not send."""
    return [name for name in RECORD_TYPES if system in find_availability(header, name).unavailable]


def word_absence(
    availability: Availability, sources: Iterable[str], zone: ZoneInfo, stale_before: str = ""
) -> AvailabilityLine:
    """What is not there, system by system; `sources` are the systems of the records that are.

    A system whose newest data is older than `stale_before` (UTC) is named with its time, even if it
    sent some.
    """
    present = set(sources)
    systems = availability.holders
    is_empty = not present.intersection(item.system for item in (*systems, *availability.others))
    if is_empty and not availability.is_known:
        systems += availability.others
    parts = [_word_system(item, present, zone, stale_before) for item in systems]
    is_ageless = any(not item.newest and item.system not in present for item in systems)
    return AvailabilityLine("; ".join(filter(None, parts)), is_ageless or not availability.is_known)


def _word_system(item: SystemDelivery, present: set[str], zone: ZoneInfo, stale_before: str) -> str:
    is_stale = "" < item.newest < stale_before
    time = f" as at {display.format_moment(item.newest, zone)}" if is_stale else ""
    if not item.is_delivered:
        shown = ", shown as others sent it" if item.system in present else ""
        return f"{_word_undelivered(item)}{shown}"
    if item.system not in present:
        return f"{item.system}: none{time}" if item.newest else f"{item.system}: age not known"
    return f"{item.system}{time}" if is_stale else ""


def _word_undelivered(*systems: SystemDelivery) -> str:
    """A system of which other records came is not 'unavailable': its strip is green."""
    silent = [item.system for item in systems if not item.sends_others]
    others = [item.system for item in systems if item.sends_others]
    parts = [f"{', '.join(silent)} unavailable"] if silent else []
    return "; ".join([*parts, *([f"not sent by {', '.join(others)}"] if others else [])])


def word_unavailable(availability: Availability) -> str:
    """`LIMS, Radiology unavailable; not sent by EPR`; empty when every system sent such records."""
    return _word_undelivered(*(item for item in availability.holders if not item.is_delivered))


def word_place(place: str, has_stay: bool, stays: Availability, absent: str) -> str:
    """Where somebody is; without a stay, `absent` only if the system that knows has said so."""
    if has_stay:
        return place or display.NOT_RECORDED
    return absent if stays.is_known else f"Place not known: {word_unavailable(stays)}"
