"""A source that is asked: its context, and what it had kept."""

import threading
from dataclasses import dataclass, field

import pytest

from downtime.clock import system_clock
from downtime.ingest.ledger import Ledger
from downtime.ingest.record_messages import record_messages
from downtime.ingest.sources.health import SourceHealth
from downtime.ingest.sources.model import SourceKind
from downtime.ingest.sources.polling import PollContext, Position


@dataclass
class Asked:
    """A context for a source, and all that it has had kept."""

    ledger: Ledger
    positions: list[str] = field(default_factory=list)
    recorded: list = field(default_factory=list)

    def context(self, settings, name: str = "source") -> PollContext:
        health = SourceHealth(name, SourceKind.FOLDER, system_clock)
        position = Position(
            lambda: self.positions[-1] if self.positions else "", self.positions.append
        )
        return PollContext(
            name, settings, health, self._record, position, system_clock, threading.Event()
        )

    def _record(self, raws):
        recorded = record_messages(self.ledger, raws)
        self.recorded += recorded
        return recorded

    @property
    def new(self) -> list:
        return [one for one in self.recorded if not one.repeated]

    def people(self) -> set[str]:
        """The first number of every patient named in what was kept."""
        return {
            change.patient[0].value
            for one in self.new
            if hasattr(one.item, "content")
            for change in one.item.content
            if change.patient
        }


@pytest.fixture
def asked(vault, settings):
    with Ledger(vault, settings) as ledger:
        yield Asked(ledger)
