"""The header of a snapshot: its number, its times, its systems and what they delivered."""

import re
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Self

SCHEMA = 2
"""The version of the records inside; a program opens no bundle of a later one."""
_PUBLIC = (
    "hospital", "wards", "epoch", "sequence", "created", "expires", "schema", "key", "scope", "base",
    "content", "changes", "unpacked",
)  # fmt: skip
"""What the manifest shows to anybody."""
_ADDED = frozenset({
    "delivered", "holders", "quality", "columns", "held", "released", "scope", "base", "content",
    "changes", "unpacked",
})  # fmt: skip
"""Fields that older snapshots lack."""


class SystemTime(NamedTuple):
    """A source system and the time of its newest data (UTC text); empty when it sent none."""

    name: str
    newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotHeader:
    """The first line inside a bundle; the fields of `public_part` are in its signed manifest too."""

    hospital: str
    wards: tuple[str, ...] = ()
    """Codes of the wards whose patients are inside."""
    epoch: int = 1
    sequence: int = 1
    created: str
    """UTC text, as `expires`."""
    expires: str
    schema: int = SCHEMA
    key: str
    """Id of the publisher's signing key."""
    time_zone: str = "UTC"
    """The site's zone: says on which day an appointment is."""
    systems: dict[str, str] = field(default_factory=dict)
    """System name to the time of its newest data, UTC; in the order shown."""
    holds: tuple[str, ...] = ()
    """Types of record that some system delivered, even if none of them is carried."""
    delivered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """System to the types of record that it sent itself; empty in bundles of older publishers."""
    holders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Type of record to the systems that hold such records at this site (`snapshot.availability`)."""
    quality: dict[str, dict[str, int]] = field(default_factory=dict)
    """System to kind of finding (`feeds.model.FindingKind`) to how often the state gives it."""
    counts: dict[str, int] = field(default_factory=dict)
    """Type of record to the number of rows of the snapshot."""
    scope: str = ""
    """Codes of the wards to which it is confined, joined by `+`; empty for the whole site."""
    base: int | None = None
    """Of a delta the sequence, in the same epoch, of the snapshot that it changes; else None."""
    content: str = ""
    """Digest of all rows of the snapshot (`row_digest`): the same for the full bundle and a delta."""
    changes: int = 0
    """Of a delta the rows that were added, changed or removed."""
    unpacked: int = 0
    """Bytes of what follows the header, uncompressed."""
    held: dict[str, str] = field(default_factory=dict)
    """System that is declared down to the time (UTC) since which nothing of it is taken in."""
    released: tuple[dict[str, str], ...] = ()
    """Changes that looked implausible, and who released them at the publisher, why and when.

    `snapshot` is empty where it was a list that a system sent.
    """
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Type of record to the columns of its rows, in order."""

    @property
    def id(self) -> str:
        """Names this snapshot in files, in the audit and on paper: `DEMO-1-000042-ab12cd34`.

        One of some wards has their codes behind it.
        """
        parts = [self.hospital, f"{self.epoch}-{self.sequence:06}-{self.key[:8]}"]
        return "-".join(
            re.sub(r"[^A-Za-z0-9]+", "-", part) for part in (*parts, self.scope) if part
        )

    def public_part(self) -> dict[str, Any]:
        """What the manifest shows to anybody."""
        return {name: value for name, value in self.to_json().items() if name in _PUBLIC}

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary, as JSON reads it back. What lies in it is the header itself: it is not to be changed."""
        # `asdict` copies all columns of all types, in every bundle of every ward.
        values = {name: getattr(self, name) for name in _NAMES}
        return values | {"wards": list(self.wards), "holds": list(self.holds)}

    @classmethod
    def parse(cls, document: dict[str, Any]) -> Self:
        """From a plain dictionary; KeyError when a field of every bundle is missing."""
        names = [f.name for f in fields(cls) if f.name in document or f.name not in _ADDED]
        values = {name: document[name] for name in names}
        lists = {name: tuple(values.get(name, ())) for name in ("wards", "holds", "released")}
        by_name = {
            name: {key: tuple(items) for key, items in values.get(name, {}).items()}
            for name in ("delivered", "holders", "columns")
        }
        return cls(**values | lists | by_name)


_NAMES = tuple(item.name for item in fields(SnapshotHeader))
