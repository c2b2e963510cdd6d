"""Places where snapshots are left and fetched: the tables `[fleet.places.NAME]`. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from downtime.errors import InputError
from downtime.fleet.model import Direction, PlaceKind
from downtime.setting_fields import setting
from downtime.settings import Settings
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.named_tables import read_named_table
from downtime.transport.server_settings import (
    S3Server,
    ServerSettings,
    SftpServer,
    SmbServer,
    make_address,
)

PLACES, PAGE = "fleet.places", "docs/places.md"


class Place(Protocol):
    """What is asked of a place, whichever kind it is."""

    @property
    def publish(self) -> bool:
        """Whether it is carried to."""

    @property
    def pull(self) -> bool:
        """Whether it is asked."""

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""

    def address(self) -> FolderAddress:
        """As transport reaches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _CarriedPlace:
    path: str = setting("", "The folder. Of smb it begins with the share, of s3 with the bucket.")
    publish: bool = setting(True, "Whether 'downtime publish' carries to it.")
    pull: bool = setting(True, "Whether 'downtime pull' asks it.")

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        if not self.path:
            yield "path", "is missing"
        if isinstance(self, ServerSettings):
            yield from self.find_server_faults()


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPlace(_CarriedPlace):
    """A folder of this machine, a share that it has mounted, or a stick."""

    kind: PlaceKind = PlaceKind.FOLDER
    mounted: bool = setting(
        False, "It counts only while something is mounted there: without, a stick that is out."
    )

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return make_address(self, FolderKind.LOCAL)


@dataclass(frozen=True, kw_only=True)
class SmbPlace(SmbServer, _CarriedPlace):
    """A Windows share."""

    kind: PlaceKind = PlaceKind.SMB


@dataclass(frozen=True, kw_only=True)
class SftpPlace(SftpServer, _CarriedPlace):
    """A folder behind SSH."""

    kind: PlaceKind = PlaceKind.SFTP


@dataclass(frozen=True, kw_only=True)
class S3Place(S3Server, _CarriedPlace):
    """A bucket, or a folder of one. What lies there is sealed: the server need not encrypt it."""

    kind: PlaceKind = PlaceKind.S3


PLACE_TYPES: Mapping[PlaceKind, type[Place]] = {
    PlaceKind.FOLDER: FolderPlace,
    PlaceKind.SMB: SmbPlace,
    PlaceKind.SFTP: SftpPlace,
    PlaceKind.S3: S3Place,
}


def read_places(settings: Settings, direction: Direction) -> dict[str, Place]:
    """The places for publishing or pulling by name; InputError names the first mistake of any."""
    places = {
        name: read_named_table(name, table, PLACE_TYPES, prefix=PLACES, subject="place", page=PAGE)
        for name, table in settings.fleet.places.items()
    }
    return {name: place for name, place in places.items() if getattr(place, direction)}


def require_places(settings: Settings, direction: Direction) -> dict[str, Place]:
    """The same; InputError when there is none."""
    if places := read_places(settings, direction):
        return places
    raise InputError(
        "place.none",
        f"config.toml names no place to {direction}.",
        f"Add a table [{PLACES}.NAME]; {PAGE} shows some.",
    )


def scope_folder(scope: str) -> str:
    """The folder of a scope at a place, with the `/` behind it; empty for the whole site."""
    return f"wards/{quote(scope, safe='+').replace('.', '%2E')}/" if scope else ""
