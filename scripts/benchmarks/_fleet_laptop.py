"""Many laptops in one process, each with a home of its own, that pull from one bucket by the real code.

Started by `fleet.py` with a JSON document on standard input: homes, settings, threads. Writes what
became of each.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from downtime.config import Home
from downtime.fleet.pull_snapshot import pull_snapshot
from downtime.fleet_settings import FleetSettings
from downtime.settings import Settings
from downtime.transport.pace import Pace


def main() -> None:
    order = json.load(sys.stdin)
    settings = Settings(fleet=FleetSettings(places=MappingProxyType(order["places"])))
    started = time.monotonic()

    def pull(path: str) -> dict:
        state = pull_snapshot(Home(Path(path)), settings, lambda: datetime.now(UTC), Pace())
        place = state.places["bucket"]
        return {
            "sequence": state.sequence,
            "fault": state.fault or place.fault,
            "seconds": time.monotonic() - started,
            "requests": place.requests,
        }

    with ThreadPoolExecutor(order["threads"]) as threads:
        results = list(threads.map(pull, order["homes"]))
    json.dump({"laptops": results, "cpu_seconds": time.process_time()}, sys.stdout)


if __name__ == "__main__":
    main()
