"""From feeds to a published bundle: apply, cut, seal, and put it where laptops fetch it.

The bundle is a file of its own name that never changes; the small pointer `latest.json` is
replaced last, so that whoever follows it always finds a whole bundle.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import sqlite_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime.clinical.records import Encounter, Location, Record
from downtime.clock import to_text
from downtime.errors import UserError
from downtime.feeds.changes import Message, Reject
from downtime.feeds.read import read
from downtime.settings import Settings
from downtime.snapshot import bundle, shelf, state, state_tables
from downtime.snapshot.bulk import seldom_collecting
from downtime.snapshot.bundle import Packer, Sealed
from downtime.snapshot.cut import cut, limits
from downtime.snapshot.header import Header
from downtime.snapshot.present import present
from downtime.snapshot.shelf import Number
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.database import connect
from downtime.vault.files import make_private, write_atomic
from downtime.vault.vault import Vault

POINTER = "latest.json"
READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Built:
    """A published bundle, and what the feeds came to."""

    bundle: Path
    header: Header
    messages: int
    accepted: int
    rejected: list[Reject]
    seconds: float


@dataclass(slots=True)
class _Intake:
    """Messages go on to the state; rejects stay here."""

    accepted: int = 0
    rejected: list[Reject] = field(default_factory=list)

    def messages(self, items: Iterable[Message | Reject]) -> Iterator[Message]:
        for item in items:
            if isinstance(item, Reject):
                self.rejected.append(item)
            else:
                self.accepted += 1
                yield item


def build(
    vault: Vault, settings: Settings, paths: Iterable[Path], to: Path, who: Actor, why: str = ""
) -> Built:
    """Read feeds, bring the state up to date, and publish it in folder `to`.

    Sealed to this machine and to every device card it trusts. A failure before the last step
    leaves the bundle that was published before.
    """
    started, now, intake = time.perf_counter(), vault.clock(), _Intake()
    this = device.load(vault)
    key = bundle.key_id(this.card.public_key)
    with vault.change(who, "snapshot.build", target=key, why=why) as db:
        number = _next_number(db, to, key, this.card.public_key)
        shelf.publish(db, number)
    state_file = connect(vault.home.state, vault.key("state")).conn
    with closing(state_file) as connection, seldom_collecting():
        held = sqlite_utils.Database(connection, recursive_triggers=False)
        messages = intake.messages(read(paths, settings))
        state.apply(held, messages, now, settings.site.mrn_authority)
        header, content = _pack(held, settings, now, number, key)
    recipients = [card.recipient for card in (this.card, *device.trusted(vault.home))]
    sealed = bundle.seal(header, content, recipients, this.sign)
    with vault.change(who, "snapshot.publish", target=header.id, why=why):
        path = publish(sealed, to, settings.snapshot.keep)
    total = intake.accepted + len(intake.rejected)
    seconds = time.perf_counter() - started
    return Built(path, header, total, intake.accepted, intake.rejected, seconds)


def _next_number(db: sqlite_utils.Database, to: Path, key: str, public: Ed25519PublicKey) -> Number:
    """One above the highest that the vault remembers or the folder shows.

    The folder is asked too because a vault that was put back from a backup has forgotten some, and
    laptops refuse a number that they have seen.
    """
    number = max(shelf.published(db), _shown(to, key, public))
    return Number(number.epoch, number.sequence + 1)


def _shown(to: Path, key: str, public: Ed25519PublicKey) -> Number:
    try:
        name = orjson.loads((to / POINTER).read_bytes())["bundle"]
        shown = bundle.verify((to / Path(name).name).read_bytes(), {key: public})
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, UserError):
        return Number(1, 0)
    return Number(shown.epoch, shown.sequence)


def _pack(
    held: sqlite_utils.Database, settings: Settings, now: datetime, number: Number, key: str
) -> tuple[Header, bytes]:
    """The header and the whole content in clear, in memory only."""
    packer, wards = Packer(), set[str]()
    for record in cut(present(held, settings), limits(settings, now)):
        packer.add(record)
        if isinstance(record, Location | Encounter):
            wards.add(_ward(record))
    header = Header(
        hospital=settings.site.code,
        wards=tuple(sorted(wards - {""})),
        epoch=number.epoch,
        sequence=number.sequence,
        created=to_text(now),
        expires=to_text(now + timedelta(hours=settings.snapshot.expires_hours)),
        key=key,
        time_zone=settings.site.time_zone,
        systems=_systems(state_tables.newest(held), settings),
        holds=tuple(sorted(state_tables.delivered(held))),
        counts=packer.counts,
    )
    return header, packer.finish(header)


def _ward(record: Record) -> str:
    """The ward of a bed, or of somebody who is in."""
    if isinstance(record, Encounter) and record.status not in ("in-progress", ""):
        return ""
    return record.ward if isinstance(record, Location | Encounter) else ""


def _systems(newest: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """In the order of the settings; a system that sent nothing has no time."""
    names = dict.fromkeys([*settings.systems.names, *sorted(newest)])
    return {name: newest.get(name, "") for name in names}


def publish(sealed: Sealed, to: Path, keep: int) -> Path:
    """Put a bundle in a folder, point to it, and remove this publisher's oldest ones.

    Bundles are ciphertext, and laptops fetch them as other users: they are readable by all.
    """
    if not to.exists():
        make_private(to)
    path = to / sealed.name
    pointer = {"bundle": sealed.name, "sha256": sealed.sha256, "created": sealed.created}
    for file, content in ((path, sealed.data), (to / POINTER, orjson.dumps(pointer))):
        write_atomic(file, content)
        file.chmod(READABLE)
    family = sealed.name.split(f"-{sealed.epoch}-{sealed.sequence:06}-")[0]
    own = sorted(to.glob(f"{family}-*-{sealed.key[:8]}-*{bundle.SUFFIX}"), key=_age)
    for old in own[:-keep] if keep else []:
        if old != path:
            old.unlink(missing_ok=True)
    return path


def _age(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name
