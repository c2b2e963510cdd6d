"""Where a demonstration takes place: its home, its clock, its plan, and what it says on the way."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from downtime.config import Home
from downtime.demo.plan import DowntimePlan
from downtime.demo.staff import Staff
from downtime.settings import Settings
from downtime.vault.vault import Vault

FOLDER = "demonstration"
Say = Callable[[str], None]


@dataclass(slots=True)
class StoryClock:
    """The time in the story; it moves on only when the story says so."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Story:
    """What the story knows while it is told."""

    home: Home
    size: str
    seed: int
    say: Say
    clock: StoryClock
    plan: DowntimePlan
    laptop: Vault = field(init=False)
    settings: Settings = field(init=False)
    staff: Staff = field(init=False)
    """All three once the machines are set up."""
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the demonstration puts its feeds, packs and returns: a hospital would not."""
        return self.home.path / FOLDER

    @property
    def unlock_file(self) -> Path:
        """Opens the laptop for commands, as a program."""
        return self.home.path / "laptop.unlock"

    @contextmanager
    def step(self, name: str, sentence: str) -> Iterator[None]:
        """One step with its seconds."""
        self.say(f"\n{self.clock.now:%d-%b %H:%M}  {sentence}")
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)
        self.say(f"              ({self.seconds[name]:.1f} s)")

    def report(self, sentence: str) -> None:
        """A detail of the step at hand."""
        self.say(f"              {sentence}")
