"""A nurse's pages while others hold the server: 100 idle, 100 slow and 40 strangers signing in, in turn.

One nurse opens the pages of a ward one after another; 99 of 100 come as fast as this. The same is measured
without anybody else before and after, in the same run, and each attack is set beside it. The attackers
run in a process of their own on the same machine, and begin anew whenever the server closes them.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from _clerk import Clerk
from _records import PASSWORD, WHO, now, served

from downtime.accounts import people
from downtime.accounts.homes import create_home, open_with_file
from downtime.config import Home, load_settings
from downtime.demo.feeds import write_feeds
from downtime.demo.settings import settings_text
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.snapshot import local_snapshots

ATTACKS = {
    "idle": "100 idle connections",
    "slow-header": "100 clients that send their header slowly",
    "slow-body": "100 clients that send their body slowly",
    "strangers": "40 strangers signing in",
}
GOAL_RATIO = 3.0
SECONDS = 14
PAUSE_SECONDS = 0.02
WARM_UP_SECONDS = 3


def figures() -> list[dict[str, Any]]:
    """The p99 of a nurse's pages under each attack, beside the same without."""
    with tempfile.TemporaryDirectory() as name, _ward(Path(name)) as (nurse, paths):
        _open_pages(nurse, paths, WARM_UP_SECONDS)
        alone = _open_pages(nurse, paths, SECONDS / 2)
        attacked = {}
        for kind in ATTACKS:
            with _attacking(kind, nurse.port):
                attacked[kind] = _open_pages(nurse, paths, SECONDS)
        alone += _open_pages(nurse, paths, SECONDS / 2)
    return [_figure(ATTACKS[kind], taken, alone) for kind, taken in attacked.items()]


@contextmanager
def _ward(folder: Path) -> Iterator[tuple[Clerk, list[str]]]:
    """A laptop with the small hospital, the real cost of a password, and a nurse who is signed in."""
    home, unlock_file = Home(folder / "home"), folder / "unlock"
    write_feeds(folder / "feeds", "small", 7, "before", now())
    create_home(home, now, device_code="K7", unlock_file=unlock_file,
                settings_text=settings_text("small"), password=PASSWORD)  # fmt: skip
    settings = load_settings(home.config_file)
    with closing(open_with_file(home, settings, now, unlock_file).vault) as vault:
        built = publish_snapshot(vault, settings, [folder / "feeds"], folder / "out", WHO)
        receive_snapshot(vault, settings, built.bundle, WHO)
        with closing(local_snapshots.open_current_snapshot(vault)) as snapshot:
            ward = snapshot.list_wards()[0].code
            patients = [row.patient.id for row in snapshot.list_inpatients()][:4]
        secret = people.create_person(
            vault, settings, "nurse", "Nia Nurse", "ward", PASSWORD, WHO, "bench", initial=False
        ).totp_secret
    with served(home) as (port, _):
        nurse = Clerk(port, "nurse", PASSWORD, secret)
        nurse.sign_in()
        paths = ["/beds", f"/beds/ward?ward={ward}", *(f"/patients/{p}" for p in patients)]
        yield nurse, [*paths, f"/tests?ward={ward}"]


def _open_pages(nurse: Clerk, paths: list[str], seconds: float) -> list[float]:
    """Milliseconds of each page, one after another for so long."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        status, _, _ = nurse.get(paths[len(taken) % len(paths)])
        taken.append((time.perf_counter() - started) * 1000)
        if status != 200:
            raise RuntimeError(f"a page was answered with {status}")
        time.sleep(PAUSE_SECONDS)
    return taken


@contextmanager
def _attacking(kind: str, port: int) -> Iterator[None]:
    """The clients of one attack, there and at work."""
    script = Path(__file__).with_name("_flooder.py")
    attackers = subprocess.Popen(
        [sys.executable, str(script), kind, str(port)], stdout=subprocess.PIPE, text=True
    )
    try:
        if not attackers.stdout or attackers.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{kind}: the attackers did not come")
        yield
    finally:
        attackers.kill()
        attackers.wait()


def _figure(name: str, taken: list[float], alone: list[float]) -> dict[str, Any]:
    ratio = _p99(taken) / _p99(alone)
    return {"name": f"a nurse's pages beside {name}, 99 of 100", "value": round(ratio, 2),
            "unit": "times", "compared_with": f"{_p99(taken):.0f} ms of {len(taken):,} pages;"
            f" alone {_p99(alone):.0f} ms of {len(alone):,}",
            "goal": f"<= {GOAL_RATIO:.0f} times", "ok": ratio <= GOAL_RATIO}  # fmt: skip


def _p99(taken: list[float]) -> float:
    return sorted(taken)[len(taken) * 99 // 100]
