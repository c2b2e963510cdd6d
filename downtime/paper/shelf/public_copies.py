"""Copies of what the site marks as public, readable before anybody signs in.

They lie in clear, in a list that this machine has signed: what somebody else puts into that folder is
not shown.
"""

import hashlib
from base64 import b64decode
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature

from downtime.config import Home
from downtime.errors import NotFoundError, UserError
from downtime.paper.shelf import store
from downtime.paper.shelf.find_documents import list_documents
from downtime.paper.shelf.model import ShelfVersion
from downtime.vault import device
from downtime.vault.database import build_record
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.slots import to_canonical_json
from downtime.vault.vault import Vault

_LIST = "public.json"
_FORMAT = "downtime-public-shelf/1"


def write_public_copies(vault: Vault) -> None:
    """Let the copies be what the shelf says now; nothing to do where they are."""
    versions = [
        item.latest
        for item in list_documents(vault)
        if item.latest.is_public and store.has_file(vault.db, item.latest.sha256)
    ]
    if versions == list_public(vault.home):
        return
    folder = vault.home.shelf_folder
    make_private_folder(folder)
    for version in versions:
        write_atomic(folder / _file_name(version), store.fetch_file(vault.db, version.sha256))
    rows = [asdict(version) for version in versions]
    signature = device.load_device(vault).sign(_signed_bytes(rows))
    write_atomic(folder / _LIST, orjson.dumps({"versions": rows, "signature": signature}))
    for path in folder.glob("public-*"):
        if path.name not in map(_file_name, versions):
            path.unlink(missing_ok=True)


def list_public(home: Home) -> list[ShelfVersion]:
    """What may be read by anybody; nothing where the list is not as this machine signed it. Works locked."""
    with suppress(OSError, ValueError, KeyError, TypeError, InvalidSignature, UserError):
        document = orjson.loads((home.shelf_folder / _LIST).read_bytes())
        signature = b64decode(document["signature"])
        device.read_own_card(home).public_key.verify(signature, _signed_bytes(document["versions"]))
        return [build_record(ShelfVersion, row) for row in document["versions"]]
    return []


def read_public(home: Home, version_id: str) -> tuple[ShelfVersion, bytes]:
    """A public document and its file; NotFoundError when it is none, or not as it was signed."""
    for version in list_public(home):
        if version.id == version_id:
            with suppress(OSError):
                content = (home.shelf_folder / _file_name(version)).read_bytes()
                if hashlib.sha256(content).hexdigest() == version.sha256:
                    return version, content
    raise NotFoundError(
        "shelf.not-public",
        "This document cannot be read before somebody signs in.",
        "Sign in, and open the page Reference.",
    )


def _file_name(version: ShelfVersion) -> str:
    return f"public-{version.sha256}"


def _signed_bytes(rows: list[dict[str, Any]]) -> bytes:
    return to_canonical_json({"downtime": _FORMAT, "versions": rows})
