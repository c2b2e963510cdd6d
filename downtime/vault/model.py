"""Who acts, what the audit says of it, its checkpoints, and the jobs that were asked for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from downtime.vault.lifecycle import Lifecycle
from downtime.vault.slots import to_canonical_json

CHECKPOINT_FORMAT = "audit-checkpoint/1"


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    BACKUP_MAKE = "backup.make"
    CHAIN_CUT = "chain.cut"
    CONTENT_DIFFERS = "content.differs"
    CONTENT_WRITE = "content.write"
    HOME_COPIED = "home.copied"
    HOME_RESTORED = "home.restored"
    JOB_CANCEL = "job.cancel"
    JOB_FAIL = "job.fail"
    JOB_FINISH = "job.finish"
    MARKS_LOST = "marks.lost"
    MARKS_READ = "marks.read"
    QUEUE_WRITE = "queue.write"
    """What had waited in memory while nothing could be written."""
    RECEIPT_TAKE = "receipt.take"
    VAULT_MIGRATE = "vault.migrate"


class MachineRole(StrEnum):
    """What a machine may do for others: each of its signatures is believed for its roles only."""

    PUBLISHER = "publisher"
    """Seals snapshots."""
    WARD_LAPTOP = "ward-laptop"
    """Opens snapshots, and sends what was written on it."""
    RECORDS_STATION = "records-station"
    """Takes in what ward laptops send, and reconciles it."""

    @property
    def display_name(self) -> str:
        """As it is shown: `ward laptop`."""
        return self.value.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and on which machine. `id` is the account's, `name` the one shown and printed."""

    id: str
    name: str
    device: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as it is shown; `at` is UTC as stored."""

    seq: int
    at: str
    actor: str
    device: str
    action: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`head` is the hash of entry `count`; `at` stored text, `device` the code of the machine."""

    count: int
    head: str
    at: str
    device: str
    signature: str

    @property
    def signed_bytes(self) -> bytes:
        """The exact bytes under the signature."""
        body = {k: v for k, v in asdict(self).items() if k != "signature"}
        return to_canonical_json({"downtime": CHECKPOINT_FORMAT, **body})

    @property
    def short_text(self) -> str:
        """For the foot of a handover sheet: enough to compare by eye."""
        return f"{self.device} audit {self.count} {self.head[:16]} {self.at}"

    def as_json(self) -> dict[str, Any]:
        """As it is copied to another machine."""
        return {"downtime": CHECKPOINT_FORMAT, **asdict(self)}


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """How an older vault was brought up to date, and the checked copy of it as it was."""

    steps: int
    backup: Path

    @property
    def sentence(self) -> str:
        """For whoever opened the vault."""
        steps = "1 step" if self.steps == 1 else f"{self.steps} steps"
        return (
            f"The vault was brought up to this version of Downtime in {steps}. A checked copy of it"
            f" as it was before is kept: {self.backup.parent.name}/{self.backup.name}."
        )


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


JOB_LIFECYCLE = Lifecycle(
    "job",
    {
        JobState.QUEUED: (JobState.RUNNING, JobState.CANCELLED),
        JobState.RUNNING: (
            JobState.DONE,
            JobState.FAILED,
            JobState.CANCELLED,
            JobState.QUEUED,  # its worker died
        ),
        JobState.DONE: (),
        JobState.FAILED: (),
        JobState.CANCELLED: (),
    },
)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work without its result; times are stored text, `ended` empty until then."""

    id: str
    kind: str
    arguments: Mapping[str, Any]
    state: JobState
    attempts: int
    done: int
    total: int
    sentence: str
    media_type: str
    file_name: str
    error: str
    actor: Actor
    created: str
    ended: str
    has_result: bool

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return not JOB_LIFECYCLE.moves[self.state]


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job made: a file, as it is handed to a browser."""

    content: bytes
    media_type: str
    file_name: str
