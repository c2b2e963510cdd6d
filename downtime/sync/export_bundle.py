"""Export: seal all that this laptop holds to the records station, as one file."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlite_utils import Database

from downtime.accounts.break_glass.merge_access import export_accesses
from downtime.accounts.store import accounts as people
from downtime.config import Home
from downtime.entry.merge_batches import export_batches
from downtime.entry.merge_entries import export_entries
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage.events.merge_events import export_events
from downtime.outage.laptop_outages import export_outages
from downtime.paper.merge_ledger import export_ledger
from downtime.paper.mutual_aid.merge_documents import export_documents
from downtime.settings import Settings
from downtime.sync import bundle
from downtime.sync.bundle import AUDIT, CHECKPOINT, HIGH_WATER, PERSON, BundleHeader, Row
from downtime.sync.model import AuditAction
from downtime.transport.folder import CarrierFolder
from downtime.vault import checkpoint, device, machines, sealing
from downtime.vault.database import transaction
from downtime.vault.device import DeviceCard
from downtime.vault.marks import read_marks
from downtime.vault.model import Actor, MachineRole
from downtime.vault.policies import check_reason
from downtime.vault.sealing import SealedFile
from downtime.vault.store import audit_chain, checkpoints
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ExportedBundle:
    """A bundle that is ready to be carried."""

    header: BundleHeader
    sealed_file: SealedFile
    rows: int

    @property
    def name(self) -> str:
        """Its file name; nothing of a patient is in it."""
        return self.header.name(self.sealed_file.sha256)

    @property
    def data(self) -> bytes:
        """The whole file, in memory."""
        return self.sealed_file.data


def find_stations(vault: Vault) -> list[DeviceCard]:
    """The machines that a bundle can be sealed to: the records stations of the site."""
    stations = machines.find_by_role(vault.home, MachineRole.RECORDS_STATION)
    return [machine.card for machine in stations]


def export_bundle(
    vault: Vault, settings: Settings, station: str, actor: Actor, reason: str = "", *,
    broken: bool = False,
) -> ExportedBundle:  # fmt: skip
    """Seal all that this laptop holds to the station of a device code, or to the usual one.

    ConflictError when this laptop's own audit chain does not hold, unless it is sealed as `broken`,
    with a reason: then the station sees it for itself, and a person there has to merge it.
    """
    card = _choose_station(vault, settings, station)
    this = device.load_device(vault)
    is_sound = _check_own_chain(vault, broken=broken, reason=reason)
    action = AuditAction.HANDOVER_SEAL if is_sound else AuditAction.HANDOVER_SEAL_BROKEN
    with vault.change(actor, action, target=card.code, reason=reason):
        pass
    if is_sound:
        checkpoint.make_checkpoint(vault)
    # Without a name: it is gone with whoever holds it.
    out = tempfile.TemporaryFile(dir=vault.home.path)  # noqa: SIM115
    with transaction(vault.db) as db:  # one picture of everything, whoever writes meanwhile
        header = BundleHeader(
            hospital=settings.site.code,
            device=this.code,
            station=card.code,
            sequence=audit_chain.count_entries(db),
            created=vault.now(),
            key=sealing.key_id(this.card.public_key),
        )
        rows = _export_rows(db, header, vault.home)
        sealed_file, count = bundle.seal_rows(header, rows, card.recipient, this, out)
    return ExportedBundle(header, sealed_file, count)


def _check_own_chain(vault: Vault, *, broken: bool, reason: str) -> bool:
    problems = checkpoint.verify_checkpoints(vault).problems
    if problems and not broken:
        raise ConflictError(
            "sync.own-chain",
            problems[0],
            "Tell security: this laptop may have been changed. What it holds can be exported all"
            " the same, as broken and with a reason (downtime sync export --broken).",
        )
    if problems:
        check_reason(reason, "sync.reason")
    return not problems


def write_bundle(exported: ExportedBundle, folder: Path) -> Path:
    """Put a bundle into a folder or on a stick, whole or not at all; its path."""
    return CarrierFolder(folder).put_file(exported.name, exported.sealed_file.iterate_parts())


def _export_rows(db: Database, header: BundleHeader, home: Home) -> Iterator[Row]:
    for entry in audit_chain.read_chain(db):
        yield AUDIT, {"entry": list(entry)}
    if point := checkpoints.fetch_latest(db):
        yield CHECKPOINT, asdict(point)
    if high_water := read_marks(home):
        yield HIGH_WATER, high_water.to_json()
    for person in people.list_people(db):
        yield PERSON, {"id": person.id, "name": person.name}
    yield from export_accesses(db)
    yield from export_documents(db)
    yield from export_outages(db, header.device, header.sequence)
    yield from export_events(db, header.device)
    yield from export_ledger(db, header.device)
    yield from export_entries(db, header.device, header.sequence)
    yield from export_batches(db, header.device)


def _choose_station(vault: Vault, settings: Settings, code: str) -> DeviceCard:
    cards = {card.code: card for card in find_stations(vault)}
    wanted = code or settings.sync.station
    if not wanted and len(cards) == 1:
        return next(iter(cards.values()))
    if wanted in cards:
        return cards[wanted]
    if wanted:
        raise NotFoundError(
            "sync.station",
            f"No records station {wanted} is in the site's list of machines.",
            "Fetch the newest list, or let an administrator add the records station to it.",
        )
    raise InputError(
        "sync.station",
        "It is not said which machine is the records station.",
        f"Name one of: {', '.join(sorted(cards))}."
        if cards
        else "Join this machine to its site first: 'downtime fleet join'.",
    )
