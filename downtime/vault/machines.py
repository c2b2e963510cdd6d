"""The machines of the site that this one believes, and what each of them may do.

Before a site's root was adopted a machine knows only itself, and may do everything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.config import Home
from downtime.errors import UntrustedError
from downtime.vault import device
from downtime.vault.device import DeviceCard
from downtime.vault.sealing import key_id


class MachineRole(StrEnum):
    """What a machine may do for others: each of its signatures is believed for its roles only."""

    PUBLISHER = "publisher"
    """Seals snapshots."""
    WARD_LAPTOP = "ward-laptop"
    """Opens snapshots, and sends what was written on it."""
    RECORDS_STATION = "records-station"
    """Takes in what ward laptops send, and reconciles it."""


ALL_ROLES = frozenset(MachineRole)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the list, with its public card."""

    card: DeviceCard
    roles: frozenset[MachineRole]
    wards: tuple[str, ...] = ()
    """Whose patients it may read; empty for the whole site."""

    @property
    def key_id(self) -> str:
        """The short name of its signing key."""
        return key_id(self.card.public_key)

    def serves(self, ward: str) -> bool:
        """Whether it may read a ward; an empty `ward` is the whole site."""
        return not self.wards or ward in self.wards or MachineRole.RECORDS_STATION in self.roles


def list_machines(home: Home) -> list[Machine]:
    """All machines that are believed, this one first; works while locked."""
    cards = [device.read_own_card(home), *device.read_trusted_cards(home)]
    return [Machine(card, ALL_ROLES) for card in cards]


def find_keys(home: Home, role: MachineRole) -> dict[str, Ed25519PublicKey]:
    """The signing keys of the machines with a role, by key id; works while locked."""
    return {
        machine.key_id: machine.card.public_key
        for machine in list_machines(home)
        if role in machine.roles
    }


def find_machine(home: Home, key: str) -> Machine:
    """The believed machine with a signing key; UntrustedError when there is none."""
    for machine in list_machines(home):
        if machine.key_id == key:
            return machine
    raise UntrustedError(
        "machine.unknown",
        "This was signed by a machine that is not in this site's list.",
        "Add the machine to the list first, if it is one of yours.",
    )


def check_role(home: Home, key: str, role: MachineRole) -> Machine:
    """The machine with a signing key; UntrustedError unless it is believed in that role."""
    machine = find_machine(home, key)
    if role not in machine.roles:
        raise UntrustedError(
            "machine.role",
            f"{machine.card.name} ({machine.card.code}) signed this and is no {role.replace('-', ' ')}.",
            "Tell security: a machine never does that by itself.",
        )
    return machine


def list_recipients(home: Home, ward: str = "") -> list[str]:
    """The age recipients to whom a snapshot of a ward, or of the whole site, is sealed."""
    return _unique(
        machine.card.recipient for machine in list_machines(home) if machine.serves(ward)
    )


def _unique(recipients: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(recipients))
