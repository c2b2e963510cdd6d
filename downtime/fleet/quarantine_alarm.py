"""What every screen says while a snapshot waits in quarantine: how old what is in use grows."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clock import from_text
from downtime.fleet.quarantine_model import Door, QuarantineEntry
from downtime.fleet.quarantine_snapshot import find_last_created, list_open
from downtime.vault.vault import Vault

_PHRASES = {
    Door.PUBLISHER: "was not published; the newest that is published",
    Door.LAPTOP: "is not in use; the one in use",
}


def list_alarms(vault: Vault, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """A sentence for each snapshot that waits for a person."""
    for entry in list_open(vault):
        yield _describe(vault, entry, now, zone)


def _describe(vault: Vault, entry: QuarantineEntry, now: datetime, zone: ZoneInfo) -> str:
    built = display.format_moment(entry.created, zone)
    sentence = f"In quarantine: the snapshot of {built} changed too much and {_PHRASES[entry.door]}"
    created = find_last_created(vault, entry)
    if not created:
        return f"{sentence} stays."
    age = display.format_duration(max(now - from_text(created), now - now))
    last = display.format_moment(created, zone)
    return f"{sentence} is of {last} ({age} old). Look at it under Snapshots."
