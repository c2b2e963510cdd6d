"""Hand over: seal all that this laptop holds to the records station, as one file."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlite_utils import Database

from downtime.accounts import store as people
from downtime.entry import carried as entries
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage import carried as outages
from downtime.paper import carried as ledger
from downtime.settings import Settings
from downtime.sync import bundle
from downtime.sync.bundle import Header, Row
from downtime.vault import audit, checkpoint, device, sealing
from downtime.vault.audit import Actor
from downtime.vault.database import transaction
from downtime.vault.device import Card
from downtime.vault.files import write_atomic
from downtime.vault.sealing import Envelope
from downtime.vault.vault import Vault

AUDIT, CHECKPOINT, PERSON = "audit", "checkpoint", "person"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A bundle that is ready to be carried."""

    header: Header
    envelope: Envelope
    rows: int

    @property
    def name(self) -> str:
        """Its file name; nothing of a patient is in it."""
        return self.header.name(self.envelope.sha256)

    @property
    def data(self) -> bytes:
        """The whole file."""
        return self.envelope.data


def stations(vault: Vault) -> list[Card]:
    """The machines that a bundle can be sealed to: those whose cards are trusted."""
    return device.trusted(vault.home)


def seal(
    vault: Vault, settings: Settings, station: str, who: Actor, why: str = "", *,
    broken: bool = False,
) -> Sealed:  # fmt: skip
    """Seal all that this laptop holds to the station of a device code, or to the usual one.

    ConflictError when this laptop's own audit chain does not hold, unless it is sealed as `broken`,
    with a reason: then the station sees it for itself, and a person there has to take it over.
    """
    card = _station(vault, settings, station)
    this = device.load(vault)
    sound = _sound(vault, broken=broken, why=why)
    action = "handover.seal" if sound else "handover.seal-broken"
    with vault.change(who, action, target=card.code, why=why):
        pass
    if sound:
        checkpoint.make(vault)
    with transaction(vault.db) as db:  # one picture of everything, whoever writes meanwhile
        header = Header(
            hospital=settings.site.code,
            device=this.code,
            station=card.code,
            sequence=audit.length(db),
            created=vault.now(),
            key=sealing.key_id(this.card.public_key),
        )
        counted = _Counted()
        rows = counted.each(_rows(db, header))
        envelope = bundle.seal(header, rows, card.recipient, this)
    return Sealed(header, envelope, counted.rows)


def _sound(vault: Vault, *, broken: bool, why: str) -> bool:
    problems = checkpoint.verify(vault).problems
    if problems and not broken:
        raise ConflictError(
            "handover.own-chain",
            problems[0],
            "Tell security: this laptop may have been changed. What it holds can be handed over all"
            " the same, as broken and with a reason (downtime handover seal --broken).",
        )
    if problems and not why.strip():
        raise InputError("handover.reason", "A reason is needed.", "Say in a few words why.")
    return not problems


class _Counted:
    def __init__(self) -> None:
        self.rows = 0

    def each(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.rows += 1
            yield row


def write(sealed: Sealed, folder: Path) -> Path:
    """Put a bundle into a folder or on a stick, whole or not at all; its path."""
    if not folder.is_dir():
        raise NotFoundError(
            "handover.folder", f"There is no folder {folder.name}.", "Name one that is there."
        )
    path = folder / sealed.name
    write_atomic(path, sealed.data)
    return path


def _rows(db: Database, header: Header) -> Iterator[Row]:
    for entry in audit.rows(db):
        yield AUDIT, {"entry": list(entry)}
    if point := checkpoint.newest(db):
        yield CHECKPOINT, asdict(point)
    for person in people.everybody(db):
        yield PERSON, {"id": person.id, "name": person.name}
    yield from outages.carry(db, header.device, header.sequence)
    yield from ledger.carry(db, header.device)
    yield from entries.carry(db, header.device, header.sequence)


def _station(vault: Vault, settings: Settings, code: str) -> Card:
    cards = {card.code: card for card in stations(vault)}
    wanted = code or settings.handover.station
    if not wanted and len(cards) == 1:
        return next(iter(cards.values()))
    if wanted in cards:
        return cards[wanted]
    if wanted:
        raise NotFoundError(
            "handover.station",
            f"No machine {wanted} is trusted here.",
            "Trust the records station's device card first.",
        )
    raise InputError(
        "handover.station",
        "It is not said which machine is the records station.",
        f"Name one of: {', '.join(sorted(cards))}." if cards else "Trust its device card first.",
    )
