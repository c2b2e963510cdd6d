"""How the machine itself does: space on its disk, its battery, its print queue.

What the system does not tell is unknown, and is shown so: nothing is guessed.
"""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from downtime.config import Home
from downtime.processes.program import ProgramError, run_program
from downtime.settings import Settings

POWER_FOLDER = Path("/sys/class/power_supply")
_MEGABYTE = 1_000_000


class PrinterState(StrEnum):
    """What the print queue of this machine says."""

    READY = "ready"
    STOPPED = "stopped"
    NONE = "none"
    """No queue is set: pages go to the screen or into a folder."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Battery:
    """Its charge in percent, and whether mains power comes."""

    percent: int
    is_charging: bool


@dataclass(frozen=True, slots=True)
class DeviceCondition:
    """None is unknown; a machine without a battery has none to say."""

    free_mb: int | None = None
    battery: Battery | None = None
    printer: PrinterState = PrinterState.UNKNOWN


def read_condition(home: Home, printer: PrinterState) -> DeviceCondition:
    """Ask the system now; works while locked, and never fails. `printer` is what its queue last said."""
    return DeviceCondition(_read_free_space(home), read_battery(POWER_FOLDER), printer)


def _read_free_space(home: Home) -> int | None:
    try:
        return shutil.disk_usage(home.path).free // _MEGABYTE
    except OSError:
        return None


def read_battery(folder: Path) -> Battery | None:
    """The first battery that Linux shows; None when there is none, or on another system."""
    try:
        supplies = sorted(folder.iterdir())
    except OSError:
        return None
    for supply in supplies:
        if _read_line(supply / "type") == "Battery" and _read_line(supply / "capacity").isdigit():
            percent = min(100, int(_read_line(supply / "capacity")))
            return Battery(percent, _read_line(supply / "status") != "Discharging")
    return None


def _read_line(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def ask_printer(settings: Settings) -> PrinterState:
    """Ask its queue: a program is started, so no page does this."""
    queue = settings.printing.queue
    if not queue:
        return PrinterState.NONE
    try:
        answer = run_program(
            ["/usr/bin/env", "LC_ALL=C", "lpstat", "-p", queue],
            b"",
            settings.monitoring.printer_seconds,
        )
    except (ProgramError, OSError, TimeoutError):
        return PrinterState.UNKNOWN
    return parse_printer_state(answer.decode("utf-8", "replace"))


def parse_printer_state(answer: str) -> PrinterState:
    """What `lpstat -p` says: `printer NAME is idle.`, `now printing …`, or `disabled since …`."""
    first_line = answer.partition("\n")[0]
    if " disabled " in first_line:
        return PrinterState.STOPPED
    is_ready = " is idle" in first_line or " now printing " in first_line
    return PrinterState.READY if is_ready else PrinterState.UNKNOWN
