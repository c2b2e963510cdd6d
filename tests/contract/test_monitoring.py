"""docs/monitoring.md names every metric and every event that there is, and none that there is not."""

import re

import pytest
import yaml

from downtime.fleet.device_condition import Battery, DeviceCondition, PrinterState
from downtime.fleet.fleet_status import MachineStatus
from downtime.fleet.heartbeat import Heartbeat
from downtime.fleet.machine_alarms import MachineLevel, judge_heartbeat
from downtime.fleet.machine_state import MachineState, SourceCondition
from downtime.fleet.run_state import PlaceState, RunState
from downtime.security_events import SecurityEvent, event_level
from downtime.settings import Settings
from downtime.vault.device import DeviceCard
from downtime.vault.machines import ALL_ROLES, Machine
from downtime.web import metrics
from tests.conftest import NOW
from tests.contract import house

PAGE = (house.ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
METRIC = re.compile(r"\bdowntime_[a-z_]+")
AT = "2026-11-02T14:00:00Z"
SEVERITIES = {"DEBUG": "debug", "INFO": "informational", "ERROR": "error"}
FULL = Heartbeat(
    code="K7", number=1, created=AT, version="1", last_pull=AT, last_publish=AT, high_water_marks={"audit": [3, ""]},
    condition=DeviceCondition(1, Battery(50, True), PrinterState.READY),
    state=MachineState(
        noted=AT, systems={"PAS": AT}, created=AT, sequence=1,
        sources=(SourceCondition("engine", "mllp", "running", 1, 0, AT, AT, 0),),
    ),
)  # fmt: skip
"""A machine of which everything is known."""


@pytest.fixture
def written(home, monkeypatch):
    """The names in what Prometheus reads of it."""
    health = judge_heartbeat(FULL, NOW, Settings(), is_own=True)
    machine = Machine(DeviceCard("K7", "laptop", "", ""), ALL_ROLES)
    monkeypatch.setattr(
        metrics, "list_fleet", lambda *_: [MachineStatus(machine, FULL, health, True)]
    )
    reached = RunState(places={"nas": PlaceState(last_success=AT)})
    monkeypatch.setattr(metrics, "read_run_state", lambda *_: reached)
    monkeypatch.setattr(metrics, "read_declared", lambda *_: {"PAS": ["K7"]})
    page = metrics.write_metrics(home, Settings(), lambda: NOW, True).decode()
    return {line.split("{")[0].split(" ")[0] for line in page.splitlines() if line[0] != "#"}


def test_every_metric_is_documented_and_every_documented_one_is_there(written):
    table = re.findall(r"^\| `(downtime_[a-z_]+)`", PAGE, re.MULTILINE)
    assert len(table) == len(set(table))
    assert set(table) == written


def test_rules_are_yaml_and_ask_for_metrics_that_are_there(written):
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    assert len(rules) > 3
    for rule in rules:
        names = METRIC.findall(rule["expr"])
        assert names
        assert set(names) <= written


def test_every_level_of_a_machine_is_documented():
    (row,) = re.findall(r"^\| `downtime_fleet_machines`.*$", PAGE, re.MULTILINE)
    assert re.findall(r"`([a-z]+)`", row)[1:] == [str(level) for level in MachineLevel]


def test_every_event_is_documented_with_its_severity():
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([a-z]+) \|", PAGE, re.MULTILINE))
    assert rows == {
        str(event): SEVERITIES.get(name := event_level(event), name.lower())
        for event in SecurityEvent
    }
