"""Messages a second that a listener keeps and acknowledges, from twenty senders; and how long they wait.

The listener and the senders are processes of their own; each sender waits for its answer before it
sends the next. Beside it twenty threads take turns to write the same messages into a file and wait
for the disk after each: nothing that acknowledges one by one can do better.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _mllp_senders import message

from downtime.clock import system_clock
from downtime.config import Home
from downtime.vault import schema
from downtime.vault.vault import Vault

ROOT = Path(__file__).parents[2]
SENDERS = 20
MESSAGES = 20_000
DISK_MESSAGES = 8_000
FLUSHES = 2_000
MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one


def figures() -> list[dict[str, Any]]:
    """The rate in memory, and rate and wait on the disk beside a flush for each message."""
    rows = []
    if MEMORY.is_dir():
        listened = _listen(MEMORY, MESSAGES)
        rows.append(_figure("acknowledged, file system in memory", listened["rate"], 5_000,
                            f"median {listened['median']:.1f} ms, 99 of 100 {listened['p99']:.1f} ms"))  # fmt: skip
    disk = Path(os.environ.get("BENCH_DISK", tempfile.gettempdir()))
    bare, listened = _flush_each(disk), _listen(disk, DISK_MESSAGES)
    rows.append(_figure("acknowledged, disk", listened["rate"], 5 * bare["rate"],
                        f"a flush for each message {bare['rate']:,.0f}"))  # fmt: skip
    rows.append({
        "name": "answer on the disk, 99 of 100 within", "value": round(listened["p99"], 1), "unit": "ms",
        "compared_with": f"a flush for each message {bare['p99']:.1f}",
        "goal": f"≤ {4 * bare['p99']:.1f} (4×)", "ok": listened["p99"] <= 4 * bare["p99"],
    })  # fmt: skip
    return rows


def _figure(name: str, rate: float, goal: float, compared_with: str) -> dict[str, Any]:
    return {
        "name": f"messages {name}, {SENDERS} senders", "value": round(rate), "unit": "a second",
        "compared_with": compared_with, "goal": f"≥ {goal:,.0f}", "ok": rate >= goal,
    }  # fmt: skip


def _listen(folder: Path, count: int) -> dict[str, float]:
    """The best of two runs."""
    runs = [_listen_once(folder, count) for _ in range(2)]
    return max(runs, key=lambda run: run["rate"])


def _listen_once(folder: Path, count: int) -> dict[str, float]:
    with _listener(folder) as port:
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("_mllp_senders.py"),
             str(port), str(SENDERS), str(count)],
            capture_output=True, check=True, text=True,
        )  # fmt: skip
    result: dict[str, float] = json.loads(done.stdout)
    if result["taken"] != count:
        raise RuntimeError(f"{count - result['taken']} of {count} messages were not acknowledged")
    return result


@contextmanager
def _listener(folder: Path) -> Iterator[int]:
    """A listener in a process of its own with a new home: its port."""
    place = Path(tempfile.mkdtemp(dir=folder, prefix="downtime-bench-"))
    key = os.urandom(32)
    try:
        for part in ("keys", "bundles", "snapshots"):
            (place / part).mkdir()
        vault = Vault(Home(place), key, system_clock)
        schema.create_schema(vault.db, system_clock)
        vault.close()
        program = ROOT / "tests/integration/ingest/running_service.py"
        process = subprocess.Popen(
            [sys.executable, program, place, key.hex(), '{"bench": {"kind": "mllp", "port": 0}}'],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        try:
            yield int(process.stdout.readline().split()[1])
        finally:
            process.terminate()
            process.communicate()
    finally:
        shutil.rmtree(place)


def _flush_each(folder: Path) -> dict[str, float]:
    """Twenty threads, one flush a message: rate, and milliseconds that 99 of 100 took."""
    lock, waits = threading.Lock(), []
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0) as file:

        def write(name: int) -> None:
            for number in range(FLUSHES // SENDERS):
                content, started = message(name * FLUSHES + number), time.perf_counter()
                with lock:
                    file.write(content)
                    os.fdatasync(file.fileno())
                waits.append((time.perf_counter() - started) * 1000)

        started = time.perf_counter()
        threads = [threading.Thread(target=write, args=(name,)) for name in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
    return {"rate": len(waits) / seconds, "p99": sorted(waits)[len(waits) * 99 // 100]}
