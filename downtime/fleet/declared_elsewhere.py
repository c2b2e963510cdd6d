"""Systems that are declared down on other machines, and not on this publisher: a person has to decide here.

What such a system sends still counts as new here. A heartbeat alone stops no import: its key lies in clear
on every laptop, and whoever stole one could let all data grow old.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import orjson

from downtime.config import Home
from downtime.fleet.heartbeat_exchange import find_heard, read_heartbeat
from downtime.security_events import SecurityEvent, report_event
from downtime.settings import Settings
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.machines import list_machines, read_own_machine
from downtime.vault.model import MachineRole

_FILE = "declared.json"


def note_declared(home: Home, settings: Settings, now: datetime) -> None:
    """Keep what the other machines last said, on a publisher; one that is silent says nothing any more."""
    this_machine, *others = list_machines(home)
    if MachineRole.PUBLISHER not in this_machine.roles:
        return
    limit = timedelta(minutes=settings.monitoring.silent_minutes)
    declared: dict[str, list[str]] = {}
    for machine in others:
        heartbeat = read_heartbeat(home, machine)
        if heartbeat and find_heard(heartbeat, now) <= limit:
            for system in heartbeat.state.down:
                declared.setdefault(system, []).append(machine.code)
    before = read_declared(home)
    if declared != before:
        make_private_folder(home.runs_folder)
        write_atomic(home.runs_folder / _FILE, orjson.dumps(declared))
    for system in sorted(declared.keys() - before.keys()):
        report_event(SecurityEvent.DECLARED_ELSEWHERE, system=system)


def read_declared(home: Home) -> Mapping[str, list[str]]:
    """Each system that other machines have declared down, with their codes; works while locked."""
    declared: dict[str, list[str]] = {}
    with suppress(OSError, ValueError, AttributeError):
        document = orjson.loads((home.runs_folder / _FILE).read_bytes())
        declared = {str(system): list(map(str, codes)) for system, codes in document.items()}
    # Every page asks, and hardly ever is there anything: the list of machines is read for what there is.
    is_publisher = declared and MachineRole.PUBLISHER in read_own_machine(home).roles
    return declared if is_publisher else {}


def list_alarms(home: Home, down: Collection[str]) -> Iterator[str]:
    """A sentence for each that is not `down` here."""
    for system, codes in read_declared(home).items():
        if system not in down:
            yield (
                f"{system} is declared down on {_word_machines(codes)} and not on this publisher: what it"
                " sends still counts as new. If it is down, declare it here as well: page Outages, or"
                f" 'downtime outage declare {system} --reason …'."
            )


def _word_machines(codes: Collection[str]) -> str:
    shown = ", ".join(sorted(codes)[:5])
    return f"{shown} and {len(codes) - 5} more" if len(codes) > 5 else shown
