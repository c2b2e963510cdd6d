"""The sealed file by which a publisher sends its shelf: all versions, the files of those that count, partners' keys.

What it says is only ever added to what a machine has: an older file, or the files of two publishers in
any order, take nothing away.
"""

import hashlib
from collections.abc import Iterator
from typing import IO, BinaryIO

import orjson
from sqlite_utils import Database

from downtime.config import Home
from downtime.paper.mutual_aid import store as partner_store
from downtime.paper.mutual_aid.model import Partner
from downtime.paper.shelf import store
from downtime.paper.shelf.find_documents import list_documents
from downtime.paper.shelf.model import PDF, TABLE, AuditAction, ShelfVersion
from downtime.paper.shelf.public_copies import write_public_copies
from downtime.settings import Settings
from downtime.vault import device, machines, sealing
from downtime.vault.model import Actor, MachineRole
from downtime.vault.sealing import SealedFile, SealedFileKind, Source
from downtime.vault.vault import Vault

KIND = SealedFileKind(
    "downtime-shelf/1", 1, {"hospital": str, "created": str, "content": str, "schema": int}
)
SUFFIX = ".shelf"
_MOST_HEAD = 67_108_864
_PART = 1 << 18


def find_content_id(vault: Vault) -> str:
    """A name of what the shelf holds and for whom it is sealed; another one as soon as either changes."""
    versions, partners = store.fetch_versions(vault.db), partner_store.fetch_partners(vault.db)
    ids = sorted([*(row.id for row in versions), *(row.id for row in partners)])
    recipients = sorted(_list_recipients(vault))
    return hashlib.sha256(orjson.dumps([ids, recipients])).hexdigest() if ids else ""


def seal_shelf(vault: Vault, settings: Settings, out: IO[bytes]) -> SealedFile:
    """Seal all that the shelf holds to every machine of the site, into an empty file."""
    this = device.load_device(vault)
    public = {
        "schema": KIND.schema,
        "hospital": settings.site.code,
        "created": vault.now(),
        "content": find_content_id(vault),
        "key": sealing.key_id(this.card.public_key),
    }
    return sealing.seal(KIND, public, _read_parts(vault), _list_recipients(vault), this.sign, out)


def _list_recipients(vault: Vault) -> list[str]:
    """Every machine, whichever wards it may read: there is no patient on the shelf."""
    machine_list = machines.read_list(vault.home)
    recovery = [machine_list.recovery] if machine_list else []
    cards = [machine.card for machine in machines.list_machines(vault.home)]
    return list(dict.fromkeys([*(card.recipient for card in cards), *recovery]))


def _read_parts(vault: Vault) -> Iterator[bytes]:
    versions = store.fetch_versions(vault.db)
    current = {item.latest.id: item.latest for item in list_documents(vault)}
    files = {version.sha256: version.size for version in current.values()}
    head = {
        "versions": [store.version_row(version) for version in versions],
        "texts": {name: store.fetch_texts(vault.db, name) for name in current},
        "files": list(files.items()),
        "partners": [
            partner_store.partner_row(row) for row in partner_store.fetch_partners(vault.db)
        ],
    }
    yield orjson.dumps(head) + b"\n"
    for sha256 in files:
        yield store.fetch_file(vault.db, sha256)


def verify_shelf(home: Home, settings: Settings, source: Source) -> SealedFile:
    """A shelf that a publisher of this hospital has signed; works while locked. UntrustedError."""
    sealed = machines.verify_signed_by(home, KIND, source, MachineRole.PUBLISHER)
    if sealed.manifest["hospital"] != settings.site.code:
        raise sealing.tampered_error()
    return sealed


def merge_shelf(vault: Vault, settings: Settings, source: Source, actor: Actor) -> int:
    """Add what a sealed shelf says beyond what is here; how much was new. UntrustedError."""
    sealed = verify_shelf(vault.home, settings, source)
    identity = device.load_device(vault).age_identity
    with (
        vault.change(actor, AuditAction.SHELF_MERGE, target=sealed.sha256) as db,
        sealed.decrypt(identity) as clear,
    ):
        count = _merge(db, clear)
    write_public_copies(vault)
    return count


def _merge(db: Database, clear: BinaryIO) -> int:
    try:
        head = orjson.loads(clear.readline(_MOST_HEAD))
        versions = [store.parse_version(row) for row in head["versions"]]
        for sha256, size in head["files"]:
            content = _read_exactly(clear, int(size))
            if hashlib.sha256(content).hexdigest() != sha256:
                raise sealing.incomplete_error()
            store.insert_file(db, sha256, content)
        partners = [partner_store.parse_partner(row) for row in head.get("partners", ())]
        return _insert_new(db, versions, head["texts"]) + _insert_partners(db, partners)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise sealing.incomplete_error() from None


def _insert_new(db: Database, versions: list[ShelfVersion], texts: dict[str, list[str]]) -> int:
    new = [version for version in versions if not store.has_version(db, version.id)]
    for version in new:
        if version.media_type not in (PDF, TABLE):
            raise sealing.incomplete_error()
        store.insert_version(db, version, list(map(str, texts.get(version.id, ()))))
    return len(new)


def _insert_partners(db: Database, partners: list[Partner]) -> int:
    new = [partner for partner in partners if not partner_store.has_partner(db, partner.id)]
    for partner in new:
        partner_store.insert_partner(db, partner)
    return len(new)


def _read_exactly(clear: BinaryIO, size: int) -> bytes:
    parts = []
    while size and (part := clear.read(min(size, _PART))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
