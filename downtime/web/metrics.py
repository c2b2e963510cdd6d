"""What Prometheus reads of this machine; docs/monitoring.md says what each number means.

Codes and counts only. It is known while nobody is signed in: what needs an open vault is as old as the
metric of when its state was noted says.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from downtime.clock import Clock, from_text
from downtime.config import Home
from downtime.fleet.declared_elsewhere import read_declared
from downtime.fleet.device_condition import PrinterState
from downtime.fleet.fleet_status import MachineStatus, count_levels, list_fleet
from downtime.fleet.heartbeat import Heartbeat
from downtime.fleet.machine_alarms import MachineLevel
from downtime.fleet.model import Direction
from downtime.fleet.run_state import read_run_state
from downtime.settings import Settings
from downtime.snapshot.freshness import Freshness

PRINTER_VALUES = {PrinterState.READY: 1.0, PrinterState.STOPPED: 0.0}
"""A queue that does not say, or that there is not, has no number."""


class MachineCollector(Collector):
    """Asks this machine at each reading."""

    def __init__(self, home: Home, settings: Settings, clock: Clock, is_unlocked: bool) -> None:
        self._home, self._settings, self._clock = home, settings, clock
        self._is_unlocked = is_unlocked

    def collect(self) -> Iterable[Metric]:
        """All metrics, this machine's first."""
        statuses = list_fleet(self._home, self._settings, self._clock)
        this_machine = next(status for status in statuses if status.is_own)
        yield _gauge("vault_unlocked", "Whether somebody is signed in.", float(self._is_unlocked))
        if this_machine.heartbeat:
            yield from _collect_machine(this_machine, this_machine.heartbeat, self._clock())
        yield from self._collect_places()
        yield from _collect_fleet(statuses, self._clock())
        yield self._collect_declared()

    def _collect_places(self) -> Iterator[Metric]:
        labels = ["direction", "place"]
        up = _family("place_up", "Whether the last try of a place went well.", labels)
        last = _family(
            "place_last_success_timestamp_seconds", "When a place was last reached.", labels
        )
        for direction in Direction:
            for name, place in read_run_state(self._home, direction).places.items():
                up.add_metric([direction, name], float(not place.fault))
                if place.last_success:
                    last.add_metric([direction, name], _seconds(place.last_success))
        yield from (up, last)

    def _collect_declared(self) -> Metric:
        text = "Other machines that have declared a system down, as a publisher hears."
        machines = _family("fleet_declared_down", text, ["system"])
        for system, codes in read_declared(self._home).items():
            machines.add_metric([system], len(codes))
        return machines


def write_metrics(home: Home, settings: Settings, clock: Clock, is_unlocked: bool) -> bytes:
    """Everything in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(MachineCollector(home, settings, clock, is_unlocked))
    content: bytes = generate_latest(registry)
    return content


def _collect_machine(
    status: MachineStatus, heartbeat: Heartbeat, now: datetime
) -> Iterator[Metric]:
    state, condition = heartbeat.state, heartbeat.condition
    info = _family("info", "This machine; always 1.", ["machine", "version"])
    info.add_metric([heartbeat.code, heartbeat.version], 1.0)
    yield info
    ages = _family("data_age_seconds", "Age of a system's newest data here.", ["system"])
    stale = _family(
        "data_stale", "Whether a system's data is stale and the system not down.", ["system"]
    )
    down = _family("system_down", "Whether a system is declared down.", ["system"])
    for age in status.health.systems:
        if age.age is not None:
            ages.add_metric([age.system], age.age.total_seconds())
        is_held = age.age is not None or bool(state.created)
        if is_held or status.health.level is MachineLevel.EMPTY:
            stale.add_metric([age.system], float(_is_stale(status, age, state.down)))
        down.add_metric([age.system], float(age.system in state.down))
    yield from (ages, stale, down)
    yield _gauge("quarantined_snapshots", "Snapshots that wait for a person.", state.quarantine)
    yield _gauge("unopened_snapshots", "Snapshots that wait for a sign-in.", heartbeat.waiting)
    yield from _collect_times(heartbeat)
    if state.created:
        created = max(now - from_text(state.created), timedelta())
        yield _gauge("snapshot_age_seconds", "Age of the snapshot in use.", created.total_seconds())
        yield _gauge("snapshot_sequence", "Number of the snapshot in use.", state.sequence)
    if condition.free_mb is not None:
        yield _gauge("disk_free_bytes", "Space left for the home.", condition.free_mb * 1_000_000)
    if condition.battery:
        yield _gauge("battery_ratio", "Charge of the battery.", condition.battery.percent / 100)
    if condition.printer in PRINTER_VALUES:
        yield _gauge(
            "printer_ready", "Whether the print queue is ready.", PRINTER_VALUES[condition.printer]
        )
    if heartbeat.high_water_marks:
        yield _gauge(
            "audit_entries", "Entries of the audit.", heartbeat.high_water_marks["audit"][0]
        )
    yield from _collect_sources(heartbeat)


def _is_stale(status: MachineStatus, age: Freshness, down: Collection[str]) -> bool:
    """As its level, and where there is no data at all: nobody who looks here sees the hospital."""
    if age.age is None:
        return status.health.level is MachineLevel.EMPTY and age.system not in down
    return age.system in status.health.stale


def _collect_times(heartbeat: Heartbeat) -> Iterator[Metric]:
    for name, text, moment in (
        ("state_noted", "When an open vault was last looked at.", heartbeat.state.noted),
        ("last_pull", "When pulling last went well.", heartbeat.last_pull),
        ("last_publish", "When publishing last went well.", heartbeat.last_publish),
    ):
        if moment:
            yield _gauge(f"{name}_timestamp_seconds", text, _seconds(moment))


def _collect_sources(heartbeat: Heartbeat) -> Iterator[Metric]:
    labels = ["source", "kind"]
    up = _family("ingest_source_up", "Whether a source of messages runs.", labels)
    messages = _family("ingest_messages", "Messages since the service was started.", labels)
    rejected = _family("ingest_rejected", "Messages kept that cannot be read.", labels)
    last = _family("ingest_last_message_timestamp_seconds", "When a source's last came.", labels)
    for source in heartbeat.state.sources:
        values = [source.name, source.kind]
        up.add_metric(values, float(source.state == "running"))
        messages.add_metric(values, source.messages)
        rejected.add_metric(values, source.rejected)
        if source.last_message:
            last.add_metric(values, _seconds(source.last_message))
    yield from (up, messages, rejected, last)


def _collect_fleet(statuses: list[MachineStatus], now: datetime) -> Iterator[Metric]:
    counts = _family("fleet_machines", "Machines of the site by their level.", ["level"])
    for level, count in count_levels(statuses).items():
        counts.add_metric([level], count)
    ages = _family("fleet_data_age_seconds", "Oldest data of a machine's systems.", ["machine"])
    heard = _family("fleet_heard_timestamp_seconds", "When a machine last spoke.", ["machine"])
    for status in statuses:
        if status.health.oldest is not None:
            ages.add_metric([status.machine.code], status.health.oldest.total_seconds())
        if status.heartbeat:
            heard.add_metric([status.machine.code], _seconds(status.heartbeat.created))
    yield from (counts, ages, heard)


def _family(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"downtime_{name}", text, labels=labels)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"downtime_{name}", text, value=float(value))


def _seconds(moment: str) -> float:
    return from_text(moment).timestamp()
