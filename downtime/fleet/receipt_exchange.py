"""Answer heartbeats: whoever collects them signs what it saw of a machine, and leaves that at the place.

The machine takes its receipt at its next pull, verified while locked, and put to use once the vault is
open: a disk that was cloned or put back hears there how far it had come.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson

from downtime.config import Home
from downtime.errors import UntrustedError, UserError
from downtime.fleet.heartbeat_exchange import COLLECTORS, collects_heartbeats, read_heartbeat
from downtime.security_events import SecurityEvent, report_event
from downtime.settings import Settings
from downtime.transport.carrier import PacedCarrier
from downtime.vault import device
from downtime.vault.database import transaction
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.machines import Machine, find_keys, list_machines
from downtime.vault.marks import HighWaterMarks, MarkName, NumberBlock, parse_marks
from downtime.vault.model import Actor
from downtime.vault.receipts import Receipt, is_signed_by, make_receipt, parse_receipt, take_receipt
from downtime.vault.store.receipts import list_marks, save_marks
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError

FOLDER = "receipts"
MAX_BYTES = 262_144
_INDEX_BYTES = 1_048_576
_MOST_GENERATIONS = 2**62
_RECEIPT_FILE = "receipt.json"


class ReceiptExchange:
    """What a run does at every place that it reaches, after the heartbeats.

    `vault` and `actor` are None while the machine is locked: then it signs none, and keeps its own
    until somebody unlocks it.
    """

    def __init__(
        self, home: Home, settings: Settings, vault: Vault | None, actor: Actor | None
    ) -> None:
        self._home, self._settings, self._vault, self._actor = home, settings, vault, actor

    def __call__(self, carrier: PacedCarrier) -> None:
        """Leave and take."""
        if self._vault:
            leave_receipts(self._vault, self._settings, carrier)
        fetch_receipt(self._home, carrier)
        if self._vault and self._actor:
            put_to_use(self._vault, self._actor)


def leave_receipts(vault: Vault, settings: Settings, carrier: PacedCarrier) -> None:
    """For each machine whose heartbeat shows other marks than those that were answered there."""
    if not collects_heartbeats(vault.home):
        return
    _, *others = list_machines(vault.home)
    heard = {machine.code: high_water for machine in others
             if (high_water := _find_marks(vault.home, machine))}  # fmt: skip
    index_name = f"{FOLDER}/by-{device.read_own_code(vault.home)}.json"
    answered = _read_index(carrier, index_name)
    due = [code for code, high_water in heard.items() if answered.get(code) != high_water.signature]
    for code in due[: settings.monitoring.heartbeats_at_once]:
        with suppress(TypeError, ValueError):  # a machine may sign anything of itself
            receipt = _sign_receipt(vault, heard[code])
            carrier.replace_file(f"{FOLDER}/{code}.json", orjson.dumps(receipt.to_json()))
        answered[code] = heard[code].signature
    if due:
        current = {code: answered[code] for code in heard if code in answered}
        carrier.replace_file(index_name, orjson.dumps(current))


def _find_marks(home: Home, machine: Machine) -> HighWaterMarks | None:
    """The marks in its last heartbeat, if the machine's own key signed them."""
    heartbeat = read_heartbeat(home, machine)
    if heartbeat is None or not heartbeat.high_water_marks:
        return None
    with suppress(TypeError, ValueError):
        high_water = parse_marks(heartbeat.high_water_marks)
        well_made = (
            isinstance(_block(high_water), str) and high_water.generation < _MOST_GENERATIONS
        )
        is_own = high_water.device == machine.code
        well_made = well_made and high_water.audit.entries > 0  # else there is nothing to sign
        if well_made and is_own and high_water.is_signed(machine.card.public_key):
            return high_water
    return None


def _sign_receipt(vault: Vault, heard: HighWaterMarks) -> Receipt:
    """How far the chain had come at the highest marks of the block that was heard of.

    A machine that was put back shows lower ones, and is answered with those of before.
    """
    with transaction(vault.db) as db:
        save_marks(db, heard, vault.now())
    seen = [
        high_water
        for high_water in list_marks(vault.db, heard.device)
        if _block(high_water) == _block(heard)
    ]
    return make_receipt(
        vault, heard.device, max(seen, key=lambda high_water: high_water.generation).audit
    )


def _block(high_water: HighWaterMarks) -> str:
    return high_water.numbers.get(MarkName.SERIAL, NumberBlock("", 0)).block


def _read_index(carrier: PacedCarrier, name: str) -> dict[str, str]:
    """The signature of the marks that were answered at a place, by machine.

    Whoever changes it there makes this machine sign again, or not: as if receipts were removed.
    """
    with suppress(FileNotFoundError, ValueError, AttributeError):
        file = carrier.read_small(name, _INDEX_BYTES)
        index = orjson.loads(file.content) if file else {}
        return {str(code): str(signature) for code, signature in index.items()}
    return {}


@dataclass(frozen=True, slots=True)
class _KeptReceipt:
    """The last receipt that was fetched; `sentence` is what nobody has read yet."""

    document: Mapping[str, Any]
    is_used: bool = False
    sentence: str = ""


def fetch_receipt(home: Home, carrier: PacedCarrier) -> None:
    """Keep what lies at a place for this machine, unless it says less than what is kept already."""
    try:
        file = carrier.read_small(f"{FOLDER}/{device.read_own_code(home)}.json", MAX_BYTES)
    except FileNotFoundError:
        return
    if file is None or len(file.content) > MAX_BYTES:
        return
    try:
        document = orjson.loads(file.content)
        receipt = verify_receipt(home, document)
        last_receipt = _read_kept(home)
        if last_receipt is None or _rank(home, receipt) > _rank(
            home, parse_receipt(last_receipt.document)
        ):
            _keep(home, _KeptReceipt(document))
    except (ValueError, UserError) as error:
        code = error.code if isinstance(error, UserError) else "receipt.form"
        report_event(SecurityEvent.VERIFICATION_FAILED, code=code)


def verify_receipt(home: Home, document: Mapping[str, Any]) -> Receipt:
    """A receipt for this machine by one that collects heartbeats; works locked; UntrustedError."""
    receipt = parse_receipt(document)
    keys = {key: public for role in COLLECTORS for key, public in find_keys(home, role).items()}
    own_card = device.read_own_card(home)
    signers = [
        machine.card.public_key
        for machine in list_machines(home)
        if machine.key_id in keys and machine.code == receipt.machine != own_card.code
    ]
    if receipt.device != own_card.code or not any(is_signed_by(receipt, key) for key in signers):
        raise UntrustedError(
            "receipt.signature",
            "What lies at a place as this machine's receipt was not signed by a publisher or a"
            " records station of the site.",
            "Nothing of it is used. Ask who can write to that place.",
        )
    return receipt


def put_to_use(vault: Vault, actor: Actor) -> None:
    """Keep the countersignature and go on above the marks that were seen, once for each receipt."""
    last_receipt = _read_kept(vault.home)
    if last_receipt is None or last_receipt.is_used:
        return
    sentence = ""
    try:
        verify_receipt(vault.home, last_receipt.document)
        take_receipt(vault, last_receipt.document, actor)
    except ReadOnlyError:  # it waits
        return
    except UserError as error:
        sentence = f"{error.sentence} {error.next_step}"
    _keep(vault.home, _KeptReceipt(last_receipt.document, True, sentence))


def list_receipt_notices(vault: Vault, actor: Actor) -> Iterator[str]:
    """What a receipt says against this machine; said once."""
    put_to_use(vault, actor)
    last_receipt = _read_kept(vault.home)
    if last_receipt and last_receipt.sentence:
        yield last_receipt.sentence
        _keep(vault.home, replace(last_receipt, sentence=""))


def _rank(home: Home, receipt: Receipt) -> tuple[int, int, str]:
    """By what this machine has signed itself, then the time: an old one that is put back is lower."""
    key = device.read_own_card(home).public_key
    seen = [parse_marks(high_water) for high_water in receipt.seen_marks]
    generations = [high_water.generation for high_water in seen if high_water.is_signed(key)]
    return max(generations, default=0), receipt.count, receipt.at


def _read_kept(home: Home) -> _KeptReceipt | None:
    """None when there is none, or the file is damaged: the next pull fetches it again."""
    with suppress(OSError, ValueError, KeyError, TypeError, UserError):
        document = orjson.loads((home.runs_folder / _RECEIPT_FILE).read_bytes())
        parse_receipt(document["receipt"])
        return _KeptReceipt(
            document["receipt"], document["used"] is True, str(document["sentence"])
        )
    return None


def _keep(home: Home, last_receipt: _KeptReceipt) -> None:
    make_private_folder(home.runs_folder)
    document = {
        "receipt": dict(last_receipt.document),
        "used": last_receipt.is_used,
        "sentence": last_receipt.sentence,
    }
    write_atomic(home.runs_folder / _RECEIPT_FILE, orjson.dumps(document))
