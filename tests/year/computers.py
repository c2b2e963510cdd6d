"""A computer of the simulated year: its home, its clock, its place in the list, and who works on it."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from unittest import mock

from downtime.config import Home
from downtime.fleet import heartbeat
from downtime.fleet.heartbeat_exchange import HeartbeatExchange
from downtime.fleet.machine_state import note_machine_state
from downtime.fleet.receipt_exchange import ReceiptExchange
from downtime.settings import AccountsSettings, Settings
from downtime.vault import copied_home, device, keys, machines, schema
from downtime.vault.machines import MachineList
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault
from tests.conftest import new_home
from tests.year.clocks import MachineClock, TrueTime

QUICK = AccountsSettings(argon2_memory_kib=64, argon2_time_cost=1, argon2_parallelism=1)
OPENINGS = 10
"""So often a vault is used before it is opened anew."""
SERVICE, SPARE = ("service", "password", "one secret"), ("spare", "password", "another secret")


class Computer:
    """One machine; its vault stays open as for a service, and is opened anew every now and then."""

    def __init__(
        self,
        folder: Path,
        code: str,
        true_time: TrueTime,
        settings: Settings,
        role: MachineRole,
        wards: tuple[str, ...] = (),
    ) -> None:
        self.code, self.role, self.wards, self.settings = code, role, wards, settings
        self.home, self.data_key = new_home(folder), os.urandom(32)
        self.clock, self.version = MachineClock(true_time), "1.0.0"
        self.actor = Actor(f"u-{code}", f"Nurse {code}", code)
        self.is_on, self.is_asleep, self.is_connected, self.is_stolen = True, False, True, False
        self.off_since = None
        self._vault: Vault | None = None
        self._openings = 0
        device.create_device(self.home, self.data_key, code, f"machine {code}")
        keys.create_key_file(self.home, self.data_key, [SERVICE, SPARE], QUICK)
        vault = Vault(self.home, self.data_key, self.clock)
        schema.create_schema(vault.db, self.clock)
        vault.close()

    @property
    def card(self) -> device.DeviceCard:
        """Its public half."""
        return device.read_own_card(self.home)

    @property
    def works(self) -> bool:
        """Whether anything happens on it by itself now."""
        return self.is_on and not self.is_asleep

    @contextlib.contextmanager
    def open(self) -> Iterator[Vault]:
        """Its vault, looked at as at a sign-in; all of it lies in one file afterwards."""
        if self._vault is None:
            self._vault = Vault(self.home, self.data_key, self.clock)
        vault, self._openings = self._vault, self._openings + 1
        try:
            copied_home.check_at_opening(vault)
            yield vault
            vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            if self._openings % OPENINGS == 0:
                self.close()

    def close(self) -> None:
        """No program of it runs: its files may be copied and exchanged."""
        if self._vault:
            self._vault.close()
        self._vault = None

    def reach(self, *places: Path) -> None:
        """Its places from now on."""
        tables = {path.name: {"kind": "folder", "path": str(path)} for path in places}
        fleet = replace(self.settings.fleet, places=MappingProxyType(tables))
        self.settings = replace(self.settings, fleet=fleet)

    @contextlib.contextmanager
    def as_its_version(self) -> Iterator[None]:
        """What it says of itself names its own version of the program."""
        with mock.patch.object(heartbeat, "__version__", self.version):
            yield

    def exchanges(self, vault: Vault | None) -> tuple[HeartbeatExchange, ReceiptExchange]:
        """What it does at each place beside its run."""
        note = None
        if vault:
            open_vault = vault

            def note() -> object:
                return note_machine_state(open_vault, self.settings, ())

        return (
            HeartbeatExchange(self.home, self.settings, self.clock, note),
            ReceiptExchange(self.home, self.settings, vault, self.actor if vault else None),
        )

    def join(self, listed: MachineList) -> None:
        """Adopt the site's root and its list, as after the codes on both screens."""
        with self.open() as vault:
            machines.adopt_root(vault, listed)

    def renew_key(self) -> None:
        """Somebody who could open it leaves: their slot goes, and all is encrypted anew."""
        self.close()
        following = keys.remove_slot(self.home, self.data_key, SPARE[0])
        if following is None:
            raise AssertionError("the spare slot is gone")
        vault = Vault(self.home, self.data_key, self.clock)
        if not keys.renew_data_key(vault, following):
            raise AssertionError("the data key was not renewed")
        self.data_key = vault.data_key
        vault.close()
        keys.add_slot(self.home, self.data_key, *SPARE, QUICK)

    def copy_home(self, to: Path) -> Path:
        """A copy of all that it holds, as it lies there now."""
        self.close()
        shutil.copytree(self.home.path, to)
        return to

    def move_home(self, to: Path) -> None:
        """It works in another folder from now on."""
        self.close()
        self.home = Home(to)
