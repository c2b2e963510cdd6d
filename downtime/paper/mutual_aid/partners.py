"""Which other hospitals are believed: their machines' keys, compared by telephone, on every machine of the site."""

import hashlib
import json
import secrets
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.config import Home
from downtime.errors import ConflictError, InputError, NotFoundError, UntrustedError
from downtime.paper.mutual_aid import store
from downtime.paper.mutual_aid.model import AuditAction, Partner
from downtime.paper.shelf.policies import check_is_kept_here
from downtime.settings import Settings
from downtime.vault import sealing
from downtime.vault.machines import list_machines
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.slots import to_canonical_json
from downtime.vault.vault import Vault

FORMAT = "downtime-partner/1"
MAX_BYTES = 1_048_576
_DIGITS = 20
_MOST_MACHINES = 10_000


class PartnerFile(NamedTuple):
    """What a hospital gives to others: its name, and the public keys of its machines. No secret is in it."""

    code: str
    name: str
    keys: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Five groups of four, to be read over the telephone: 80 bits."""
        digest = hashlib.sha256(
            to_canonical_json([self.code, self.name, dict(self.keys)])
        ).hexdigest()
        return " ".join(digest[start : start + 4] for start in range(0, _DIGITS, 4))

    def to_bytes(self) -> bytes:
        """The file."""
        hospital = {"code": self.code, "name": self.name}
        document = {"format": FORMAT, "hospital": hospital, "machines": dict(self.keys)}
        return json.dumps(document, indent=1, ensure_ascii=False).encode()


def make_partner_file(home: Home, settings: Settings) -> PartnerFile:
    """Our own file, for others: every machine that is believed here."""
    keys = {m.code: m.card.verify_key for m in list_machines(home) if m.roles}
    return PartnerFile(settings.site.code, settings.site.name, keys)


def parse_partner_file(content: bytes) -> PartnerFile:
    """InputError when it is none."""
    try:
        document = json.loads(content[:MAX_BYTES])
        hospital, machines = document["hospital"], document["machines"]
        texts = [hospital["code"], hospital["name"], *machines, *machines.values()]
        if document["format"] != FORMAT or not all(isinstance(text, str) for text in texts):
            raise ValueError("no partner")
        if not 1 <= len(machines) <= _MOST_MACHINES or not hospital["code"].strip():
            raise ValueError("no machine")
        for key in machines.values():
            _read_key(key)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "partner.file",
            "This is no file of a hospital's keys.",
            "Ask the other hospital for the file of 'downtime mutual-aid export-keys'.",
        ) from None
    return PartnerFile(
        hospital["code"].strip()[:20], hospital["name"].strip()[:100], dict(machines)
    )


def add_partner(
    vault: Vault, settings: Settings, content: bytes, fingerprint: str, actor: Actor, reason: str
) -> Partner:
    """Believe another hospital's machines, in place of the keys that it gave before. On a publisher.

    UntrustedError unless the fingerprint is that which the other hospital reads over the telephone.
    """
    check_is_kept_here(vault.home)
    file = parse_partner_file(content)
    if file.code == settings.site.code:
        raise ConflictError(
            "partner.own", "This is this hospital's own file.", "Give it to others."
        )
    if "".join(fingerprint.split()).lower() != file.fingerprint.replace(" ", ""):
        raise UntrustedError(
            "partner.fingerprint",
            "The fingerprint is not that of this file.",
            "Telephone a number of that hospital that you know, and let them read theirs to you.",
        )
    partner = Partner(
        id=secrets.token_hex(8), code=file.code, name=file.name, keys=file.keys,
        fingerprint=file.fingerprint, position=store.next_position(vault.db), added=vault.now(),
        added_by=actor.id, added_name=actor.name, reason=check_reason(reason), is_withdrawn=False,
    )  # fmt: skip
    with vault.change(actor, AuditAction.PARTNER_ADD, target=file.code, reason=reason) as db:
        store.insert_partner(db, partner)
    return partner


def withdraw_partner(vault: Vault, code: str, actor: Actor, reason: str) -> None:
    """Believe a hospital's machines no longer; what was received from it stays. NotFoundError."""
    check_is_kept_here(vault.home)
    partner = next((item for item in list_partners(vault) if item.code == code), None)
    if partner is None:
        raise NotFoundError(
            "partner.unknown", "There is no such partner.", "See the list of partners."
        )
    withdrawn = replace(
        partner, id=secrets.token_hex(8), position=store.next_position(vault.db), added=vault.now(),
        added_by=actor.id, added_name=actor.name, reason=check_reason(reason), is_withdrawn=True,
    )  # fmt: skip
    with vault.change(actor, AuditAction.PARTNER_WITHDRAW, target=code, reason=reason) as db:
        store.insert_partner(db, withdrawn)


def list_partners(vault: Vault) -> list[Partner]:
    """The hospitals that are believed, by code, each with its newest keys."""
    newest = {partner.code: partner for partner in store.fetch_partners(vault.db)}
    return [partner for partner in newest.values() if not partner.is_withdrawn]


class PartnerMachine(NamedTuple):
    """A machine of another hospital, with its key."""

    partner: Partner
    device: str
    key: Ed25519PublicKey


def find_machine(vault: Vault, key_id: str) -> PartnerMachine:
    """The machine with a signing key; UntrustedError when no partner has it."""
    for partner in list_partners(vault):
        for device, text in partner.keys.items():
            key = _read_key(text)
            if sealing.key_id(key) == key_id:
                return PartnerMachine(partner, device, key)
    raise UntrustedError(
        "partner.unknown",
        "These codes were signed by a machine of no hospital that is believed here.",
        "Use the printed words only, and telephone that hospital; the site team adds partners.",
    )


def _read_key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(b64decode(text, validate=True))
