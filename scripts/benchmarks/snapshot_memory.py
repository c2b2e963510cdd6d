"""Memory of publishing and opening a hospital ten times as large as the large demonstration one.

Its packed state is that of the large one, taken ten times with other numbers of people and records:
what is measured begins where a build cuts what has changed. Each step is a process of its own.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import sqlite_utils

from downtime.accounts.homes import create_home, open_with_file
from downtime.config import Home, load_settings
from downtime.demo.feeds import write_feeds
from downtime.demo.settings import settings_text
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.settings import Settings
from downtime.snapshot.build_snapshot import build_snapshot
from downtime.snapshot.bundle import SUFFIX
from downtime.snapshot.cut_cells import EVERY_SCOPE
from downtime.snapshot.payload import PackedRows
from downtime.snapshot.state_files import open_state
from downtime.snapshot.store import cell_tables
from downtime.snapshot.store.cell_tables import PackedCell
from downtime.vault.database import transaction
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
SIZE, SEED, TIMES = "large", 7, 10
GOAL_MB = 300
_PARTS_AT_ONCE = 2_000
_NUMBERS = re.compile(
    rb"(?<![0-9A-Za-z])([hHp]|patientp|999)(?=\d{6,7}(?![0-9A-Za-z]))"
    rb'|(?<=")[0-9a-f](?=[0-9a-f]{15}")'
)
"""What stands before the digits of a number of a person; the first digit of the id of a record."""
_SPAN = 10_000_000
"""Above the number of every part."""
_CHANGED = 100
"""Of so many parts one changes."""
_LATER = {b'"final"': b'"amended"', b'"booked"': b'"cancelled"', b'"active"': b'"stopped"'}


def figures() -> list[dict[str, Any]]:
    """Peak memory of each step, in megabytes."""
    with tempfile.TemporaryDirectory() as name:
        return list(_figures(Path(name)))


def _figures(folder: Path) -> Iterator[dict[str, Any]]:
    for step in _STEPS:
        command = [sys.executable, __file__, step, str(folder)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        if step != "make":
            measured = json.loads(done.stdout)
            yield {
                "name": f"memory to {step}, {TIMES} times the large hospital",
                "value": measured["megabytes"],
                "unit": "MB",
                "compared_with": measured["detail"],
                "goal": f"≤ {GOAL_MB} MB",
                "ok": measured["megabytes"] <= GOAL_MB,
            }


def _make(vault: Vault, settings: Settings, actor: Actor) -> str:
    """The packed state of the large hospital, ten times."""
    build_snapshot(vault, settings, [vault.home.path.parent / "feeds"], actor)
    with open_state(vault, vault.home.state_file) as db:
        sql = "SELECT rowid, wards, lines FROM part WHERE wards <> ?"
        parts = db.conn.execute(sql, (EVERY_SCOPE,)).fetchall()
        for copy in range(1, TIMES):
            _replace(db, ((copy * _SPAN + n, w, _renumber(lines, copy)) for n, w, lines in parts))
    return ""


def _renumber(lines: bytes, copy: int) -> bytes:
    letter = b"ghijklmnopq"[copy : copy + 1]  # no digit of the ids that there are
    return _NUMBERS.sub(lambda found: found[1] + b"%d" % copy if found[1] else letter, lines)


def _replace(db: sqlite_utils.Database, parts: Iterable[tuple[int, str, bytes]]) -> None:
    """Put cells of one part each into the state."""
    build, waiting = cell_tables.get_build(db), iter(parts)
    while batch := list(islice(waiting, _PARTS_AT_ONCE)):
        with transaction(db):
            cells = [PackedCell(n, (n,), parts={wards: _pack(x)}) for n, wards, x in batch]
            cell_tables.replace_cells(db, cells, build)


def _pack(lines: bytes) -> PackedRows:
    listed = (orjson.loads(line) for line in lines.splitlines())
    return PackedRows.pack((name, rows) for name, *rows in listed)


def _publish(vault: Vault, settings: Settings, actor: Actor) -> str:
    published = publish_snapshot(vault, settings, [], vault.home.outbox_folder, actor)
    records, full = sum(published.header.counts.values()), published.built.full()
    delta = published.built.delta()
    return f"{records:,} records, bundle of {full.size / 1e6:.0f} MB" + (
        f", delta of {delta.size / 1e3:,.0f} KB" if delta else ""
    )


def _publish_change(vault: Vault, settings: Settings, actor: Actor) -> str:
    """Publish after a hundredth of the people have changed."""
    with open_state(vault, vault.home.state_file) as db:
        sql = "SELECT cell, wards, lines FROM part WHERE cell > ? AND cell % ? = 0"
        parts = db.conn.execute(sql, (_SPAN, _CHANGED)).fetchall()
        with transaction(db):
            cell_tables.begin_build(db)
        _replace(db, ((n, wards, _alter(lines)) for n, wards, lines in parts))
    return _publish(vault, settings, actor)


def _alter(lines: bytes) -> bytes:
    for before, after in _LATER.items():
        lines = lines.replace(before, after)
    return lines


def _load(vault: Vault, settings: Settings, actor: Actor) -> str:
    """Verify the newest file of the outbox and put it in use."""
    files = vault.home.outbox_folder.glob(f"*{SUFFIX}")
    newest = max(files, key=lambda path: ("-after-" in path.name, path.stat().st_mtime_ns))
    info = receive_snapshot(vault, settings, newest, actor).require_info()
    path = vault.home.snapshots_folder / f"{info.id}.db"
    return f"database of {path.stat().st_size / 1e6:,.0f} MB"


_STEPS: dict[str, Callable[[Vault, Settings, Actor], str]] = {
    "make": _make,
    "publish": _publish,
    "load": _load,
    "publish a change": _publish_change,
    "load its delta": _load,
}


def _run(step: str, folder: Path) -> None:
    home, unlock_file = Home(folder / "home"), folder / "unlock"
    if step == "make":
        write_feeds(folder / "feeds", SIZE, SEED, "before", NOW)
        text = settings_text(SIZE)
        create_home(home, lambda: NOW, unlock_file=unlock_file, settings_text=text)
    settings = load_settings(home.config_file)
    signed_in = open_with_file(home, settings, lambda: NOW, unlock_file)
    with closing(signed_in.vault) as vault:
        detail = _STEPS[step](vault, settings, signed_in.actor)
    print(json.dumps({"megabytes": _read_peak(), "detail": detail}))


def _read_peak() -> int:
    """Megabytes; of this program alone, where `getrusage` also counts the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    _run(sys.argv[1], Path(sys.argv[2]))
