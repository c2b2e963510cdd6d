"""A machine joins a site: it asks with its card, an administrator adds it, and it adopts the root.

Nothing that is carried between them is believed by itself. People compare two codes of twelve
characters: the first covers the card that asks, the second the card and the site's root. Each takes
a slow derivation, so that nobody can make another card with the same code.
"""

import hashlib
import json
from base64 import b64decode
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature

from downtime.config import Home
from downtime.errors import ConflictError, InputError, UntrustedError
from downtime.fleet.machine_list import Machines, change_list, check_site, check_successor
from downtime.fleet.model import AuditAction
from downtime.fleet.policies import check_roles, check_wards
from downtime.fleet.site_keys import SiteKey
from downtime.settings import Settings
from downtime.vault import device, machines
from downtime.vault.device import CODE_ALPHABET, DeviceCard
from downtime.vault.machines import Machine, MachineList
from downtime.vault.model import Actor, MachineRole
from downtime.vault.signed_list import RootPin
from downtime.vault.slots import to_canonical_json
from downtime.vault.vault import Vault

FORMAT = "downtime-join/1"
CODE_LENGTH = 12
_GROUP = 4
_NO_REQUEST = (
    ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidSignature, InputError,
)  # fmt: skip
MAX_REQUEST_BYTES = 10_000
"""A longer file is no request."""
_MOST_CHARACTERS = 200
_LOOKALIKE = str.maketrans("", "", " -")


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A machine that asks to be added; its signature holds."""

    card: DeviceCard
    site: str
    """Code of the hospital that it serves."""

    @property
    def code(self) -> str:
        """What stands on its screen."""
        return make_code(self.card)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A machine that was added, and the code with which it adopts the root."""

    machine: Machine
    machine_list: MachineList
    code: str


def make_code(card: DeviceCard, root: RootPin | None = None) -> str:
    """Twelve characters that stand for a card, or for a card and a root: `ABCD-EFGH-JKLM`."""
    content = {"card": card.as_json(), "root": root.sha256 if root else ""}
    digest = hashlib.scrypt(to_canonical_json(content), salt=FORMAT.encode(), n=2**14, r=8, p=1)
    number = int.from_bytes(digest, "big")
    characters = "".join(CODE_ALPHABET[number >> 5 * place & 31] for place in range(CODE_LENGTH))
    return "-".join(characters[i : i + _GROUP] for i in range(0, CODE_LENGTH, _GROUP))


def check_code(typed: str, expected: str) -> None:
    """UntrustedError unless what somebody reads on the other screen is the code here."""
    if typed.upper().translate(_LOOKALIKE) != expected.translate(_LOOKALIKE):
        raise UntrustedError(
            "machines.code",
            "The code is not the one of this file: it stands for another machine, or another site.",
            "Type it again from the other screen. If it still differs, make both files anew and"
            " tell security.",
        )


def make_request(vault: Vault, settings: Settings) -> bytes:
    """What this machine asks with, to be carried to an administrator; only public keys are in it."""
    this_machine = device.load_device(vault)
    body = {"downtime": FORMAT, "card": this_machine.card.as_json(), "site": settings.site.code}
    content = {**body, "signature": this_machine.sign(to_canonical_json(body))}
    return json.dumps(content, indent=1).encode()


def read_request(data: bytes) -> JoinRequest:
    """A request whose machine really has its keys; InputError otherwise."""
    try:
        if len(data) > MAX_REQUEST_BYTES:
            raise ValueError(len(data))
        document = json.loads(data)
        signature = b64decode(document.pop("signature"))
        card = device.parse_card(document["card"])
        card.public_key.verify(signature, to_canonical_json(document))
        if document["downtime"] != FORMAT:
            raise ValueError(FORMAT)
        request = JoinRequest(card, str(document["site"]))
        if not request.site.isprintable() or len(card.name) > _MOST_CHARACTERS:
            raise ValueError(card.code)
        return request
    except _NO_REQUEST:
        raise InputError(
            "machines.request",
            "This file is no machine's request to join, or is damaged.",
            "Make it anew on that machine: 'downtime fleet join', or its page List of machines.",
        ) from None


def add_machine(
    vault: Vault,
    settings: Settings,
    request: JoinRequest,
    code: str,
    roles: frozenset[MachineRole],
    wards: tuple[str, ...],
    key: SiteKey,
    actor: Actor,
    reason: str,
) -> Enrolment:
    """Put a machine on the list once the code on its screen was typed in; signs the next list.

    ConflictError when its two-character code belongs to another machine, also to a revoked one.
    """
    check_code(code, request.code)
    check_site(request.site, settings)
    check_roles(roles)
    added = Machine(request.card, roles, check_wards(wards, roles), vault.now())
    following = change_list(
        vault,
        settings,
        key,
        lambda listed: put_machine(listed, added),
        actor,
        AuditAction.MACHINE_ADD,
        added.code,
        reason,
    )
    return Enrolment(added, following, make_code(added.card, following.signed.first_pin))


def put_machine(listed: Machines, added: Machine) -> Machines:
    """The list with a machine, or with the roles and wards that it has from now on."""
    same = next((machine for machine in listed if machine.code == added.code), None)
    if same and (same.revoked or same.card != added.card):
        raise ConflictError(
            "machines.code-taken",
            f"The code {added.code} belongs to {same.name}, which"
            f" {'was revoked' if same.revoked else 'is another machine'}.",
            "Give the new machine a code of its own ('downtime init --device'): numbers on paper"
            " begin with it.",
        )
    if any(m.key_id == added.key_id for m in listed if m is not same):
        raise ConflictError(
            "machines.key-taken", "Another machine has the same keys.", "Make a new home on it."
        )
    others = (machine for machine in listed if machine is not same)
    return (*others, replace(added, added=same.added) if same else added)


def accept_list(
    vault: Vault, settings: Settings, data: bytes, code: str, actor: Actor, reason: str = ""
) -> MachineList:
    """Adopt the root of a list that holds this machine, once the administrator's code was typed in."""
    offered = machines.parse_list(data)
    this_machine = device.read_own_card(vault.home)
    check_code(code, make_code(this_machine, offered.signed.first_pin))
    check_site(offered.site, settings)
    if current := machines.read_list(vault.home):
        check_successor(current, offered)
    listed = offered.find(this_machine.code)
    if listed is None or listed.card != this_machine or listed.revoked:
        raise UntrustedError(
            "machines.not-listed",
            "This list does not hold this machine.",
            "Let an administrator add it: 'downtime fleet add' with its request.",
        )
    with vault.change(
        actor, AuditAction.MACHINE_JOIN, target=this_machine.code, reason=reason.strip()
    ):
        machines.adopt_root(vault, offered)
    return offered


def make_own_code(home: Home) -> str:
    """The code that stands on this machine's screen while it asks to join."""
    return make_code(device.read_own_card(home))
