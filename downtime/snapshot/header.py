"""The header of a snapshot: its number, its times, its systems and what they delivered."""

import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple, Self

SCHEMA = 1
"""The version of the records inside; a program opens no bundle of a later one."""


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
    """Type of record to the number of rows that follow."""

    @property
    def id(self) -> str:
        """Names this snapshot in files, in the audit and on paper: `DEMO-1-000042-ab12cd34`."""
        hospital = re.sub(r"[^A-Za-z0-9]+", "-", self.hospital)
        return f"{hospital}-{self.epoch}-{self.sequence:06}-{self.key[:8]}"

    def public_part(self) -> dict[str, Any]:
        """What the manifest shows to anybody."""
        names = ("hospital", "wards", "epoch", "sequence", "created", "expires", "schema", "key")
        return {name: value for name, value in self.to_json().items() if name in names}

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary, as JSON reads it back."""
        return asdict(self) | {"wards": list(self.wards), "holds": list(self.holds)}

    @classmethod
    def parse(cls, document: dict[str, Any]) -> Self:
        """From a plain dictionary; KeyError when a field of every bundle is missing."""
        added = {"delivered", "holders", "quality"}
        names = [f.name for f in fields(cls) if f.name in document or f.name not in added]
        values = {name: document[name] for name in names}
        lists = {name: tuple(values[name]) for name in ("wards", "holds")}
        by_name = {
            name: {key: tuple(items) for key, items in values.get(name, {}).items()}
            for name in ("delivered", "holders")
        }
        return cls(**values | lists | by_name)
