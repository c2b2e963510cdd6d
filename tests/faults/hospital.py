"""A small site that lives through faults: a publisher, a ward's laptop and a records station.

No vault stays open between two steps: each step opens what it needs, in a process of its own.
"""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyrage

from downtime.settings import Settings
from downtime.vault import copied_home
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.integration.fleet.carrying import make_settings
from tests.integration.sync.fleet import Machine
from tests.site import Site

PATIENTS = 6
ROLES = {
    "PB": MachineRole.PUBLISHER,
    "WD": MachineRole.WARD_LAPTOP,
    "RS": MachineRole.RECORDS_STATION,
}
WHY = "Faults"


class Clock:
    """A second later at each look, so that no two things happen at once."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


class Hospital:
    """The machines' homes, the share between them, and what was acknowledged so far."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.turn = folder, Clock(), 0
        self.machines = {code: Machine(folder / code, code, self.clock) for code in ROLES}
        self.site = Site()
        for code, machine in self.machines.items():
            machine.home.config_file.write_text("")
            self.site.enrol(machine.vault, ROLES[code])
        self.machines["RS"].declare()
        self.machines["WD"].declare()
        for part in ("share", "exchange", "backups"):
            (folder / part).mkdir()
        self.recovery = pyrage.x25519.Identity.generate()
        self.settings: Settings = make_settings(
            {"share": {"kind": "folder", "path": str(folder / "share")}}
        )
        self.published: dict[int, str] = {}
        """The turn that each number shows, as it was first seen."""
        self.acknowledged: dict[str, list[str]] = {}
        for machine in self.machines.values():
            machine.vault.close()

    def actor(self, code: str) -> Actor:
        """Who works at a machine."""
        return Actor(f"u-{code}-1", f"Clerk {code}", code)

    @contextlib.contextmanager
    def open(self, code: str) -> Iterator[Vault]:
        """A machine's vault, as it is opened at a sign-in; `machines[code]` works with it too."""
        machine = self.machines[code]
        machine.vault = vault = Vault(machine.home, machine.data_key, self.clock)
        try:
            copied_home.check_at_opening(vault)
            yield vault
        finally:
            vault.close()

    def go_on(self) -> None:
        """Five minutes later all patients are cared for by somebody else: every turn can be told."""
        self.clock.now += timedelta(minutes=5)
        self.turn += 1
        moment = f"{self.clock.now:%Y%m%d%H%M}00"
        feed = "".join(
            f"MSH|^~\\&|PAS|DEMO|||{moment}||ADT^A08|{self.turn}-{number}|P|2.4\r"
            f"EVN|A08|{moment}\r"
            f"PID|1||H{number}^^^DEMO^MR||Hill{number}^Ann||1960010{number}|F\r"
            f"PV1|1|I|W1^A^{number}||||C{self.turn}^Turn{self.turn}||||||||||||V{number}"
            "|||||||||||||||||||||||||20261102100000\r"
            for number in range(1, PATIENTS + 1)
        )
        (self.folder / "adt.hl7").write_text(feed)

    def acknowledge(self, lines: list[str]) -> None:
        """Keep what a step said that it had done."""
        for line in lines:
            what, _, name = line.partition(" ")
            self.acknowledged.setdefault(what, []).append(name)

    def newest(self, what: str) -> int:
        """The highest number that was acknowledged so; 0 when none was."""
        return max(map(int, self.acknowledged.get(what, ["0"])))
