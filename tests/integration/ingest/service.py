"""Starts the service in a process of its own, and stops or kills it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.fork_server import Process

PROGRAM = Path(__file__).parent / "running_service.py"


class Service:
    """A running service; `ports` of its listeners by name."""

    def __init__(self, vault, tables: dict) -> None:
        self.process = Process(
            [sys.executable, PROGRAM, vault.home.path, vault.data_key.hex(), json.dumps(tables)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[3],
        )  # fmt: skip
        listeners = [name for name, table in tables.items() if table["kind"] == "mllp"]
        self.ports = {}
        for _ in listeners:
            words = self.process.stdout.readline().split()
            assert words, self.process.stderr.read()[-2000:]
            self.ports[words[0]] = int(words[1])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> str:
        """As systemd does; what it said on standard error."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, errors[-2000:]
        return errors


@contextmanager
def service(vault, **tables: dict) -> Iterator[Service]:
    """A service with these sources until the end of the block."""
    running = Service(vault, tables)
    try:
        yield running
    finally:
        if running.process.returncode is None:
            running.kill()
