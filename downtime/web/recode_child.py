"""The process that makes kept pages small while nothing else is to be done, for `job_worker`."""

from contextlib import closing, suppress
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home, load_settings
from downtime.entry.recode_scans import recode_scans
from downtime.processes.background import read_arguments, stand_back
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError


def main() -> None:
    """Make small what waits for it."""
    arguments = read_arguments()
    stand_back()
    home = Home(Path(arguments["home"]))
    vault = Vault(home, bytes.fromhex(arguments["key"]), system_clock)
    program = Actor("program", "The program itself", device.read_own_code(home))
    with closing(vault), suppress(ReadOnlyError):  # else they are made small another time
        recode_scans(vault, load_settings(home.config_file), program)


if __name__ == "__main__":
    main()
