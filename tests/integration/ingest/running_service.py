"""The sources of a home as a process of their own: `running_service.py HOME KEY SOURCES`.

Prints the name and port of each listener; runs until it gets SIGTERM, or is killed.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from types import MappingProxyType

from downtime.clock import system_clock
from downtime.config import Home
from downtime.ingest.run_sources import run_in_loop, run_sources
from downtime.ingest.sources.read_sources import read_sources
from downtime.settings import IngestSettings, Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

home, key, tables = sys.argv[1:]
settings = Settings(
    ingest=IngestSettings(
        sources=MappingProxyType(json.loads(tables)), retry_first_seconds=0.2, health_seconds=0.2
    )
)
vault = Vault(Home(Path(home)), bytes.fromhex(key), system_clock)


async def main() -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await run_sources(
        vault, settings, read_sources(settings), Actor("u-1", "Service", "laptop-1"), stopping,
        lambda name, port: sys.stdout.write(f"{name} {port}\n") and sys.stdout.flush(),
    )  # fmt: skip


run_in_loop(main())
