"""What counts as a repetition, how arrival numbers are given, and what may be released."""

import hashlib

from downtime.errors import ConflictError
from downtime.feeds.file_format import FileFormat
from downtime.feeds.model import Outcome
from downtime.ingest.model import LedgerEntry, RawMessage

HEAD_BYTES = 4_096
"""So much is kept of what is too long: enough for its MSH, by which its sender finds it again."""
SHEET_ROWS = 1_048_576
"""Rows of a worksheet: so many numbers a workbook takes, since they are counted when it is read."""
_DIGITS = frozenset(b"0123456789")


def fingerprint(raw: RawMessage) -> bytes:
    """Eight bytes that only a repetition has: the same bytes from the same source.

    A table or resource may rightly come again as it was before; it is a repetition when file,
    time of change and place in the file are the same too.
    """
    digest = hashlib.blake2b(raw.data, digest_size=8, key=raw.source.encode()[:64])
    if raw.format is not FileFormat.HL7:
        name = raw.name.replace("\\", "/").rsplit("/", 1)[-1]
        number = raw.number if raw.format is not FileFormat.CUT else ""  # sent again and again
        digest.update(f"\0{name}\0{raw.modified}\0{number}".encode("utf-8", "replace"))
    return digest.digest()


def read_stamp(raw: RawMessage) -> int:
    """When it was made, as a number (20261102143000): MSH-7 as it stands, else `modified`; else 0.

    Repetitions have the same whatever the zone, and messages arrive nearly in its order, so that
    an index of it stays small where one of digests alone would touch a page a message.
    """
    if raw.format is not FileFormat.HL7:
        return int("".join(filter(str.isdigit, raw.modified[:19])) or 0)
    fields = raw.data[:512].split(raw.data[3:4] or b"|", 7)
    stamp = fields[6][:14] if len(fields) > 7 else b""
    return int(stamp) if stamp and _DIGITS.issuperset(stamp) else 0


def cut_when_too_long(raw: RawMessage, limit: int) -> RawMessage:
    """Itself; of one that is longer than `limit` bytes only the beginning."""
    if len(raw.data) <= limit:
        return raw
    return raw._replace(format=FileFormat.CUT, data=raw.data[:HEAD_BYTES])


def count_numbers(raw: RawMessage) -> int:
    """So many arrival numbers it takes: at least one for each message that it may hold.

    They are set aside when it is received, so that a table that a better mapping reads later keeps
    its place among all that was received.
    """
    if raw.format is FileFormat.TABLE:
        return raw.data.count(b"\n") + raw.data.count(b"\r") + 2
    return SHEET_ROWS if raw.format is FileFormat.WORKBOOK else 1


def can_release(entry: LedgerEntry) -> bool:
    """Whether it lies in quarantine, and nobody has released it yet."""
    return entry.outcome is Outcome.QUARANTINED and not entry.released_as


def check_can_release(entry: LedgerEntry) -> None:
    """ConflictError when it does not lie in quarantine (any more)."""
    if not can_release(entry):
        raise ConflictError(
            "ingest.not-quarantined",
            f"Message {entry.arrival} does not lie in quarantine.",
            f"Look at it with 'downtime ingest show {entry.arrival}'.",
        )
