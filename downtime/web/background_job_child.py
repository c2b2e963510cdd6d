"""The process that does one job for `background_job`; no other module imports it."""

from contextlib import closing
from pathlib import Path

from downtime.clock import system_clock
from downtime.config import Home, load_settings
from downtime.processes.background import give_way, read_arguments
from downtime.vault import jobs
from downtime.vault.vault import Vault
from downtime.web.run_job import run_job


def main() -> None:
    """Do the job; end at once when whoever asked for it is gone."""
    arguments = read_arguments()
    give_way()
    home = Home(Path(arguments["home"]))
    with closing(Vault(home, bytes.fromhex(arguments["key"]), system_clock)) as vault:
        run_job(vault, load_settings(home.config_file), jobs.get_job(vault, arguments["job"]))


if __name__ == "__main__":
    main()
