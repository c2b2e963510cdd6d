"""Leave the shelf at each place that a publisher carries to, and take it from there on every machine.

It is fetched and checked while the vault is locked, and waits, sealed, until somebody unlocks it.
"""

import hashlib
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from downtime.config import Home
from downtime.errors import UserError
from downtime.paper.shelf.shelf_bundle import (
    SUFFIX,
    find_content_id,
    merge_shelf,
    seal_shelf,
    verify_shelf,
)
from downtime.security_events import SecurityEvent, report_event
from downtime.settings import Settings
from downtime.transport.carrier import PacedCarrier
from downtime.transport.fetch_file import fetch_file
from downtime.transport.pointer import CarriedFile
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.machines import read_own_machine
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError

FOLDER = "shelf"
POINTER = f"{FOLDER}/latest.json"
_MAX_POINTER_BYTES = 16_384
_SEEN = "seen.json"
_MOST_SEEN = 50


@dataclass(frozen=True, slots=True)
class ShelfPointer:
    """What lies at a place; nobody signs it: the file that it names is signed."""

    content: str
    """As `find_content_id` of whoever sealed it."""
    file: CarriedFile

    @classmethod
    def parse(cls, data: bytes) -> "ShelfPointer":
        """ValueError when it is none."""
        document = orjson.loads(data)
        if not isinstance(document, dict) or not isinstance(document.get("content"), str):
            raise ValueError("no pointer")
        return cls(document["content"], CarriedFile.parse(document.get("file")))


class ShelfExchange:
    """What a run does at every place that it reaches. `vault` and `actor` are None while locked."""

    def __init__(
        self, home: Home, settings: Settings, vault: Vault | None, actor: Actor | None
    ) -> None:
        self._home, self._settings, self._vault, self._actor = home, settings, vault, actor

    def __call__(self, carrier: PacedCarrier) -> None:
        """Take, then leave: a publisher carries on what another one has added."""
        pointer = _read_pointer(carrier)
        if pointer:
            fetch_shelf(self._home, self._settings, carrier, pointer)
        if self._vault and self._actor:
            merge_waiting(self._vault, self._settings, self._actor)
            if MachineRole.PUBLISHER in read_own_machine(self._home).roles:
                leave_shelf(self._vault, self._settings, carrier, pointer)


def fetch_shelf(
    home: Home, settings: Settings, carrier: PacedCarrier, pointer: ShelfPointer
) -> None:
    """Keep what lies there, sealed, unless it was fetched before; what is not signed is reported."""
    if pointer.file.sha256 in _read_seen(home):
        return
    make_private_folder(home.shelf_folder)
    limit = settings.shelf.max_bundle_bytes
    try:
        path = fetch_file(carrier, f"{FOLDER}/", pointer.file, home.shelf_folder, limit)
        verify_shelf(home, settings, path)
    except UserError as error:
        (home.shelf_folder / pointer.file.name).unlink(missing_ok=True)
        report_event(SecurityEvent.VERIFICATION_FAILED, code=error.code)
        return
    waiting = path.with_name(f"{pointer.file.sha256}{SUFFIX}")
    if path != waiting:
        path.replace(waiting)


def merge_waiting(vault: Vault, settings: Settings, actor: Actor) -> int:
    """Put on the shelf what was fetched; how many versions were new. What cannot be read is let go."""
    count = 0
    for path in sorted(vault.home.shelf_folder.glob(f"*{SUFFIX}")):
        try:
            count += merge_shelf(vault, settings, path, actor)
        except ReadOnlyError:  # it waits
            return count
        except UserError as error:
            report_event(SecurityEvent.VERIFICATION_FAILED, code=error.code)
        _note_seen(vault.home, path.stem)
        path.unlink(missing_ok=True)
    return count


def leave_shelf(
    vault: Vault, settings: Settings, carrier: PacedCarrier, pointer: ShelfPointer | None
) -> None:
    """Carry the shelf to a place where another content lies: the file first, its pointer last."""
    content = find_content_id(vault)
    if not content or (pointer and pointer.content == content):
        return
    with tempfile.TemporaryFile(dir=vault.home.path) as out:
        sealed = seal_shelf(vault, settings, out)
        name = f"{sealed.sha256[:24]}{SUFFIX}"
        file = CarriedFile(name, _hash_parts(sealed.iterate_parts()), sealed.size, 0)
        out.seek(0)
        carrier.write_file(f"{FOLDER}/{name}", out)
    document = {"content": content, "file": asdict(file)}
    carrier.replace_file(POINTER, orjson.dumps(document))
    _note_seen(vault.home, file.sha256)
    if pointer and pointer.file.name != name:
        with suppress(FileNotFoundError):
            carrier.remove_file(f"{FOLDER}/{pointer.file.name}")


def _read_pointer(carrier: PacedCarrier) -> ShelfPointer | None:
    with suppress(FileNotFoundError, ValueError):
        if file := carrier.read_small(POINTER, _MAX_POINTER_BYTES):
            return ShelfPointer.parse(file.content)
    return None


def _hash_parts(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _read_seen(home: Home) -> list[str]:
    with suppress(OSError, ValueError, TypeError):
        return list(map(str, orjson.loads(_seen_path(home).read_bytes())))
    return []


def _note_seen(home: Home, sha256: str) -> None:
    make_private_folder(home.shelf_folder)
    seen = [*(name for name in _read_seen(home) if name != sha256), sha256][-_MOST_SEEN:]
    write_atomic(_seen_path(home), orjson.dumps(seen))


def _seen_path(home: Home) -> Path:
    return home.shelf_folder / _SEEN
