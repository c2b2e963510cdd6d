"""The site of a simulated year: its root's keys, and the list of machines that they sign."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage

from downtime.clock import to_text
from downtime.fleet import machine_list, revoke_machine, site_root
from downtime.fleet.model import AuditAction
from downtime.fleet.site_keys import SiteKey, find_key_files, generate_site_key, open_site_key
from downtime.fleet.site_root import NewStick
from downtime.vault.machines import Machine
from tests.year.computers import QUICK, Computer

PASSPHRASE = "long enough to be a passphrase"
WHY = "Simulated year"


class Site:
    """Its keepers' keys; each list is signed at the publisher of the day and travels by the places."""

    def __init__(self, folder: Path, publisher: Computer) -> None:
        self._folder = folder
        self.recovery = pyrage.x25519.Identity.generate()
        self.keys: list[SiteKey] = [generate_site_key(n, self.recovery) for n in (1, 2, 3)]
        expires = publisher.clock() + timedelta(days=3650)
        self.roots = site_root.make_first_root("DEMO", self.keys, 2, expires)
        settings, machine = publisher.settings, _describe(publisher)
        with publisher.open() as vault:
            self.list = machine_list.start_list(
                vault, settings, self.roots, self.keys[0], machine, publisher.actor, WHY
            )

    def add(self, at: Computer, new: Computer) -> None:
        """Enrol a machine at another one; it joins with the list of that moment."""
        self._change(
            at, lambda listed: (*listed, _describe(new)), AuditAction.MACHINE_ADD, new.code
        )
        new.join(self.list)

    def give_wards(self, at: Computer, changed: Computer) -> None:
        """A machine reads other wards from now on."""

        def change(listed: tuple[Machine, ...]) -> tuple[Machine, ...]:
            return tuple(
                replace(m, wards=changed.wards) if m.code == changed.code else m for m in listed
            )

        self._change(at, change, AuditAction.MACHINE_ADD, changed.code)

    def renew(self, at: Computer) -> None:
        """The same machines, signed anew."""
        self._change(at, lambda listed: listed, AuditAction.MACHINE_ADD, "all")

    def revoke(self, at: Computer, code: str) -> None:
        """Believe a machine no longer."""
        with at.open() as vault:
            revoke_machine.revoke_machine(vault, at.settings, code, self.keys[0], at.actor, WHY)
            self.list = machine_list.require_list(vault.home)

    def rotate(self, at: Computer) -> None:
        """The first keeper's stick is lost: another one takes its place, two of the others sign."""
        settings = replace(at.settings, accounts=QUICK)
        stick = self._folder / f"stick-{len(self.roots)}"
        stick.mkdir(parents=True)
        self.roots = site_root.propose_root(
            self.list.signed.roots, self.keys[1:], settings, at.clock,
            remove=[self.keys[0].number], add=[NewStick(stick, PASSPHRASE)],
        )  # fmt: skip
        new_key = open_site_key(find_key_files([stick])[0], PASSPHRASE)
        self.keys = [*self.keys[1:], new_key]
        if site_root.count_missing(self.roots):
            raise AssertionError("the new root lacks signatures")
        self._change(at, lambda listed: listed, AuditAction.ROOT_ROTATE, "root")

    def _change(
        self,
        at: Computer,
        change: Callable[[tuple[Machine, ...]], tuple[Machine, ...]],
        action: AuditAction,
        target: str,
    ) -> None:
        with at.open() as vault:
            self.list = machine_list.change_list(
                vault, at.settings, self.keys[0], change, at.actor, action, target, WHY,
                roots=self.roots,
            )  # fmt: skip


def _describe(computer: Computer) -> Machine:
    return Machine(
        computer.card, frozenset([computer.role]), computer.wards, to_text(computer.clock())
    )
