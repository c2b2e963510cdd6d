"""A hospital's site: a root and a list of machines, made in memory without sticks and passphrases."""

from dataclasses import replace
from datetime import timedelta

import pyrage

from downtime.clock import to_text
from downtime.fleet.machine_list import receive_list, sign_list
from downtime.fleet.site_keys import generate_site_key
from downtime.fleet.site_root import make_first_root
from downtime.settings import Settings
from downtime.vault import device, machines
from downtime.vault.machines import ALL_ROLES, Machine
from tests.conftest import NOW


class Site:
    """Machines that are enrolled believe each other in their roles; without roles, in all of them."""

    def __init__(self, code: str = "DEMO", threshold: int = 2) -> None:
        recovery = pyrage.x25519.Identity.generate()
        self.keys = [generate_site_key(number, recovery) for number in (1, 2, 3)]
        self.roots = make_first_root(code, self.keys, threshold, NOW + timedelta(days=3650))
        self.machines: tuple[Machine, ...] = ()
        self.vaults = {}
        self.version = 0
        self.now = NOW

    def enrol(self, vault, *roles, wards=(), hears=True) -> "Site":
        """Put a machine on the list, in these roles; all that hear of it then have that list."""
        card = device.read_own_card(vault.home)
        machine = Machine(card, frozenset(roles or ALL_ROLES), tuple(wards), to_text(NOW))
        others = (other for other in self.machines if other.code != card.code)
        self.machines = (*others, machine)
        if hears:
            self.vaults[card.code] = vault
        return self.publish()

    def revoke(self, code: str, reason: str = "stolen") -> "Site":
        """Believe a machine no longer; only the others hear of it."""
        self.machines = tuple(
            replace(machine, revoked=to_text(NOW), reason=reason)
            if machine.code == code
            else machine
            for machine in self.machines
        )
        self.vaults.pop(code)
        return self.publish()

    def remove(self, code: str) -> "Site":
        """Take a machine off the list as if it had never been there."""
        self.machines = tuple(machine for machine in self.machines if machine.code != code)
        return self.publish()

    def sign(self, key=0):
        """The next list, which nobody has yet."""
        self.version += 1
        return sign_list(
            self.roots, self.version, self.machines, self.keys[key], Settings(), self.now
        )

    def publish(self) -> "Site":
        """Sign the next list and give it to every machine."""
        signed = self.sign()
        for vault in self.vaults.values():
            if machines.read_list(vault.home):
                receive_list(vault.home, signed.signed.data)
            else:
                machines.adopt_root(vault, signed)
        return self


def enrol_all(*vaults) -> Site:
    """A site whose machines believe each other in every role."""
    site = Site()
    for vault in vaults:
        site.enrol(vault)
    return site
