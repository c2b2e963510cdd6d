"""When a ward's pages first show something in a real browser, over the large hospital."""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from _first_paint import measure_first_paints
from _records import PASSWORD, WHO
from web import open_site

from downtime.accounts import people
from downtime.config import load_settings
from downtime.snapshot import local_snapshots
from downtime.vault.vault import Vault

GOAL_PAINT_MS = 1_000


def figures() -> list[dict[str, Any]]:
    """The slowest first paint of the pages that a ward opens most."""
    with tempfile.TemporaryDirectory() as name, open_site(Path(name)) as (vault, _, _, port):
        return [_make_figure(_measure(vault, port))]


def _measure(vault: Vault, port: int) -> dict[str, list[float]]:
    """What somebody waits for in a browser, of each page that a ward opens most."""
    with closing(local_snapshots.open_current_snapshot(vault)) as snapshot:
        row = next(
            row for row in snapshot.list_inpatients() if row.encounter and row.encounter.ward
        )
    ward = row.encounter.ward if row.encounter else ""
    secret = people.create_person(
        vault, load_settings(vault.home.config_file), "painter", "Pat Painter", "ward", PASSWORD, WHO,
        "bench", initial=False,
    ).totp_secret  # fmt: skip
    paths = {
        "find": "/find", "board": f"/beds/ward?ward={ward}", "patient": f"/patients/{row.patient.id}",
        "tests": f"/tests?ward={ward}", "wards": "/beds",
    }  # fmt: skip
    return measure_first_paints(port, "painter", secret, paths)


def _make_figure(paints: dict[str, list[float]]) -> dict[str, Any]:
    slowest = {name: max(times) for name, times in paints.items()}
    every_time = [time for times in paints.values() for time in times]
    return {"name": "first paint in Chromium, the slowest", "value": round(max(every_time)), "unit": "ms",
            "compared_with": f"of {len(every_time)}: "
            + ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in slowest.items()),
            "goal": f"< {GOAL_PAINT_MS:,} ms", "ok": max(every_time) < GOAL_PAINT_MS}  # fmt: skip
