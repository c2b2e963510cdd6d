"""A publisher and a laptop of one site, bundles as the publisher seals them, and places between."""

import io
import os
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from downtime.clinical.model import Encounter, Patient
from downtime.clinical.record_types import TYPES
from downtime.clock import to_text
from downtime.config import Home
from downtime.fleet.fetch_snapshot import Fetching, fetch_newest
from downtime.fleet.model import Direction
from downtime.fleet.places import read_places
from downtime.fleet.run_state import hold_run
from downtime.fleet_settings import FleetSettings
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.payload import PackedRows, compress, format_digest, write_payload
from downtime.snapshot.row_layout import COLUMNS, list_rows
from downtime.transport.pace import Pace
from downtime.vault import device, schema
from downtime.vault.vault import Vault
from tests.conftest import NOW

PEOPLE = tuple(
    Patient(id=f"p{n}", mrn=f"H10{n}", family="Hill", given=name, identifiers=(f"MR|DEMO|H10{n}",))
    for n, name in enumerate(("Ann", "Bob", "Zoë"))
)
STAYS = tuple(
    Encounter(
        id=f"e{n}", patient=f"p{n}", ward="W1", bed=str(n), status="in-progress", kind="inpatient"
    )
    for n in range(3)
)
RECORDS = (*PEOPLE, *STAYS)


class Machine:
    """A home with an open vault and an identity, and a clock that can be moved."""

    def __init__(self, folder, code: str) -> None:
        for part in ("keys", "bundles", "snapshots"):
            (folder / part).mkdir(parents=True)
        (folder / "config.toml").write_text("")
        self.now = NOW
        self.home, key = Home(folder), os.urandom(32)
        self.data_key = key
        device.create_device(self.home, key, code, f"machine {code}")
        self.vault = Vault(self.home, key, lambda: self.now)
        schema.create_schema(self.vault.db, lambda: self.now)
        self.me = device.load_device(self.vault)
        self.key = bundle.key_id(self.me.card.public_key)

    def seal(
        self,
        sequence: int,
        *others: "Machine",
        base: int | None = None,
        records=RECORDS,
        is_empty: bool = False,
        **header,
    ) -> bundle.SealedBundle:
        """A bundle of this machine for itself and others; a delta when it has a base."""
        packed = PackedRows.pack(list_rows(() if is_empty else records))
        whole = PackedRows.pack(list_rows(records))
        made = SnapshotHeader(
            hospital="DEMO", sequence=sequence, key=self.key, columns=COLUMNS, base=base,
            created=to_text(NOW + timedelta(minutes=sequence)),
            expires=to_text(NOW + timedelta(hours=48)), unpacked=len(packed.lines),
            counts=dict.fromkeys(TYPES, 0) | whole.counts, content=format_digest(whole.digest),
            changes=sum(packed.counts.values()) if base is not None else 0,
        )  # fmt: skip
        made = replace(made, **header)
        recipients = [machine.me.card.recipient for machine in (self, *others)]
        content = write_payload(made, [compress(packed.lines)])
        return bundle.seal_bundle(made, content, recipients, self.me.sign, io.BytesIO())


def make_settings(places: dict, **fleet) -> Settings:
    """Settings with these places."""
    return Settings(fleet=FleetSettings(places=MappingProxyType(places), **fleet))


def fetch(machine: Machine, settings: Settings):
    """One run of a locked laptop: whether anything was fetched, and the state after it."""
    with hold_run(machine.home, Direction.PULL) as state:
        places = read_places(settings, Direction.PULL)
        run = Fetching(machine.home, settings, places, state, Pace(), machine.now)
        return fetch_newest(run), state
