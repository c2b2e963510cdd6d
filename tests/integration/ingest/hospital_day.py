"""A day of the demonstration hospital: sent through a listener that is killed again and again, or built from files.

Senders do as interface engines do: each sends its messages one by one, and whatever was not
acknowledged when the line broke it sends again.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from downtime import config
from downtime.accounts import homes
from downtime.clock import Clock
from downtime.config import Home
from downtime.demo.settings import settings_text
from downtime.feeds.hl7.framing import split_messages
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.ingest.ledger import Ledger
from downtime.ingest.read_ledger import read_after
from downtime.settings import Settings
from downtime.snapshot.data_quality import FindingTally
from downtime.snapshot.select_records import select_records
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.state_files import open_state
from downtime.snapshot.store import publisher_state, state_copy
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from tests.night import by_night

from .listening import Sender, codes, framed

ROOT = Path(__file__).parents[3]
CHEAP = "\n[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"
LISTENER = '\n[ingest.sources.engine]\nkind = "mllp"\nport = 0\n'
ANSWERED = {"AA", "AE", "CA", "CE"}


@dataclass(frozen=True, slots=True)
class Publisher:
    """A publisher's home, unlocked; `unlock_file` opens it for programs."""

    vault: Vault
    settings: Settings
    actor: Actor
    unlock_file: Path

    def count_kept(self) -> int:
        """Messages in the ledger."""
        with Ledger(self.vault, self.settings) as ledger:
            return sum(1 for _ in read_after(ledger, 0))

    def use_ids_of(self, other: "Publisher") -> None:
        """Give records the ids that they have there, so that they can be compared as they are."""
        files = other.vault.home.state_file, self.vault.home.state_file
        with (
            open_state(other.vault, files[0]) as source,
            open_state(self.vault, files[1]) as db,
            transaction(db),
        ):
            publisher_state.prepare_tables(db)
            state_copy.copy_identities(source, db)

    def build(self, paths: Iterable[Path]) -> "Published":
        """Build a snapshot of files and of all that was received."""
        built = publish_snapshot(
            self.vault, self.settings, paths, self.vault.home.path / "share", self.actor
        )
        with open_state(self.vault, self.vault.home.state_file) as db:
            settled = settle_records(db, self.settings, FindingTally())
            selected = select_records(settled, self.settings, self.vault.clock())
            records = frozenset(map(repr, selected))
        header = built.header
        return Published(
            records, header.counts, header.quality, header.delivered, header.systems, header.wards
        )


@dataclass(frozen=True, slots=True)
class Published:
    """What a snapshot says, but for its number and time."""

    records: frozenset[str]
    counts: dict[str, int]
    quality: dict[str, dict[str, int]]
    delivered: dict[str, tuple[str, ...]]
    systems: dict[str, str]
    wards: tuple[str, ...]


@contextmanager
def publisher(folder: Path, size: str, clock: Clock) -> Iterator[Publisher]:
    """A new publisher of this hospital, with a listener."""
    home, unlock_file = Home(folder / "home"), folder / "unlock"
    folder.mkdir()
    homes.create_home(
        home, clock, unlock_file=unlock_file, settings_text=settings_text(size) + CHEAP + LISTENER
    )
    settings = config.load_settings(home.config_file)
    signed_in = homes.open_with_file(home, settings, clock, unlock_file)
    with closing(signed_in.vault):
        yield Publisher(signed_in.vault, settings, signed_in.actor, unlock_file)


def read_in_order(paths: Iterable[Path]) -> list[bytes]:
    """The HL7 messages of some files in the order in which they would arrive: by MSH-7."""
    messages = []
    for path in paths:
        with path.open("rb") as stream:
            messages += (
                data.strip(b"\x1c\r\n") + b"\r" for data in split_messages(stream, 1 << 25)
            )
    return sorted(messages, key=lambda data: data[:400].split(b"|")[6][:12])


class Service:
    """`downtime ingest run` in a process of its own."""

    def __init__(self, owner: Publisher) -> None:
        words = ["--home", str(owner.vault.home.path), "--unlock-file", str(owner.unlock_file)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from downtime.cli import main; main()", *words, "ingest", "run"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        line = self.process.stderr.readline()
        found = re.search(r"port (\d+)", line)
        assert found, line
        self.port = int(found[1])

    def read_peak_memory(self) -> int:
        """MB, where the system says."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)


@dataclass
class Delivery:
    """Messages on their way from several senders; what came of them."""

    messages: Sequence[bytes]
    senders: int = 6
    acknowledged: int = 0
    answers: set[str] = field(default_factory=set)
    peak_memory: int = 0
    kills: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        for message in self.messages:
            self._queue.put(message)
        self._lock = threading.Lock()
        self._unanswered: list[bytes | None] = [None] * self.senders

    def run(self, owner: Publisher, kills: int) -> "Delivery":
        """Deliver all of it to a service that is killed so many times on the way."""
        started = time.monotonic()
        goals = [len(self.messages) * (turn + 1) // (kills + 1) for turn in range(kills)]
        for goal in [*goals, len(self.messages)]:
            service = Service(owner)
            threads = [
                threading.Thread(target=self._send, args=(place, service.port), daemon=True)
                for place in range(self.senders)
            ]
            for thread in threads:
                thread.start()
            while self.acknowledged < goal and any(thread.is_alive() for thread in threads):
                time.sleep(0.002)
            self.peak_memory = max(self.peak_memory, service.read_peak_memory())
            is_last = goal == len(self.messages)
            service.end(signal.SIGTERM if is_last else signal.SIGKILL)
            self.kills += not is_last
            for thread in threads:
                thread.join(30)
        self.seconds = time.monotonic() - started
        return self

    def _send(self, place: int, port: int) -> None:
        """One sender: first what was not acknowledged, then what is next."""
        try:
            with Sender(port) as line:
                while message := self._unanswered[place] or self._take():
                    self._unanswered[place] = message
                    line.write(framed(message))
                    code, _ = codes(line.answer(60))
                    if code not in ANSWERED:
                        return
                    self._unanswered[place] = None
                    with self._lock:
                        self.acknowledged += 1
                        self.answers.add(code)
        except OSError:
            return

    def _take(self) -> bytes | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            return None


SIZE = os.environ.get("HOSPITAL", "small")
KILLS = int(os.environ.get("KILL_ROUNDS", by_night("10", "2")))
