"""What a machine says of itself where it pulls or publishes: one small signed file, no patient data."""

from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from downtime import __version__
from downtime.clock import Clock, from_text, to_text
from downtime.config import Home
from downtime.errors import UntrustedError, UserError
from downtime.fleet.device_condition import Battery, DeviceCondition, PrinterState, read_condition
from downtime.fleet.heartbeat_key import certified_bytes, is_signed, read_heartbeat_key
from downtime.fleet.machine_state import MachineState, SourceCondition, read_machine_state
from downtime.fleet.model import Direction
from downtime.fleet.run_state import read_run_state
from downtime.vault import device
from downtime.vault.machines import Machine
from downtime.vault.marks import read_marks
from downtime.vault.slots import to_canonical_json

FORMAT = "downtime-heartbeat/1"
MAX_BYTES = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How a machine does. Times are UTC text, empty for never; None is unknown."""

    code: str
    number: int
    """Of two from one machine the higher one is the later."""
    created: str
    version: str
    state: MachineState
    condition: DeviceCondition
    last_pull: str = ""
    last_publish: str = ""
    waiting: int = 0
    """Snapshots that were fetched and wait for somebody to unlock the vault."""
    fault: str = ""
    """The sentence of the last run's fault."""
    high_water_marks: Mapping[str, Any] | None = None
    """Its high-water marks as it signed them."""


def describe_own(home: Home, clock: Clock, printer: PrinterState | None = None) -> Heartbeat:
    """This machine now; works while locked, and never fails for what it cannot learn.

    `printer` is what the queue says now, where it was just asked; else what it last said.
    """
    state = read_machine_state(home)
    pull, publish = (read_run_state(home, direction) for direction in (Direction.PULL, Direction.PUBLISH))  # fmt: skip
    return Heartbeat(
        code=device.read_own_code(home),
        number=int(clock().timestamp()),
        created=to_text(clock()),
        version=__version__,
        state=state,
        condition=read_condition(home, printer or state.printer),
        last_pull=pull.last_success,
        last_publish=publish.last_success,
        waiting=len(pull.waiting),
        fault=pull.fault or publish.fault,
        high_water_marks=_read_marks(home),
    )


def _read_marks(home: Home) -> Mapping[str, Any] | None:
    with suppress(UserError, OSError):
        high_water = read_marks(home)
        return high_water.to_json() if high_water else None
    return None


def sign_heartbeat(home: Home, heartbeat: Heartbeat) -> bytes | None:
    """The file to leave; None before the vault was first open, when there is no key yet."""
    key = read_heartbeat_key(home)
    if key is None:
        return None
    document = {
        "format": FORMAT,
        "key": key.public,
        "certificate": key.certificate,
        **asdict(heartbeat),
    }
    return orjson.dumps(document | {"signature": key.sign(_signed_bytes(document))})


def verify_heartbeat(machine: Machine, data: bytes) -> Heartbeat:
    """What a believed machine said of itself; UntrustedError when it did not sign this."""
    try:
        document = orjson.loads(data)
        signature, public = document.pop("signature"), document["key"]
        certified = certified_bytes(machine.code, public)
        is_certified = is_signed(machine.card.public_key, document["certificate"], certified)
        key = Ed25519PublicKey.from_public_bytes(b64decode(public, validate=True))
        if not is_certified or not is_signed(key, signature, _signed_bytes(document)):
            raise _untrusted_error(machine)
        heartbeat = _parse(document)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _untrusted_error(machine) from None
    if heartbeat.code != machine.code:
        raise _untrusted_error(machine)
    return heartbeat


def _signed_bytes(document: Mapping[str, Any]) -> bytes:
    return to_canonical_json(dict(document))


def _parse(document: Mapping[str, Any]) -> Heartbeat:
    """With what this program knows; ValueError, KeyError or TypeError when it is no heartbeat."""
    if document["format"] != FORMAT:
        raise ValueError(FORMAT)
    known = {item.name for item in fields(Heartbeat)}
    values = {name: value for name, value in document.items() if name in known}
    condition = document["condition"]
    battery = condition["battery"]
    printer = condition["printer"]
    values["condition"] = DeviceCondition(
        condition["free_mb"],
        Battery(**battery) if battery else None,
        PrinterState(printer) if printer in set(PrinterState) else PrinterState.UNKNOWN,
    )
    state_fields = {item.name for item in fields(MachineState)}
    state = {name: value for name, value in document["state"].items() if name in state_fields}
    state["sources"] = tuple(SourceCondition(**row) for row in state["sources"])
    state |= {name: tuple(state[name]) for name in ("down", "stale")}
    state["printer"] = values["condition"].printer
    values["state"] = MachineState(**state)
    heartbeat = Heartbeat(**values)
    state_times = [*heartbeat.state.systems.values(), heartbeat.state.created]
    for moment in (heartbeat.created, heartbeat.last_pull, heartbeat.last_publish, *state_times):
        if moment:
            from_text(moment)
    counts = (heartbeat.number, heartbeat.waiting, heartbeat.state.quarantine)
    if not all(isinstance(count, int) for count in counts):
        raise TypeError("count")
    return heartbeat


def _untrusted_error(machine: Machine) -> UntrustedError:
    return UntrustedError(
        "heartbeat.untrusted",
        f"What lies at a place as the heartbeat of {machine.code} was not signed by that machine.",
        "Nothing of it is shown. Ask who can write to that place.",
    )
