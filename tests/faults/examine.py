"""After a fault: old or new, never neither, never a mixture, nothing lost that was acknowledged."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from downtime.config import Home
from downtime.fleet.model import Direction
from downtime.fleet.run_state import read_run_state
from downtime.snapshot import local_snapshots
from downtime.snapshot.open_bundle import verify_bundle_file
from downtime.transport.pointer import POINTER, Pointer
from downtime.vault import audit, copied_home
from downtime.vault.back_up_home import SUFFIX, check_backup
from downtime.vault.store import tables
from downtime.vault.vault import Vault
from tests.faults.hospital import PATIENTS, ROLES, Hospital


class Harm(StrEnum):
    """What a fault may never do."""

    BELIEVED = "believed wrongly"
    LOST = "lost"
    MIXED = "mixed"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it has to be."""

    harm: Harm
    text: str


def examine(hospital: Hospital) -> list[Finding]:
    """All that is wrong now; what cannot be looked at is lost."""
    found: list[Finding] = []
    for look in (
        _examine_vaults,
        _examine_places,
        _examine_laptop,
        _examine_forms,
        _examine_backups,
    ):
        try:
            found += look(hospital)
        except Exception as error:
            found.append(Finding(Harm.LOST, f"{look.__name__}: {type(error).__name__}: {error}"))
    return found


def _examine_vaults(hospital: Hospital) -> Iterator[Finding]:
    """Every vault opens, is whole, and does not take itself for a copy."""
    for code in ROLES:
        with hospital.open(code) as vault:
            if not tables.is_intact(vault.db.conn):
                yield Finding(Harm.LOST, f"the vault of {code} is damaged")
            if audit.verify_chain(vault.db).first_bad is not None:
                yield Finding(Harm.MIXED, f"the audit chain of {code} does not hold")
            for sentence in copied_home.list_sentences(vault):
                yield Finding(Harm.BELIEVED, f"{code}: {sentence}")


def _examine_places(hospital: Hospital) -> Iterator[Finding]:
    """Each pointer names files that are there, signed, and of its number."""
    acknowledged = hospital.newest("published")
    for folder in (hospital.machines["PB"].home.outbox_folder, hospital.folder / "share"):
        if not (folder / POINTER).exists():
            if acknowledged:
                yield Finding(Harm.LOST, f"no pointer in {folder.name}")
            continue
        pointer = Pointer.parse((folder / POINTER).read_bytes())
        if pointer.sequence < acknowledged:
            yield Finding(Harm.LOST, f"{folder.name} shows {pointer.sequence}, not {acknowledged}")
        for file in filter(None, (pointer.full, pointer.delta)):
            yield from _examine_bundle(hospital, folder / file.name, file.sequence)


def _examine_bundle(hospital: Hospital, path: Path, sequence: int) -> Iterator[Finding]:
    sealed = verify_bundle_file(hospital.machines["WD"].home, hospital.settings, path)
    if sealed.sequence != sequence:
        yield Finding(Harm.MIXED, f"{path.name} is number {sealed.sequence}")


def _examine_laptop(hospital: Hospital) -> Iterator[Finding]:
    """What it shows is one turn of the hospital, the same one as ever for that number."""
    home, in_use = hospital.machines["WD"].home, 0
    with hospital.open("WD") as vault:
        if hospital.newest("opened") or local_snapshots.get_current_id(vault):
            with local_snapshots.open_current_snapshot(vault) as snapshot:
                in_use = snapshot.header.sequence
                yield from _examine_turns(hospital, snapshot)
    if in_use < hospital.newest("opened"):
        yield Finding(Harm.LOST, f"number {in_use} is in use, not {hospital.newest('opened')}")
    waiting = read_run_state(home, Direction.PULL).waiting
    numbers = [
        verify_bundle_file(home, hospital.settings, home.inbox_folder / name).sequence
        for name in waiting
    ]
    if max([in_use, *numbers]) < hospital.newest("fetched"):
        yield Finding(Harm.LOST, f"number {hospital.newest('fetched')} was fetched and is gone")


def _examine_turns(hospital: Hospital, snapshot: local_snapshots.Snapshot) -> Iterator[Finding]:
    rows = snapshot.list_inpatients()
    turns = {row.encounter.consultant for row in rows if row.encounter}
    number, turn = snapshot.header.sequence, ", ".join(sorted(turns))
    if len(turns) != 1 or len(rows) != PATIENTS:
        yield Finding(Harm.MIXED, f"number {number} shows {len(rows)} patients of {turn}")
    if hospital.published.setdefault(number, turn) != turn:
        yield Finding(
            Harm.MIXED, f"number {number} showed {hospital.published[number]}, now {turn}"
        )


def _examine_forms(hospital: Hospital) -> Iterator[Finding]:
    """Every form that was issued, keyed or merged is, once."""
    with hospital.open("WD") as vault:
        issued = _select(vault, "SELECT serial FROM form_issue")
        keyed = _select(vault, "SELECT DISTINCT serial FROM entry")
    with hospital.open("RS") as vault:
        merged = _select(vault, "SELECT serial FROM form_issue")
    for what, held in (("issued", issued), ("keyed", keyed), ("merged", merged)):
        said = hospital.acknowledged.get(what, [])
        for serial in set(said) - set(held):
            yield Finding(Harm.LOST, f"{serial} was {what}")
        if len(set(said)) != len(said):
            yield Finding(Harm.MIXED, f"a serial was {what} twice")


def _select(vault: Vault, query: str) -> list[str]:
    return [row[0] for row in vault.db.execute(query).fetchall()]


def _examine_backups(hospital: Hospital) -> Iterator[Finding]:
    """The last backup that was acknowledged is there; each file that is there is whole."""
    paths = list((hospital.folder / "backups").glob(f"[!.]*{SUFFIX}"))
    newest = hospital.acknowledged.get("backed-up", [])[-1:]
    for name in set(newest) - {path.name for path in paths}:
        yield Finding(Harm.LOST, f"the backup {name} is gone")
    with hospital.open("WD") as vault:
        for path in paths:
            check_backup(vault, path)
    restored = Home(hospital.folder / "restored")
    if restored.path.exists():
        key = hospital.machines["WD"].data_key
        vault = Vault(restored, key, hospital.clock)
        try:
            if not tables.is_intact(vault.db.conn):
                yield Finding(Harm.LOST, "the restored vault is damaged")
        finally:
            vault.close()
