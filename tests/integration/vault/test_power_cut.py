"""The power fails while many write at once: what was acknowledged is there, and the chain whole."""

import os
import subprocess
import sys
import threading
import time

import pytest

from downtime.clock import system_clock
from downtime.config import Home
from downtime.vault import audit, schema
from downtime.vault.vault import Vault
from tests.conftest import new_home
from tests.integration.fork_server import Process

WRITERS = """
import sys, threading, time
from pathlib import Path
from downtime.clock import system_clock
from downtime.config import Home
from downtime.vault import database
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

key = bytes.fromhex(sys.stdin.readline())
if sys.argv[2] == "careless":
    database.SYNCHRONOUS = "NORMAL"
if sys.argv[2] == "often":  # the log goes into the database, and begins again, all the time
    database.LOG_PAGES = 60
vault = Vault(Home(Path(sys.argv[1])), key, system_clock)
said = threading.Lock()

def write(name):
    number = 0
    while True:
        number += 1
        with vault.change(Actor("u", "Clerk", "K7"), "test.write", target=f"{sys.argv[3]}-{name}-{number}"):
            pass
        with said:
            print(f"{sys.argv[3]}-{name}-{number}", flush=True)

def tidy():
    while sys.argv[2] == "often":
        time.sleep(0.03)
        database.checkpoint_log(vault.db)

for name in range(8):
    threading.Thread(target=write, args=(name,)).start()
tidy()
"""


@pytest.fixture
def key():
    return os.urandom(32)


def _home(disk, key) -> Home:
    home = new_home(disk.folder / "home")
    vault = Vault(home, key, system_clock)
    schema.create_schema(vault.db, system_clock)
    vault.close()
    os.sync()  # the home itself is older than the test
    return home


def _written_until_cut(disk, home, key, seconds: float, how: str) -> list[str]:
    """What the writers were told was kept, until the power failed."""
    child = Process(
        [sys.executable, "-c", WRITERS, home.path, how, str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    child.stdin.write(key.hex() + "\n")
    child.stdin.close()
    said = [child.stdout.readline().strip()]
    reader = threading.Thread(target=lambda: said.extend(line.strip() for line in child.stdout))
    reader.start()
    time.sleep(seconds)
    told = list(said)  # what is said from here on nobody hears: the machine is off
    disk.cut()
    child.kill()
    child.wait()
    reader.join()
    disk.restart()
    return told


def _kept(home, key) -> set[str]:
    vault = Vault(home, key, system_clock)
    assert audit.verify_chain(vault.db).first_bad is None
    assert vault.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    found = {row[0] for row in vault.db.execute("SELECT target FROM audit")}
    vault.close()
    return found


@pytest.mark.parametrize("how", ["seldom", "often"])
def test_what_was_acknowledged_is_there_after_a_power_cut(disk, key, how):
    home = _home(disk, key)
    for seconds in (0.05, 0.3, 0.8):
        said = _written_until_cut(disk, home, key, seconds, how)
        assert set(said) - _kept(home, key) == set(), f"cut after {seconds} s"


def test_without_waiting_for_the_disk_acknowledged_writes_are_lost(disk, key):
    home = _home(disk, key)
    said = _written_until_cut(disk, home, key, 0.3, "careless")
    assert set(said) - _kept(home, key)
