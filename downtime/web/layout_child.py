"""The process that lays forms out ahead of the first print, for `job_worker`; no other module imports it."""

from contextlib import closing, suppress
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home, load_settings
from downtime.paper.packs.prepare_layouts import prepare_layouts
from downtime.processes.background import read_arguments, stand_back
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError


def main() -> None:
    """Lay out and keep what was never printed here."""
    arguments = read_arguments()
    stand_back()
    home = Home(Path(arguments["home"]))
    vault = Vault(home, bytes.fromhex(arguments["key"]), system_clock)
    with closing(vault), suppress(ReadOnlyError):  # else they are laid out when they are printed
        for _ in prepare_layouts(vault, load_settings(home.config_file)):
            pass


if __name__ == "__main__":
    main()
