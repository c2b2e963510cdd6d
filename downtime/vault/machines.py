"""The machines of the site that this one believes, and what each of them may do.

The list lies in `keys/fleet/`, in clear because signatures are checked while nobody is signed in;
beside it the root that was adopted here, signed by this machine itself. Before that a machine knows
only itself, and may do everything.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.config import Home
from downtime.errors import InputError, UntrustedError, UserError
from downtime.vault import device, sealing, signed_list
from downtime.vault.device import DeviceCard
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.model import MachineRole
from downtime.vault.sealing import SealedFile, SealedFileKind, Source
from downtime.vault.signed_list import RootPin, SignedList
from downtime.vault.slots import to_canonical_json

if TYPE_CHECKING:
    from downtime.vault.vault import Vault

PIN_FORMAT = "downtime-site-root/1"
ALL_ROLES = frozenset(MachineRole)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the list, with its public card; times are stored text."""

    card: DeviceCard
    roles: frozenset[MachineRole]
    wards: tuple[str, ...] = ()
    """Whose patients it may read; empty for the whole site."""
    added: str = ""
    revoked: str = ""
    """When it was revoked; empty while it is believed."""
    reason: str = ""
    """Why it was revoked."""

    @property
    def code(self) -> str:
        """Its two characters, never used again for another machine."""
        return self.card.code

    @property
    def name(self) -> str:
        """What people call it."""
        return self.card.name

    @property
    def key_id(self) -> str:
        """The short name of its signing key."""
        return sealing.key_id(self.card.public_key)

    @property
    def role_names(self) -> str:
        """Its roles as they are shown: `publisher, ward laptop`; `no role` when it has none."""
        names = (role.display_name for role in MachineRole if role in self.roles)
        return ", ".join(names) or "no role"

    @property
    def scope(self) -> str:
        """What its bundles cover: its wards as `A+B`; empty for the whole site."""
        return "" if self.reads_site else "+".join(sorted(self.wards))

    @property
    def reads_site(self) -> bool:
        """Whether it may read every ward: a records station always does."""
        return not self.wards or MachineRole.RECORDS_STATION in self.roles

    def can_read(self, scope: str) -> bool:
        """Whether bundles of a scope (`A`, `A+B`, empty for the site) are sealed to it."""
        return self.reads_site or set(scope.split("+")) <= set(self.wards)

    def as_json(self) -> dict[str, Any]:
        """As the list carries it."""
        return {
            "card": self.card.as_json(),
            "roles": sorted(self.roles),
            "wards": sorted(self.wards),
            "added": self.added,
            "revoked": self.revoked,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class MachineList:
    """What a signed list says."""

    signed: SignedList
    machines: tuple[Machine, ...]
    site: str
    """Code of the hospital."""
    recovery: str
    """The age recipient of the site's recovery key, which opens every bundle and backup."""
    issued: str
    """When it was signed, as stored text."""

    @property
    def expires(self) -> datetime:
        """When it should be signed anew: afterwards a warning is shown, and it still holds."""
        return self.signed.expires

    @property
    def version(self) -> int:
        """Its number: a later list has a higher one."""
        return self.signed.rank[1]

    def find(self, code: str) -> Machine | None:
        """The machine of a code, revoked or not."""
        return next((machine for machine in self.machines if machine.code == code), None)


@lru_cache(maxsize=8)
def parse_list(data: bytes) -> MachineList:
    """A list that its own chain of roots vouches for; UntrustedError when anything of it is not so."""
    signed = signed_list.verify_list(data)
    fields = signed.fields
    try:
        machines = tuple(_parse_machine(entry) for entry in fields["machines"])
        site, recovery = (signed.root.unrecognized_fields[name] for name in ("site", "recovery"))
        pyrage.x25519.Recipient.from_str(recovery)
        texts = (site, recovery, fields["issued"])
    except (KeyError, TypeError, ValueError, AttributeError, InputError, pyrage.RecipientError):
        raise signed_list.tampered_error() from None
    distinct = ({machine.code for machine in machines}, {machine.key_id for machine in machines})
    if not all(isinstance(text, str) for text in texts) or {len(machines)} != set(
        map(len, distinct)
    ):
        raise signed_list.tampered_error()
    return MachineList(signed, machines, *texts)


def _parse_machine(entry: Mapping[str, Any]) -> Machine:
    texts = [entry[name] for name in ("added", "revoked", "reason")]
    wards = tuple(entry["wards"])
    if not all(isinstance(text, str) for text in (*texts, *wards)):
        raise TypeError("text")
    roles = frozenset(MachineRole(role) for role in entry["roles"])
    return Machine(device.parse_card(entry["card"]), roles, wards, *texts)


def read_list(home: Home) -> MachineList | None:
    """The list that this machine believes; None before a site's root was adopted. Works while locked.

    UntrustedError when it is not what the adopted root vouches for: somebody changed it on the disk.
    """
    try:
        pin, data = _pin_path(home).read_bytes(), list_path(home).read_bytes()
    except FileNotFoundError:
        if _pin_path(home).exists() or list_path(home).exists():
            raise _damaged_error() from None
        return None
    try:
        machine_list = parse_list(data)
    except UntrustedError:
        raise _damaged_error() from None
    if not _follows(data, _parse_pin(home, pin)):
        raise _damaged_error()
    return machine_list


@lru_cache(maxsize=8)
def _follows(data: bytes, pin: RootPin) -> bool:
    """Remembered: every page and every run asks for the list."""
    return parse_list(data).signed.follows(pin)


def store_list(home: Home, machine_list: MachineList) -> None:
    """Take a list in place of the one before; whoever calls has judged it.

    A second copy lies elsewhere in the home: an older list that is put back is noticed, though nobody
    was signed in when this one came.
    """
    write_atomic(list_path(home), machine_list.signed.data)
    write_atomic(home.newest_list_file, machine_list.signed.data)


def read_newest_rank(home: Home) -> tuple[int, int]:
    """Versions of root and list of the newest list that was taken here; works while locked.

    Zeros where no copy is kept, or one that the adopted root does not vouch for.
    """
    try:
        data, pin = (
            home.newest_list_file.read_bytes(),
            _parse_pin(home, _pin_path(home).read_bytes()),
        )
        return parse_list(data).signed.rank if _follows(data, pin) else (0, 0)
    except (OSError, UserError):
        return 0, 0


def adopt_root(vault: "Vault", machine_list: MachineList) -> None:
    """Believe a site's root from now on, and its list of machines."""
    pin = asdict(machine_list.signed.first_pin)
    signature = device.load_device(vault).sign(_encode_pin(pin))
    make_private_folder(list_path(vault.home).parent)
    store_list(vault.home, machine_list)
    content = {**pin, "signature": signature}
    write_atomic(_pin_path(vault.home), json.dumps(content, indent=1).encode())


def _parse_pin(home: Home, content: bytes) -> RootPin:
    try:
        document = json.loads(content)
        pin = {"version": int(document["version"]), "sha256": str(document["sha256"])}
        signature = b64decode(document["signature"])
        device.read_own_card(home).public_key.verify(signature, _encode_pin(pin))
    except (InvalidSignature, ValueError, KeyError, TypeError):
        raise _damaged_error() from None
    return RootPin(**pin)  # type: ignore[arg-type]


def _encode_pin(pin: Mapping[str, Any]) -> bytes:
    return to_canonical_json({"downtime": PIN_FORMAT, **pin})


def list_machines(home: Home) -> list[Machine]:
    """All machines that are believed, this one first; works while locked.

    This one has no role when the list does not name it, or no longer.
    """
    card, machine_list = device.read_own_card(home), read_list(home)
    if machine_list is None:
        return [Machine(card, ALL_ROLES)]
    believed = [machine for machine in machine_list.machines if not machine.revoked]
    listed = next((machine for machine in believed if machine.card == card), None)
    others = (machine for machine in believed if machine.code != card.code)
    return [listed or Machine(card, frozenset()), *others]


def read_own_machine(home: Home) -> Machine:
    """This machine as the list has it."""
    return list_machines(home)[0]


def find_by_role(home: Home, role: MachineRole) -> list[Machine]:
    """The other believed machines with a role."""
    return [machine for machine in list_machines(home)[1:] if role in machine.roles]


def find_keys(home: Home, role: MachineRole) -> dict[str, Ed25519PublicKey]:
    """The signing keys of the machines with a role, by key id; works while locked."""
    return {
        machine.key_id: machine.card.public_key
        for machine in list_machines(home)
        if role in machine.roles
    }


def find_machine(home: Home, key: str) -> Machine:
    """The believed machine with a signing key; UntrustedError when it is unknown or revoked."""
    for machine in list_machines(home):
        if machine.key_id == key:
            return machine
    for machine in _list_revoked(home):
        if machine.key_id == key:
            raise UntrustedError(
                "machine.revoked",
                f"{machine.name} ({machine.code}) made this, and was revoked: {machine.reason}",
                "Do not use it; tell security where it came from.",
            )
    raise UntrustedError(
        "machine.unknown",
        "This was made by a machine that is not in this site's list.",
        "Fetch the newest list of machines; an administrator adds the machine if it is yours.",
    )


def _list_revoked(home: Home) -> list[Machine]:
    machine_list = read_list(home)
    return [machine for machine in machine_list.machines if machine.revoked] if machine_list else []


def check_role(home: Home, key: str, role: MachineRole) -> Machine:
    """The machine with a signing key; UntrustedError unless it is believed in that role."""
    machine = find_machine(home, key)
    if role not in machine.roles:
        raise UntrustedError(
            "machine.role",
            f"{machine.name} ({machine.code}) signed this, and it is no {role.display_name}.",
            "Do not use it; tell security: no machine does that by itself.",
        )
    return machine


def verify_signed_by(
    home: Home, kind: SealedFileKind, source: Source, role: MachineRole
) -> SealedFile:
    """A sealed file that a machine with a role has signed; UntrustedError otherwise.

    Works while the vault is locked.
    """
    check_role(home, sealing.read_key_id(kind, source), role)
    return sealing.verify_seal(kind, source, find_keys(home, role))


def list_scopes(home: Home) -> list[str]:
    """What bundles are needed for: the scopes of the believed machines, without the whole site's."""
    return sorted({machine.scope for machine in list_machines(home) if machine.roles} - {""})


def list_recipients(home: Home, scope: str = "") -> list[str]:
    """The age recipients to whom a snapshot of a scope, or of the whole site, is sealed.

    This machine, those that may read all of its wards, records stations, and the site's recovery key.
    """
    this_machine, *others = list_machines(home)
    machine_list = read_list(home)
    cards = [this_machine.card, *(machine.card for machine in others if machine.can_read(scope))]
    recovery = [machine_list.recovery] if machine_list else []
    return list(dict.fromkeys([*(card.recipient for card in cards), *recovery]))


def list_path(home: Home) -> Path:
    """Where the list lies."""
    return home.keys_folder / "fleet" / "machines.json"


def _pin_path(home: Home) -> Path:
    return home.keys_folder / "fleet" / "site-root.json"


def _damaged_error() -> UntrustedError:
    return UntrustedError(
        "machines.damaged",
        "The list of machines was changed by something else than this program.",
        "Put keys/fleet back from the last backup, or remove that folder and accept the list anew.",
    )
