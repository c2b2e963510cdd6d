"""Machines of one hospital: laptops that issue and key forms, and a station that gathers them."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database

from downtime.clinical.identifiers import add_check_character
from downtime.config import Home
from downtime.outage import outages
from downtime.outage import store as outage_store
from downtime.paper.forms.load_form import load_form
from downtime.paper.layout.model import FormLayout
from downtime.paper.model import FormDraft, Pack, PackState, Subject
from downtime.paper.serials import make_serial
from downtime.paper.store import issued_forms, layouts, packs
from downtime.settings import Settings
from downtime.sync.export_bundle import ExportedBundle, export_bundle
from downtime.sync.merge_bundle import merge_bundle
from downtime.sync.merge_rows import MergeResult
from downtime.vault import device, schema
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from tests.conftest import NOW
from tests.integration.keying_steps import submit_confirmed

SETTINGS = Settings()
SYSTEMS = ("PAS", "LIMS")
FORM = "observations"
SIGNED = {
    "author.name": "Sam Okoro",
    "author.role": "Staff nurse",
    "event.date": "2026-11-02",
    "event.time": "14:00",
}
OBSERVED = SIGNED | {"taken:1": "2026-11-02T13:00", "pulse:1": "88"}
ANN = Subject(
    patient="p-ann", mrn="H100", family="Hill", given="Ann", birth_date="1960-01-02",
    gender="female",
)  # fmt: skip
BOB = Subject(patient="p-bob", mrn="H200", family="Reed", given="Bob", gender="male")


class Clock:
    """A clock that goes on by a minute at each look, so that no two things happen at once."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        self.now += timedelta(minutes=1)
        return self.now


class Machine:
    """A home with an identity, an open vault, a clerk and somebody who checks."""

    def __init__(self, folder: Path, code: str, clock=None) -> None:
        for part in ("keys", "bundles", "snapshots"):
            (folder / part).mkdir(parents=True)
        self.home, self.data_key, self.code = Home(folder), os.urandom(32), code
        self.clock = clock or Clock()
        device.create_device(self.home, self.data_key, code, f"laptop {code}")
        self.vault = Vault(self.home, self.data_key, self.clock)
        schema.create_schema(self.vault.db, self.clock)
        self.clerk = Actor(f"u-{code}-1", f"Clerk {code}", code)
        self.checker = Actor(f"u-{code}-2", f"Checker {code}", code)
        self.issued: list[str] = []

    def declare(self, *systems: str, drill: bool = False):
        return outages.declare_systems_down(
            self.vault, systems or ("LIMS",), self.clerk, "down", known=SYSTEMS, drill=drill
        )

    def issue(self, subject: Subject = ANN, ward: str = "A1", form: str = FORM) -> str:
        """Put one form into the ledger, as a printed pack does."""
        vault, made = self.vault, load_form(form)
        outage = outages.find_current(vault)
        draft = FormDraft(
            form=form, version=made.version, title=made.title, layout=made.digest, pages=1,
            returns=True, subject=subject, ward=ward,
        )  # fmt: skip
        layout = FormLayout(
            form, made.version, made.title, made.digest, b"%PDF", (595.0, 842.0), ()
        )
        with vault.change(self.clerk, "pack.print") as db:
            pack = Pack(
                id=f"{self.code}-P{packs.next_pack_number(db, self.code):05}", kind="ward", wards=(ward,),
                snapshot="", outage=outage.id if outage else "", drill=False,
                issued_by=self.clerk.id, issued_name=self.clerk.name, issued_at=vault.now(),
                pages=1, state=PackState.PRINTED,
            )  # fmt: skip
            packs.insert_pack(db, pack)
            layouts.insert_layout(db, layout, made.source, vault.now())
            number, position = self.take_serial(db)
            issued_forms.insert_forms(db, [(number, position, draft)], pack)
        self.issued.append(number)
        return number

    def take_serial(self, db: Database) -> tuple[str, int]:
        """The next serial, also of a machine that gave it out before it was put back."""
        position = issued_forms.last_position(db, self.code) + 1
        return make_serial(self.code, position), position

    def issue_number(self) -> str:
        """Give out one downtime number."""
        with self.vault.change(self.clerk, "number.issue") as db:
            position = outage_store.last_position(db, self.code) + 1
            number = add_check_character(f"D{self.code}{position:05}")
            outage_store.insert_numbers(db, [(number, position)], self.vault.now(), self.clerk.id)
        return number

    def key(self, number: str, pulse: str = "88", actor: Actor | None = None):
        answers = OBSERVED | {"pulse:1": pulse}
        return submit_confirmed(self.vault, SETTINGS, number, answers, actor or self.clerk)

    def backup(self, file: Path) -> None:
        """Copy the vault as it is now."""
        self.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        shutil.copy(self.home.vault_file, file)

    def restore(self, file: Path) -> None:
        """Go on from a copy: what came after it is not known here any more."""
        self.vault.close()
        shutil.copy(file, self.home.vault_file)
        self.vault = Vault(self.home, self.data_key, self.clock)

    def export(self, station: "Machine") -> ExportedBundle:
        return export_bundle(self.vault, SETTINGS, station.code, self.clerk)

    def merge(self, sealed: ExportedBundle | bytes) -> MergeResult:
        data = sealed if isinstance(sealed, bytes) else sealed.data
        return merge_bundle(self.vault, SETTINGS, data, self.clerk, "test")

    def state(self, number: str) -> str:
        rows = self.vault.db.query("SELECT state FROM form_issue WHERE serial = ?", [number])
        return next(row["state"] for row in rows)
