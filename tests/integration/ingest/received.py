"""Messages of an invented PAS, and a ledger whose clock the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from downtime.feeds.file_format import FileFormat
from downtime.ingest.ledger import Ledger
from downtime.ingest.model import RawMessage
from downtime.ingest.record_messages import record_messages
from downtime.vault.vault import Vault

START = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


@dataclass
class MovingClock:
    """A clock that stands still until it is moved."""

    now: datetime = START
    moves: list = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def admission(
    number: int, *, ward: str = "W1", bed: str = "", at: str = "", number_of: str = "DEMO^MR"
) -> bytes:
    """Patient H<number> is admitted to a bed of their own."""
    sent = at or f"202611021{number % 10}{number % 60:02}00"
    return (
        f"MSH|^~\\&|PAS|DEMO|||{sent}||ADT^A01|M{number}|P|2.4\r"
        f"EVN|A01|{sent}\r"
        f"PID|1||H{number}^^^{number_of}||Quill^Ada{number}||19600102|F\r"
        f"PV1|1|I|{ward}^A^{bed or number}||||||||||||||||V{number}\r"
    ).encode()


def hl7(data: bytes, number: int = 1, source: str = "engine") -> RawMessage:
    return RawMessage(source, FileFormat.HL7, "10.0.0.7:4711", number, data)


def table(
    text: str, name: str = "ward-list.csv", modified: str = "2026-11-02T08:00:00Z"
) -> RawMessage:
    return RawMessage("share", FileFormat.TABLE, name, 1, text.encode(), modified)


def moved_vault(vault: Vault, clock: MovingClock) -> Vault:
    """The same vault by a clock that can be moved."""
    vault.clock = clock
    return vault


def record(ledger: Ledger, *raws: RawMessage) -> list[int]:
    """Their arrival numbers; of a repetition the first one."""
    return [recorded.arrival for recorded in record_messages(ledger, raws)]
