"""A program killed with SIGKILL while it takes a bundle leaves all of it or nothing."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from downtime.config import Home
from downtime.vault import audit
from downtime.vault.vault import Vault

FORMS = 400
TAKE = """
import sys
from pathlib import Path
from downtime.clock import system_clock
from downtime.config import Home
from downtime.settings import Settings
from downtime.handover.take import take
from downtime.vault.audit import Actor
from downtime.vault.vault import Vault

vault = Vault(Home(Path(sys.argv[1])), bytes.fromhex(sys.stdin.readline()), system_clock)
data = Path(sys.argv[2]).read_bytes()
vault.db
print("begins", flush=True)
sys.stdin.readline()
take(vault, Settings(), data, Actor("u", "Clerk", "RS"))
print("done", flush=True)
"""


def counted(vault: Vault) -> tuple[int, int, int]:
    """Forms of laptops, their moves, and bundles taken."""
    tables = ("form_issue WHERE origin <> ''", "form_move", "handed_over")
    return tuple(
        vault.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
    )


def begun(home: Path, bundle: Path, key: bytes, *, held: bool = False) -> subprocess.Popen:
    """A program that takes a bundle: at once, or, `held`, when its standard input is closed."""
    child = subprocess.Popen(
        [sys.executable, "-c", TAKE, home, bundle],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child.stdin.write(key.hex() + "\n")
    child.stdin.flush()
    assert child.stdout.readline() == "begins\n"
    if not held:
        child.stdin.close()
    return child


def test_nothing_is_half_merged(fleet, tmp_path):
    station, k7, _ = fleet
    for _ in range(FORMS):
        k7.issue()
    for number in k7.issued[:20]:
        k7.key(number)
    bundle = tmp_path / "k7.handover"
    bundle.write_bytes(k7.seal(station).data)
    station.vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copytree(station.home.path, tmp_path / "whole")
    before = time.monotonic()
    child = begun(tmp_path / "whole", bundle, station.data_key)
    assert child.wait() == 0
    whole = time.monotonic() - before
    outcomes = set()
    for share in (0, 0.01, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95):
        home = tmp_path / f"killed-{share}"
        shutil.copytree(station.home.path, home)
        child = begun(home, bundle, station.data_key)
        time.sleep(whole * share)
        child.send_signal(signal.SIGKILL)
        child.wait()
        vault = Vault(Home(home), station.data_key, station.clock)
        assert counted(vault) in ((0, 0, 0), (FORMS, 20, 1))
        assert audit.verify(vault.db).first_bad is None
        outcomes.add(counted(vault))
        station.vault, kept = vault, station.vault
        station.take(bundle.read_bytes())
        assert counted(vault)[:2] == (FORMS, 20)
        station.vault = kept
        vault.close()
    assert (0, 0, 0) in outcomes, f"no kill came in the middle of {whole:.2f} s"
