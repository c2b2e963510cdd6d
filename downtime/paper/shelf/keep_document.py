"""Put a document on the shelf, a new version of it, or take it off: each a version that is only added."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from downtime.paper.shelf import policies, store
from downtime.paper.shelf.find_documents import find_document, get_document
from downtime.paper.shelf.model import AuditAction, ReadFile, ShelfVersion
from downtime.paper.shelf.public_copies import write_public_copies
from downtime.paper.shelf.read_document import read_document
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDraft:
    """What somebody says of a file. Days are ISO dates; an empty name follows from the title."""

    title: str
    kind: str
    owner: str
    review: str
    expires: str = ""
    name: str = ""
    is_public: bool = False
    in_binder: bool = False


def add_document(
    vault: Vault,
    settings: Settings,
    draft: DocumentDraft,
    content: bytes,
    actor: Actor,
    reason: str,
) -> ShelfVersion:
    """Keep a file as the newest version of its document; it counts at once.

    InputError for a file that cannot be used, ConflictError on a machine that is no publisher.
    """
    policies.check_is_kept_here(vault.home)
    today = vault.clock().astimezone(ZoneInfo(settings.site.time_zone)).date()
    policies.check_days(draft.review, draft.expires, today)
    read = read_document(content, settings.shelf)
    version = _make_version(vault, draft, read, actor, check_reason(reason))
    target = f"{version.document} {version.id}"
    with vault.change(actor, AuditAction.SHELF_ADD, target=target, reason=version.reason) as db:
        store.insert_file(db, version.sha256, read.content)
        store.insert_version(db, version, read.texts)
    write_public_copies(vault)
    return version


def withdraw_document(vault: Vault, name: str, actor: Actor, reason: str) -> ShelfVersion:
    """Take a document off the shelf on every machine; its versions stay on record.

    NotFoundError, ConflictError on a machine that is no publisher.
    """
    policies.check_is_kept_here(vault.home)
    latest = get_document(vault, name).latest
    version = replace(
        latest, id=secrets.token_hex(8), position=store.next_position(vault.db), added=vault.now(), added_by=actor.id, added_name=actor.name,
        device=actor.device, reason=check_reason(reason), is_withdrawn=True, is_public=False,
    )  # fmt: skip
    with vault.change(actor, AuditAction.SHELF_WITHDRAW, target=name, reason=version.reason) as db:
        store.insert_version(db, version, ())
    write_public_copies(vault)
    return version


def _make_version(
    vault: Vault, draft: DocumentDraft, read: ReadFile, actor: Actor, reason: str
) -> ShelfVersion:
    title = policies.check_text(draft.title, policies.MOST_TITLE, "The title")
    name = policies.check_name(draft.name, title)
    before = find_document(vault, name)
    return ShelfVersion(
        id=secrets.token_hex(8),
        document=before.latest.document if before else name,
        position=store.next_position(vault.db),
        title=title,
        kind=policies.check_kind(draft.kind, read.media_type),
        owner=policies.check_text(draft.owner, policies.MOST_OWNER, "The owner"),
        review=draft.review,
        expires=draft.expires,
        is_public=draft.is_public,
        in_binder=draft.in_binder,
        media_type=read.media_type,
        sha256=hashlib.sha256(read.content).hexdigest(),
        size=len(read.content),
        pages=len(read.texts),
        added=vault.now(),
        added_by=actor.id,
        added_name=actor.name,
        device=device.read_own_code(vault.home),
        reason=reason,
        is_withdrawn=False,
    )
