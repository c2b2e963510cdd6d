"""A bundle that is merged by a process which does not live to the end, and what its home holds then."""

import subprocess
import sys
from pathlib import Path

from downtime.config import Home
from downtime.sync.merge_bundle import merge_bundle
from downtime.vault import audit
from downtime.vault.vault import Vault
from tests.integration.fork_server import Process

from .fleet import SETTINGS, Machine

MERGE = """
import sys
from pathlib import Path
from downtime.clock import system_clock
from downtime.config import Home
from downtime.settings import Settings
from downtime.sync.merge_bundle import merge_bundle
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

vault = Vault(Home(Path(sys.argv[1])), bytes.fromhex(sys.stdin.readline()), system_clock)
data = Path(sys.argv[2]).read_bytes()
vault.db
print("begins", flush=True)
sys.stdin.readline()
merge_bundle(vault, Settings(), data, Actor("u", "Clerk", "RS"))
print("done", flush=True)
"""


def count_rows(vault: Vault) -> tuple[int, int, int]:
    """Forms of laptops, their moves, and merged bundles."""
    tables = ("form_issue WHERE origin <> ''", "form_move", "handed_over")
    return tuple(
        vault.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
    )


def start_merge(home: Path, bundle: Path, key: bytes, *, held: bool = False) -> Process:
    """A program that merges a bundle: at once, or, `held`, when its standard input is closed."""
    child = Process(
        [sys.executable, "-c", MERGE, home, bundle],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child.stdin.write(key.hex() + "\n")
    child.stdin.flush()
    assert child.stdout.readline() == "begins\n"
    if not held:
        child.stdin.close()
    return child


def export_bundle_file(station: Machine, laptop: Machine, forms: int, folder: Path) -> Path:
    """A laptop's bundle of so many forms, 20 of them keyed; the station's own log is put away."""
    for _ in range(forms):
        laptop.issue()
    for number in laptop.issued[:20]:
        laptop.key(number)
    bundle = folder / "k7.sync"
    bundle.write_bytes(laptop.export(station).data)
    station.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return bundle


def read_outcome(station: Machine, home: Path, bundle: Path, forms: int) -> tuple[int, int, int]:
    """What such a home holds, as counted; its chain is whole and the bundle can be merged again."""
    vault = Vault(Home(home), station.data_key, station.clock)
    outcome = count_rows(vault)
    assert audit.verify_chain(vault.db).first_bad is None
    merge_bundle(vault, SETTINGS, bundle.read_bytes(), station.clerk, "again")
    assert count_rows(vault)[:2] == (forms, 20)
    vault.close()
    return outcome
