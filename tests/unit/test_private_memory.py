"""A process that holds patients leaves no core file, and nobody of the same user looks into it."""

import subprocess
import sys

import pytest

from tests.contract import house

LOOK = """
import ctypes, resource, sys
from {module} import {name} as ask
{call}
print(*resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
LOCK = """
import resource
resource.setrlimit(resource.RLIMIT_MEMLOCK, ({limit}, {limit}))
from downtime.processes.private_memory import keep_memory_private
keep_memory_private()
large = bytearray(64 * 1024 * 1024)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmLck")))
"""


def run(text: str) -> list[str]:
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=house.ROOT, capture_output=True, check=True, text=True)
    return done.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        ("downtime.processes.private_memory", "keep_memory_private", "ask()"),
        ("downtime.cli", "main", "try: ask(['--version'])\nexcept SystemExit: pass\nsys.stdout.flush()"),
    ],
)  # fmt: skip
def test_it_leaves_no_core_file_and_cannot_be_looked_into(module, name, call):
    assert run(LOOK.format(module=module, name=name, call=call))[-3:] == ["0", "0", "0"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_a_small_limit_of_locked_memory_lets_nothing_fail():
    assert run(LOCK.format(limit=1 << 20)) == ["0"]
