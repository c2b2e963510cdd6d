"""A month of ten hospitals on one bucket: 5,000 laptops, each pull as its own computer would make it.

What each kind of pull asks is measured: the real code, one laptop with heartbeats and receipts, an S3
server (moto). Then every pull and every run of ten publishers of a month is drawn: laptops that stay on,
that sleep at night, that are away for days, each at its own random times.
"""

import io
import os
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy
import pyrage
from fleet import DELTA_BYTES, FULL_BYTES, WARDS, _bucket

from downtime.clock import to_text
from downtime.config import Home
from downtime.fleet.carry_outbox import carry_outbox
from downtime.fleet.heartbeat_exchange import HeartbeatExchange
from downtime.fleet.heartbeat_key import ensure_heartbeat_key
from downtime.fleet.machine_list import sign_list
from downtime.fleet.model import AuditAction
from downtime.fleet.outbox import put_in_outbox
from downtime.fleet.places import S3Place
from downtime.fleet.pull_snapshot import pull_snapshot
from downtime.fleet.receipt_exchange import ReceiptExchange
from downtime.fleet.run_state import PlaceState
from downtime.fleet.site_keys import generate_site_key
from downtime.fleet.site_root import make_first_root
from downtime.fleet_settings import FleetSettings
from downtime.settings import Settings
from downtime.snapshot import bundle
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.payload import write_payload
from downtime.snapshot.row_layout import COLUMNS
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace
from downtime.vault import device, machines, raise_marks, schema
from downtime.vault.machines import Machine
from downtime.vault.marks import MarkName
from downtime.vault.model import Actor, MachineRole
from downtime.vault.vault import Vault

HOSPITALS, LAPTOPS, DAYS = 10, 500, 30
EVERY = 300.0
"""Seconds between runs, of publishers and laptops; each comes up to 10% early at random."""
HABITS = {"stays on": 0.7, "sleeps from 20 to 7 o'clock": 0.2, "is on one day in seven": 0.1}
"""Which laptops do so, of all."""
SMALL, WHOLE = 20_000, 400_000
"""Bytes of the delta and of the full bundle with which requests are counted."""
QUIET_BYTES = 500
"""Inside a delta in which nothing has changed."""
DAY = 86_400.0
ACTOR = Actor("u-1", "Region", "PA")

Cost = Counter[str]
"""Of a run: reads, writes, bytes_in, bytes_out."""


def figures() -> list[dict[str, Any]]:
    """The month's requests, bytes and price, for what a region may have."""
    with tempfile.TemporaryDirectory() as name, _bucket(Path(name)) as place:
        costs = measure(Path(name), place)
    chance = numpy.random.default_rng(1)
    pulls = simulate_pulls(chance)
    rows = [_describe(kind, count) for kind, count in sorted(pulls.items())]
    for case, site, ward in (
        ("nothing changes", QUIET_BYTES, 0.0),
        ("1% changes in five minutes, a ward each", DELTA_BYTES / WARDS, 1.0),
        ("1% changes in five minutes, the whole site each", DELTA_BYTES, 0.0),
    ):
        rows.append(_price(case, costs, pulls, site, by_ward=bool(ward)))
    return rows


# What one run asks


class _Site:
    """A publisher and one laptop of a site, and a bucket between them."""

    def __init__(self, folder: Path, place: S3Place) -> None:
        self._folder, self.place, self.now = folder, place, datetime.now(UTC)
        self._state, self.number = PlaceState(), 0
        self.publisher, self.laptop = self._make("PA"), self._make("LA")
        recovery = pyrage.x25519.Identity.generate()
        keys = [generate_site_key(number, recovery) for number in (1, 2)]
        roots = make_first_root("DEMO", keys, 2, self.now + timedelta(days=3650))
        roles = {self.publisher: MachineRole.PUBLISHER, self.laptop: MachineRole.WARD_LAPTOP}
        listed = [
            Machine(device.read_own_card(vault.home), frozenset([role]), (), to_text(self.now))
            for vault, role in roles.items()
        ]
        signed = sign_list(roots, 1, listed, keys[0], Settings(), self.now)
        for vault in roles:
            machines.adopt_root(vault, signed)
            ensure_heartbeat_key(vault)
        tables = MappingProxyType({"bucket": asdict(place) | {"kind": "s3"}})
        self.settings = Settings(fleet=FleetSettings(places=tables))

    def _make(self, code: str) -> Vault:
        home, key = Home(self._folder / code), os.urandom(32)
        for part in ("keys", "bundles", "snapshots"):
            (home.path / part).mkdir(parents=True)
        device.create_device(home, key, code, code)
        vault = Vault(home, key, lambda: self.now)
        schema.create_schema(vault.db, vault.clock)
        return vault

    def publish(self) -> Cost:
        """The next snapshot, full and as a delta."""
        self.number += 1
        bases = (None, self.number - 1) if self.number > 1 else (None,)
        put_in_outbox(self.publisher.home, Settings(), [self._seal(base) for base in bases])
        with open_carrier(self.place.address(), Pace()) as carrier:
            carry_outbox(self.publisher.home, carrier, self._state)
            return Counter(asdict(carrier.traffic))

    def _seal(self, base: int | None) -> bundle.SealedBundle:
        signer = device.load_device(self.publisher)
        header = SnapshotHeader(
            hospital="DEMO", sequence=self.number, key=bundle.key_id(signer.card.public_key),
            created=to_text(self.now), columns=COLUMNS, base=base, unpacked=1, changes=1,
            expires=to_text(self.now + timedelta(hours=48)), content="0" * 64,
        )  # fmt: skip
        content = write_payload(header, [os.urandom(WHOLE if base is None else SMALL)])
        return bundle.seal_bundle(
            header, content, [signer.card.recipient], signer.sign, io.BytesIO()
        )

    def exchange(self, vault: Vault) -> Cost:
        """Heartbeat and receipt of one machine, as they come beside a run."""
        with open_carrier(self.place.address(), Pace()) as carrier:
            HeartbeatExchange(vault.home, Settings(), vault.clock)(carrier)
            ReceiptExchange(vault.home, Settings(), vault, ACTOR)(carrier)
            return Counter(asdict(carrier.traffic))

    def ask_for_receipt(self) -> Cost:
        """What comes beside a run in which no heartbeat is due."""
        with open_carrier(self.place.address(), Pace()) as carrier:
            ReceiptExchange(self.laptop.home, Settings(), None, None)(carrier)
            return Counter(asdict(carrier.traffic))

    def pull(self) -> Cost:
        """One run of the laptop, locked."""
        state = pull_snapshot(self.laptop.home, self.settings, self.laptop.clock, Pace())
        if state.fault or state.sequence != self.number:
            raise AssertionError(state.fault)
        return Counter(state.places["bucket"].requests)


def measure(folder: Path, place: S3Place) -> dict[str, Cost]:
    """What each kind of run asks of the bucket."""
    site, costs = _Site(folder, place), {}
    site.publish()
    costs["full"] = site.pull()
    site.pull()  # it looks at the list of machines, and knows it from then on
    costs["unchanged"] = site.pull()
    costs["publish"] = site.publish()
    costs["delta"] = site.pull()
    for _ in range(5):
        site.publish()
    costs["five deltas"] = site.pull()
    for _ in range(2):  # marks name the entry before: from the second one on a receipt is signed
        with site.laptop.change(ACTOR, AuditAction.SNAPSHOT_REOPEN) as db:
            raise_marks.take_numbers(site.laptop, db, MarkName.SERIAL, 1, 0, 999_999)
    site.exchange(site.laptop)
    costs["collect"] = site.exchange(site.publisher)  # list, one heartbeat, one receipt
    costs["collect again"] = site.exchange(site.publisher)
    site.exchange(site.laptop)
    costs["heartbeat"] = site.exchange(site.laptop)
    costs["receipt"] = site.ask_for_receipt()
    for vault in (site.publisher, site.laptop):
        vault.close()
    return costs


# A month


def simulate_pulls(chance: numpy.random.Generator) -> Counter[str]:
    """How many pulls of each kind there are, and how many deltas chains have, in all."""
    most, counts = FleetSettings().max_chain, Counter[str]()
    for _ in range(HOSPITALS):
        published = _draw_runs(chance, 0.0, DAYS * DAY)
        counts["publisher runs"] += len(published)
        for number in range(LAPTOPS):
            runs = numpy.concatenate(
                [_draw_runs(chance, *span) for span in _list_spans(chance, number / LAPTOPS)]
            )
            missed = numpy.diff(numpy.searchsorted(published, runs), prepend=0)
            chains = missed[(missed > 1) & (missed <= most)]
            counts["pulls"] += len(runs)
            counts["unchanged"] += int((missed == 0).sum())
            counts["one delta"] += int((missed == 1).sum())
            counts["several deltas"] += len(chains)
            counts["deltas in them"] += int(chains.sum())
            counts["full"] += int((missed > most).sum())
            counts["heartbeats"] += len(runs) // 2 + 1  # in ten minutes
    return counts


def _draw_runs(chance: numpy.random.Generator, begin: float, end: float) -> numpy.ndarray:
    """Times of runs that come up to a tenth early, the first at once."""
    pauses = EVERY * (1 - 0.1 * chance.random(int((end - begin) / EVERY / 0.9) + 2))
    times = begin + EVERY * chance.random() + numpy.cumsum(pauses)
    return times[times < end]


def _list_spans(chance: numpy.random.Generator, share: float) -> Iterator[tuple[float, float]]:
    """When a laptop is on, in seconds of the month."""
    stays, sleeps, _ = HABITS.values()
    if share < stays:
        yield 0.0, DAYS * DAY
    elif share < stays + sleeps:
        yield from ((day * DAY + DAY * 7 / 24, day * DAY + DAY * 20 / 24) for day in range(DAYS))
    else:
        first = chance.integers(7)
        yield from ((day * DAY + DAY / 3, day * DAY + DAY / 2) for day in range(first, DAYS, 7))


def _describe(kind: str, count: int) -> dict[str, Any]:
    return _figure(f"  {kind}", count / 1e6, "million")


def _price(
    case: str, costs: dict[str, Cost], pulls: Counter[str], delta: float, *, by_ward: bool
) -> dict[str, Any]:
    """Requests, bytes and dollars of the month."""
    prices = tomllib.loads(Path(__file__).with_name("_s3_prices.toml").read_text())
    full = FULL_BYTES / WARDS if by_ward else FULL_BYTES
    total = Counter[str]()
    for kind, count, files, size in (
        ("unchanged", pulls["unchanged"], 0, 0.0),
        ("delta", pulls["one delta"], 1, delta),
        ("five deltas", pulls["several deltas"], pulls["deltas in them"] / max(1, pulls["several deltas"]), delta),
        ("full", pulls["full"], 1, full),
    ):  # fmt: skip
        cost = costs[kind]
        measured = {"unchanged": 0, "five deltas": 5}.get(kind, 1)
        content = WHOLE if kind == "full" else SMALL
        total["reads"] += count * (cost["reads"] + files - measured)
        total["bytes_in"] += count * (cost["bytes_in"] + files * size - measured * content)
    beats = pulls["heartbeats"]
    total["reads"] += beats * costs["heartbeat"]["reads"]
    total["writes"] += beats * costs["heartbeat"]["writes"]
    total["bytes_in"] += beats * costs["heartbeat"]["bytes_in"]
    quiet = pulls["pulls"] - beats
    total["reads"] += quiet * costs["receipt"]["reads"]
    total["bytes_in"] += quiet * costs["receipt"]["bytes_in"]
    runs, scopes = pulls["publisher runs"], WARDS + 1
    total["reads"] += runs * costs["publish"]["reads"] * scopes
    total["writes"] += runs * costs["publish"]["writes"] * scopes
    collected = min(100 * runs, beats)
    total["reads"] += collected + runs * costs["collect again"]["reads"]
    total["bytes_in"] += collected * costs["collect"]["bytes_in"]
    stored = HOSPITALS * 40 * 2 * FULL_BYTES  # some forty full ones of the site, and of all wards
    dollars = (
        total["reads"] / 1000 * prices["read_per_1000"]
        + total["writes"] / 1000 * prices["write_per_1000"]
        + total["bytes_in"] / 1e9 * prices["gigabyte_out"]
        + stored / 1e9 * prices["gigabyte_month"]
    )
    words = (
        f"{total['reads'] / 1e6:,.0f} M reads, {total['writes'] / 1e6:,.1f} M writes,"
        f" {total['bytes_in'] / 1e9:,.0f} GB out"
    )
    return _figure(f"{HOSPITALS * LAPTOPS:,} laptops, a month, {case}", dollars, "US$", words)


def _figure(name: str, value: float, unit: str, compared_with: str = "") -> dict[str, Any]:
    return {
        "name": name, "value": round(value, 2), "unit": unit, "compared_with": compared_with,
        "goal": "", "ok": True,
    }  # fmt: skip
