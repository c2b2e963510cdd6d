"""What is missing or wrong on this machine, found without anybody signing in: what `downtime doctor` answers.

What needs a signed-in person (data, snapshot, vault, paper) is looked at by `check_readiness`.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import downtime
from downtime import config
from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import UserError
from downtime.fleet.known_time import describe_clock, read_known_time
from downtime.paper.readiness.machine_checks import check_disk, check_printer, check_printing
from downtime.paper.readiness.system_libraries import (
    describe_missing_libraries,
    list_broken_parts,
)
from downtime.pdf.text import FONT_FOLDER, FONTS
from downtime.settings import Settings
from downtime.vault import keys

OLDEST_PYTHON = (3, 11)
SWAP_FILE = Path("/proc/swaps")


class Severity(StrEnum):
    """How bad a finding is."""

    RIGHT = "right"
    WARNING = "warning"
    """It works now; somebody should see to it."""
    FAULT = "fault"
    """Something will not work."""


class MachineCheckKind(StrEnum):
    """What is looked at, in the order in which it is shown."""

    PYTHON = "python"
    LIBRARIES = "libraries"
    PARTS = "parts"
    FONTS = "fonts"
    PRINTING = "printing"
    CLOCK = "clock"
    TIME_ZONE = "time-zone"
    HOME = "home"
    PERMISSIONS = "permissions"
    DISK = "disk"
    PRINTER = "printer"
    MEMORY = "memory"


MACHINE_CHECK_TITLES = {
    MachineCheckKind.PYTHON: "Python",
    MachineCheckKind.LIBRARIES: "Libraries of the system",
    MachineCheckKind.PARTS: "Parts of the program",
    MachineCheckKind.FONTS: "Fonts",
    MachineCheckKind.PRINTING: "Drawing a page",
    MachineCheckKind.CLOCK: "Clock",
    MachineCheckKind.TIME_ZONE: "Time zone",
    MachineCheckKind.HOME: "Home",
    MachineCheckKind.PERMISSIONS: "Who can read the home",
    MachineCheckKind.DISK: "Disk",
    MachineCheckKind.PRINTER: "Print queue",
    MachineCheckKind.MEMORY: "Memory and swap",
}


class MachineFinding(NamedTuple):
    """What one look found; a warning or a fault says what to do next."""

    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """One line of the answer."""

    kind: MachineCheckKind
    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What is examined; `settings` are the defaults where the home has none that can be read."""

    home: Home
    settings: Settings
    clock: Clock
    settings_fault: str = ""

    @property
    def has_home(self) -> bool:
        """Whether there is a whole home."""
        return keys.home_exists(self.home)


def examine_machine(home: Home, clock: Clock) -> list[MachineCheck]:
    """Look at everything, in order; what breaks is a fault of its own, and the others go on."""
    machine = _read_machine(home, clock)
    return [MachineCheck(kind, *_look(look, machine)) for kind, look in _LOOKS.items()]


def find_worst(checks: list[MachineCheck]) -> Severity:
    """The worst of all findings."""
    order = list(Severity)
    return max((check.severity for check in checks), key=order.index, default=Severity.RIGHT)


def _read_machine(home: Home, clock: Clock) -> Machine:
    try:
        if home.config_file.is_file():
            return Machine(home, config.load_settings(home.config_file), clock)
    except UserError as error:
        return Machine(home, Settings(), clock, f"{error.sentence} {error.next_step}")
    except OSError:
        return Machine(home, Settings(), clock)
    return Machine(home, Settings(), clock)


def _look(look: Callable[[Machine], MachineFinding], machine: Machine) -> MachineFinding:
    try:
        return look(machine)
    except UserError as error:
        return _fault(f"{error.sentence} {error.next_step}")
    except PermissionError:
        return _fault(f"{machine.home.path} is somebody else's. Run this as the user who owns it.")
    except Exception as error:
        return _fault(
            f"It could not be looked at ({type(error).__name__}). Have the program installed anew."
        )


def _right(sentence: str) -> MachineFinding:
    return MachineFinding(Severity.RIGHT, sentence)


def _warning(sentence: str) -> MachineFinding:
    return MachineFinding(Severity.WARNING, sentence)


def _fault(sentence: str) -> MachineFinding:
    return MachineFinding(Severity.FAULT, sentence)


def _look_at_python(machine: Machine) -> MachineFinding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < OLDEST_PYTHON:
        return _fault(f"Python {version} is too old. Install Python 3.11 or newer.")
    return _right(f"{version}, Downtime {downtime.__version__}.")


def _look_at_libraries(machine: Machine) -> MachineFinding:
    missing = describe_missing_libraries()
    return _fault(missing) if missing else _right("All are there.")


def _look_at_parts(machine: Machine) -> MachineFinding:
    if broken := list(list_broken_parts()):
        return _fault(
            f"Cannot be loaded: {', '.join(broken)}. Have the program installed anew, made for this processor."
        )
    return _right("All can be loaded.")


def _look_at_fonts(machine: Machine) -> MachineFinding:
    missing = [name for name in FONTS if not _has_content(FONT_FOLDER / name)]
    if missing:
        return _fault(f"Missing: {', '.join(missing)}. Have the program installed anew.")
    return _right(f"{len(FONTS)} fonts are there.")


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _look_at_printing(machine: Machine) -> MachineFinding:
    if describe_missing_libraries():
        return _fault("No page can be drawn without the libraries that are missing above.")
    finding, fault = check_printing(machine.home if machine.has_home else None, machine.settings)
    return _fault(fault) if fault else _right(f"{finding}.")


def _look_at_clock(machine: Machine) -> MachineFinding:
    now, installed = machine.clock(), _find_installation_time()
    if now < installed - timedelta(days=1):
        return _fault(
            f"It shows {now:%Y-%m-%d %H:%M} UTC, before this program was installed. Set the clock, or connect"
            " the machine so that it sets itself."
        )
    known = read_known_time(machine.home, machine.settings, machine.clock)
    if fault := describe_clock(known, now, machine.settings):
        return _fault(fault)
    return _right(f"{now:%Y-%m-%d %H:%M} UTC.")


def _find_installation_time() -> datetime:
    return datetime.fromtimestamp(Path(downtime.__file__).stat().st_ctime, UTC)


def _look_at_time_zone(machine: Machine) -> MachineFinding:
    name = machine.settings.site.time_zone
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return _fault(
            f"'{name}' is not known here. Run 'apt-get install tzdata' as root, or correct site.time_zone."
        )
    return _right(f"{name}.")


def _look_at_home(machine: Machine) -> MachineFinding:
    if machine.settings_fault:
        return _fault(machine.settings_fault)
    if not machine.has_home and not keys.holds_data(machine.home):
        return _warning(
            f"There is none at {machine.home.path}. Run 'downtime init', or name the right folder with --home."
        )
    keys.check_home_exists(machine.home)
    return _right(f"{machine.home.path}, {machine.settings.site.name}.")


def _look_at_permissions(machine: Machine) -> MachineFinding:
    if not machine.has_home:
        return _right("There is no home yet.")
    if os.name != "posix":
        return _right("Not looked at on this system.")
    owner = machine.home.path.stat().st_uid
    if os.getuid() not in (owner, 0):
        return _fault(f"{machine.home.path} is somebody else's. Run this as the user who owns it.")
    if is_open := _find_readable(machine.home):
        return _fault(
            f"Others can read {is_open}. Run 'chmod -R go= {machine.home.path}' as its owner."
        )
    if foreign := _find_foreign(machine.home, owner):
        return _fault(
            f"{foreign} belongs to another user than the home, and a service may fail at it. Run"
            f" 'chown -R {owner} {machine.home.path}' as root."
        )
    return _right("Its owner alone.")


def _find_readable(home: Home) -> str:
    """The home, its keys or its vault, when others than the owner may read it; empty when none."""
    if not stat.S_IMODE(home.path.stat().st_mode) & 0o077:
        return ""
    secret = (home.path, home.keys_folder, home.vault_file)
    return next((str(p) for p in secret if p.exists() and p.stat().st_mode & 0o077), "")


def _find_foreign(home: Home, owner: int) -> str:
    names: Iterator[Path] = (home.path / name for name in sorted(os.listdir(home.path)))
    return next((str(path) for path in names if path.lstat().st_uid != owner), "")


def _look_at_disk(machine: Machine) -> MachineFinding:
    folder = machine.home.path
    while not folder.exists():
        folder = folder.parent
    finding, fault = check_disk(Home(folder), machine.settings)
    return _fault(fault) if fault else _right(f"{finding}.")


def _look_at_printer(machine: Machine) -> MachineFinding:
    finding, fault = check_printer(machine.settings)
    return _fault(fault) if fault else _right(f"{finding}.")


def _look_at_memory(machine: Machine) -> MachineFinding:
    if sys.platform != "linux":
        return _right("Not looked at on this system: see that its swap is encrypted.")
    import resource

    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        return _right("What is open stays in memory and is never swapped.")
    if not _has_swap():
        return _right("There is no swap, so nothing open can reach the disk.")
    return _warning(
        "What is open may be swapped to the disk. Encrypt the swap, or let the service lock its memory"
        " (LimitMEMLOCK=infinity)."
    )


def _has_swap() -> bool:
    return len(SWAP_FILE.read_text("ascii").splitlines()) > 1


_LOOKS: Mapping[MachineCheckKind, Callable[[Machine], MachineFinding]] = {
    MachineCheckKind.PYTHON: _look_at_python,
    MachineCheckKind.LIBRARIES: _look_at_libraries,
    MachineCheckKind.PARTS: _look_at_parts,
    MachineCheckKind.FONTS: _look_at_fonts,
    MachineCheckKind.PRINTING: _look_at_printing,
    MachineCheckKind.CLOCK: _look_at_clock,
    MachineCheckKind.TIME_ZONE: _look_at_time_zone,
    MachineCheckKind.HOME: _look_at_home,
    MachineCheckKind.PERMISSIONS: _look_at_permissions,
    MachineCheckKind.DISK: _look_at_disk,
    MachineCheckKind.PRINTER: _look_at_printer,
    MachineCheckKind.MEMORY: _look_at_memory,
}
