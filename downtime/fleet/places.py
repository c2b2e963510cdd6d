"""Places where snapshots are left and fetched: the tables `[fleet.places.NAME]`. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from downtime import config
from downtime.errors import InputError
from downtime.fleet.model import Direction, PlaceKind
from downtime.setting_fields import setting
from downtime.settings import Settings
from downtime.transport.folder_address import FolderAddress, FolderKind

PLACES, PAGE = "fleet.places", "docs/places.md"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}


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
class FolderPlace:
    """A folder of this machine, a share that it has mounted, or a stick."""

    kind: PlaceKind = PlaceKind.FOLDER
    path: str = setting("", "The folder. Of smb it begins with the share, of s3 with the bucket.")
    publish: bool = setting(True, "Whether 'downtime publish' carries to it.")
    pull: bool = setting(True, "Whether 'downtime pull' asks it.")
    mounted: bool = setting(
        False, "It counts only while something is mounted there: without, a stick that is out."
    )

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        if not self.path:
            yield "path", "is missing"

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(kind=FolderKind.LOCAL, path=self.path, mounted=self.mounted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServerPlace:
    path: str = setting("", "The folder. Of smb it begins with the share, of s3 with the bucket.")
    publish: bool = setting(True, "Whether 'downtime publish' carries to it.")
    pull: bool = setting(True, "Whether 'downtime pull' asks it.")
    host: str = setting("", "Name or address of the server.")
    port: int = setting(0, "Its port; 0 for the usual one.")
    user: str = setting("", "User there. Of s3: the access key.")
    password_file: str = setting("", "File that holds the password. Of s3: the secret key.")
    connect_seconds: float = setting(20.0, "Longest wait for a connection.")

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        for name in ("path", *self._needed()):
            if not getattr(self, name):
                yield name, "is missing"

    def _needed(self) -> tuple[str, ...]:
        return ("host", "user", "password_file")

    def _common(self) -> dict[str, Any]:
        names = ("path", "host", "port", "user", "password_file", "connect_seconds")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmbPlace(_ServerPlace):
    """A Windows share."""

    kind: PlaceKind = PlaceKind.SMB
    plain: bool = setting(False, "Allow a server that cannot encrypt (SMB 2).")

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(kind=FolderKind.SMB, plain=self.plain, **self._common())


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpPlace(_ServerPlace):
    """A folder behind SSH."""

    kind: PlaceKind = PlaceKind.SFTP
    key_file: str = setting("", "Private key (OpenSSH), instead of a password.")
    known_hosts_file: str = setting("", "The server's public key, as in ~/.ssh/known_hosts.")

    def _needed(self) -> tuple[str, ...]:
        secret = () if self.key_file else ("password_file",)
        return ("host", "user", "known_hosts_file", *secret)

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(
            kind=FolderKind.SFTP,
            key_file=self.key_file,
            known_hosts_file=self.known_hosts_file,
            **self._common(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place(_ServerPlace):
    """A bucket, or a folder of one. What lies there is sealed: the server need not encrypt it."""

    kind: PlaceKind = PlaceKind.S3
    endpoint: str = setting("", "Address of a server that is not Amazon's.")
    region: str = setting("", "Where the bucket lies; empty for us-east-1.")
    ca_file: str = setting(
        "", "Certificates (PEM) that its server is checked with, instead of the machine's own list."
    )

    def _needed(self) -> tuple[str, ...]:
        return ()

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        yield from _ServerPlace.find_faults(self)
        address = urlsplit(self.endpoint)
        if address.scheme == "http" and address.hostname not in _LOCAL_HOSTS:
            yield "endpoint", "has no TLS; others could see and hold back what is fetched"

    def address(self) -> FolderAddress:
        """As transport reaches it."""
        return FolderAddress(
            kind=FolderKind.S3,
            endpoint=self.endpoint,
            region=self.region,
            ca_file=self.ca_file,
            **self._common(),
        )


PLACE_TYPES: Mapping[PlaceKind, type] = {
    PlaceKind.FOLDER: FolderPlace,
    PlaceKind.SMB: SmbPlace,
    PlaceKind.SFTP: SftpPlace,
    PlaceKind.S3: S3Place,
}


def read_places(settings: Settings, direction: Direction) -> dict[str, Place]:
    """The places for publishing or pulling by name; InputError names the first mistake of any."""
    places = {name: _read_place(name, table) for name, table in settings.fleet.places.items()}
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


def _read_place(name: str, table: Any) -> Place:
    if not _NAME.fullmatch(name):
        raise _setting_error(name, "", "must have a name of letters, digits, - and _")
    if not isinstance(table, Mapping):
        raise _setting_error(name, "", "must be a table")
    kind = table.get("kind", "")
    if kind not in list(PLACE_TYPES):
        raise _setting_error(name, "kind", f"must be one of {', '.join(PLACE_TYPES)}")
    values = {**table, "kind": PlaceKind(kind)}
    place: Place = config.parse_table(
        PLACE_TYPES[PlaceKind(kind)], values, f"{PLACES}.{name}.", PAGE
    )
    for key, fault in place.find_faults():
        raise _setting_error(name, key, fault)
    return place


def _setting_error(name: str, key: str, fault: str) -> InputError:
    where = f"{PLACES}.{name}" + (f".{key}" if key else "")
    return InputError(
        "place.setting",
        f"The setting '{where}' in config.toml {fault}.",
        f"{PAGE} lists what can be set for a place.",
    )


def scope_folder(scope: str) -> str:
    """The folder of a scope at a place, with the `/` behind it; empty for the whole site."""
    return f"wards/{quote(scope, safe='+').replace('.', '%2E')}/" if scope else ""
