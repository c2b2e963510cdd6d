"""500 laptops pull from one bucket at once.

Every laptop has a home of its own and fetches and verifies with the real code while it is locked;
opening is measured by `snapshot`. All run on this machine, beside the S3 server (moto).
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session

from downtime.clock import to_text
from downtime.config import Home
from downtime.fleet.carry_outbox import carry_outbox
from downtime.fleet.outbox import put_in_outbox
from downtime.fleet.places import S3Place
from downtime.fleet.run_state import PlaceState
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.payload import write_payload
from downtime.snapshot.row_layout import COLUMNS
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace
from downtime.vault import device, schema
from downtime.vault.vault import Vault

LAPTOPS = 500
GOAL_SECONDS = 60
FULL_BYTES, DELTA_BYTES = 15_300_000, 280_000
"""Of the large hospital: a full bundle, and the delta when 1% of its rows have changed."""
WARDS = 40
THREADS = 8
NOW = datetime.now(UTC)


def figures() -> list[dict[str, Any]]:
    """How soon all are new, and that the publisher does not care how many they are."""
    with tempfile.TemporaryDirectory() as name, _bucket(Path(name)) as place:
        return list(_figures(Path(name), place))


def _figures(folder: Path, place: S3Place) -> Iterator[dict[str, Any]]:
    publisher = Publisher(folder / "publisher", place)
    laptops = [_copy_laptop(publisher, folder / f"laptop-{n}") for n in range(LAPTOPS)]
    publisher.publish(1, FULL_BYTES)
    _let_know(laptops, 1)
    before = publisher.publish(2, FULL_BYTES, DELTA_BYTES)
    started = time.monotonic()
    changed = _pull(place, laptops, 2)
    seconds = time.monotonic() - started
    fresh = sum(row["sequence"] == 2 for row in changed["laptops"])
    explained = sum(bool(row["fault"]) for row in changed["laptops"])
    yield _figure(
        f"{LAPTOPS} laptops pull a delta of {DELTA_BYTES // 1000} KB at once: the last is new after",
        seconds, "s", f"{fresh} new, {explained} with a reason", f"≤ {GOAL_SECONDS} s, all",
        ok=seconds <= GOAL_SECONDS and fresh + explained == LAPTOPS,
    )  # fmt: skip
    yield _figure(
        "  of which the laptops' own work, each", changed["cpu_seconds"] / LAPTOPS * 1000, "CPU-ms"
    )
    after = publisher.publish(3, FULL_BYTES, 0)
    yield _figure(
        "publisher's requests for a run, before and after they came", after["requests"], "requests",
        f"{before['requests']} before", "does not grow with the laptops",
        ok=after["requests"] <= before["requests"],
    )  # fmt: skip
    _pull(place, laptops, 3)
    nothing = _pull(place, laptops, 3)
    yield _figure("bytes of a pull when nothing was published", _mean(nothing, "bytes_in"), "bytes")


class Publisher:
    """A machine that seals bundles of random content; each laptop is a copy of it, and so believes it."""

    def __init__(self, folder: Path, place: S3Place) -> None:
        for part in ("keys", "bundles", "snapshots"):
            (folder / part).mkdir(parents=True)
        self.home, key = Home(folder), os.urandom(32)
        device.create_device(self.home, key, "K7", "publisher")
        vault = Vault(self.home, key, lambda: NOW)
        schema.create_schema(vault.db, lambda: NOW)
        self.device, self.place, self.state = device.load_device(vault), place, PlaceState()
        vault.close()

    def publish(self, sequence: int, full: int, delta: int | None = None) -> dict[str, float]:
        """Seal, publish and carry; what that asked of the bucket."""
        bundles = [self._seal(sequence, full)]
        if delta is not None:
            bundles.append(self._seal(sequence, delta, base=sequence - 1))
        put_in_outbox(self.home, Settings(), bundles)
        with open_carrier(self.place.address(), Pace()) as carrier:
            carry_outbox(self.home, carrier, self.state)
            traffic = asdict(carrier.traffic)
        return traffic | {"requests": traffic["reads"] + traffic["writes"]}

    def _seal(self, sequence: int, size: int, base: int | None = None) -> bundle.SealedBundle:
        header = SnapshotHeader(
            hospital="DEMO", sequence=sequence, key=bundle.key_id(self.device.card.public_key),
            created=to_text(NOW + timedelta(minutes=5 * sequence)), columns=COLUMNS, base=base,
            expires=to_text(NOW + timedelta(hours=48)), content="0" * 64, unpacked=1,
            changes=0 if base is None or not size else 1,
        )  # fmt: skip
        content = write_payload(header, [os.urandom(size)])
        recipients = [self.device.card.recipient]
        return bundle.seal_bundle(header, content, recipients, self.device.sign, io.BytesIO())


def _copy_laptop(publisher: Publisher, folder: Path) -> Path:
    shutil.copytree(publisher.home.keys_folder, folder / "keys")
    return folder


def _let_know(laptops: list[Path], sequence: int) -> None:
    """That they have this one already: 500 full bundles through one test server say nothing."""
    for folder in laptops:
        (folder / "runs").mkdir()
        state = {"epoch": 1, "sequence": sequence, "places": {}}
        (folder / "runs" / "pull.json").write_text(json.dumps(state))


def _pull(place: S3Place, laptops: list[Path], sequence: int) -> dict[str, Any]:
    print(f"  {len(laptops)} laptops pull snapshot {sequence} …", file=sys.stderr)
    order = {
        "homes": list(map(str, laptops)),
        "threads": THREADS,
        "places": {"bucket": asdict(place) | {"kind": "s3"}},
    }
    program = Path(__file__).with_name("_fleet_laptop.py")
    done = subprocess.run(
        [sys.executable, program],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _mean(pulled: dict[str, Any], kind: str) -> float:
    counts = [row["requests"].get(kind, 0) for row in pulled["laptops"]]
    return sum(counts) / len(counts)


def _figure(
    name: str, value: float, unit: str, compared_with: str = "", goal: str = "", *, ok: bool = True
) -> dict[str, Any]:
    return {
        "name": name, "value": round(value, 2), "unit": unit, "compared_with": compared_with,
        "goal": goal, "ok": ok,
    }  # fmt: skip


class _bucket:
    """moto's S3 in a process of its own, with one bucket."""

    def __init__(self, folder: Path) -> None:
        self._secret = folder / "secret"

    def __enter__(self) -> S3Place:
        import socket

        with socket.socket() as line:
            line.bind(("127.0.0.1", 0))
            port = line.getsockname()[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._secret.write_text(b64encode(os.urandom(16)).decode())
        self._secret.chmod(0o600)
        place = S3Place(
            path="fleet/site", user="key", password_file=str(self._secret),
            endpoint=f"http://127.0.0.1:{port}",
        )  # fmt: skip
        client = botocore.session.Session().create_client(
            "s3", endpoint_url=place.endpoint, region_name="us-east-1",
            aws_access_key_id="key", aws_secret_access_key="any",  # noqa: S106
        )  # fmt: skip
        end = time.monotonic() + 60
        while True:
            try:
                client.create_bucket(Bucket="fleet")
                return place
            except Exception:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.wait()
