"""Machines as `downtime status` shows them: documents for programs, lines for people."""

from typing import Any

from downtime.cli.session import pick
from downtime.clinical import display
from downtime.fleet.fleet_status import MachineStatus
from downtime.fleet.heartbeat import Heartbeat


def describe_machine(status: MachineStatus) -> dict[str, Any]:
    """A machine and what it last said of itself; null is unknown, empty is never."""
    heartbeat, oldest = status.heartbeat, status.health.oldest
    return {
        "code": status.machine.code,
        "name": status.machine.name,
        "roles": sorted(status.machine.roles),
        "wards": list(status.machine.wards),
        "level": status.health.level,
        "reasons": list(status.health.reasons),
        "oldest_seconds": None if oldest is None else int(oldest.total_seconds()),
        "systems": {age.system: age.newest for age in status.health.systems},
        **(_describe_heartbeat(heartbeat) if heartbeat else {"heard": ""}),
    }


def _describe_heartbeat(heartbeat: Heartbeat) -> dict[str, Any]:
    battery = heartbeat.condition.battery
    return {
        "heard": heartbeat.created,
        **pick(
            heartbeat,
            "version",
            "last_pull",
            "last_publish",
            "waiting",
            "fault",
            marks="high_water_marks",
        ),
        "snapshot": pick(heartbeat.state, "epoch", "sequence", "created"),
        "quarantine": heartbeat.state.quarantine,
        "disk_free_mb": heartbeat.condition.free_mb,
        "battery": pick(battery, "percent", "is_charging") if battery else None,
        "printer": heartbeat.condition.printer,
        "sources": [
            pick(source, "name", "kind", "state", "messages", "rejected", "last_message")
            for source in heartbeat.state.sources
        ],
    }


def word_machine(status: MachineStatus) -> str:
    """One line: code, name, level, and why it is not well."""
    oldest = status.health.oldest
    age = "" if oldest is None else f", data up to {display.format_duration(oldest)} old"
    reasons = f": {'; '.join(status.health.reasons)}" if status.health.reasons else ""
    machine = status.machine
    return f"{machine.code} {machine.name}: {status.health.level}{age}{reasons}"


def word_own(heartbeat: Heartbeat) -> str:
    """One line of this machine itself."""
    condition = heartbeat.condition
    battery = f"{condition.battery.percent}%" if condition.battery else "unknown"
    free = "unknown" if condition.free_mb is None else f"{condition.free_mb / 1000:.1f} GB"
    return (
        f"Downtime {heartbeat.version}, disk free {free}, battery {battery},"
        f" printer {condition.printer}, in quarantine {heartbeat.state.quarantine}"
    )
