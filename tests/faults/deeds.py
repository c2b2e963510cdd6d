"""What machines do while something breaks; each says what it has done only once it is done."""

import shutil
from collections.abc import Callable

from downtime.config import Home
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.fleet.pull_snapshot import Opener, open_waiting, pull_snapshot
from downtime.sync.bundle import SUFFIX as EXPORTED
from downtime.sync.export_bundle import write_bundle
from downtime.transport.pace import Pace
from downtime.vault.back_up_home import SUFFIX as BACKUP
from downtime.vault.back_up_home import back_up_home
from downtime.vault.restore_home import restore_home
from tests.faults.hospital import WHY, Hospital

Acknowledge = Callable[[str], None]


def publish(hospital: Hospital, say: Acknowledge) -> None:
    """Build a snapshot of this turn and carry it to the share."""
    with hospital.open("PB") as vault:
        state = publish_everywhere(
            vault, hospital.settings, hospital.actor("PB"), Pace(),
            paths=[hospital.folder / "adt.hl7"], down={},
        )  # fmt: skip
    faults = [state.fault, *(place.fault for place in state.places.values())]
    if any(faults):
        raise OSError(" ".join(faults))
    say(f"published {state.sequence}")


def pull(hospital: Hospital, say: Acknowledge) -> None:
    """Fetch what is newer, locked."""
    home = hospital.machines["WD"].home
    state = pull_snapshot(home, hospital.settings, hospital.clock, Pace())
    if state.fault:
        raise OSError(state.fault)
    say(f"fetched {state.sequence}")


def open_fetched(hospital: Hospital, say: Acknowledge) -> None:
    """Put in use what was fetched."""
    with hospital.open("WD") as vault:
        state = open_waiting(hospital.settings, Opener(vault, hospital.actor("WD"), {}))
    if state.fault:
        raise OSError(state.fault)
    say(f"opened {state.sequence}")


def sync(hospital: Hospital, say: Acknowledge) -> None:
    """Issue and key a form at the laptop, hand it over, merge it at the station."""
    laptop, station = hospital.machines["WD"], hospital.machines["RS"]
    with hospital.open("WD"):
        serial = laptop.issue()
        say(f"issued {serial}")
        laptop.key(serial)
        say(f"keyed {serial}")
        path = write_bundle(laptop.export(station), hospital.folder / "exchange")
    with hospital.open("RS"):
        station.merge(path.read_bytes())
        say(f"merged {serial}")
    for older in path.parent.glob(f"*{EXPORTED}"):
        older.unlink()


def back_up(hospital: Hospital, say: Acknowledge) -> None:
    """Back the laptop up."""
    with hospital.open("WD") as vault:
        recipient = str(hospital.recovery.to_public())
        made = back_up_home(
            vault, hospital.folder / "backups", hospital.actor("WD"), WHY, recipient
        )
    say(f"backed-up {made.path.name}")
    for older in sorted(made.path.parent.glob(f"*{BACKUP}"))[:-2]:
        older.unlink()


def restore(hospital: Hospital, say: Acknowledge) -> None:
    """Put the newest backup back beside the home."""
    newest = max((hospital.folder / "backups").glob(f"*{BACKUP}"))
    shutil.rmtree(hospital.folder / "restored", ignore_errors=True)
    restore_home(newest, Home(hospital.folder / "restored"), hospital.recovery)
    say(f"restored {newest.name}")


DEEDS = {
    "build and publish": publish,
    "pull": pull,
    "open": open_fetched,
    "sync": sync,
    "backup": back_up,
    "restore": restore,
}
