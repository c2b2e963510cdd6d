"""Every page of the records team on a large hospital: 14,000 forms, 40 wards, 100,000 appointments.

Each page is opened by a records supervisor in `downtime serve`, some times; what counts is the median.
Beside it stand the rows of the page: a list as long as the hospital is no page. The compared figure is
the sign-in page, which reads nothing: what any page of this program takes here. Statement and report are
opened before they are derived, and when they are.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from _clerk import Clerk
from _desk import make_desk
from _records import PASSWORD, served

GOAL_MS = 500
GOAL_ROWS = 130
REPEATS = 5
DERIVED = ("/statement", "/report")
"""What is derived beside its page."""
PAGES = (
    "/worklists",
    "/open",
    "/open?kind=undecided",
    "/open?owner_is=%3Fnobody&page=40",
    "/forms",
    "/forms?ward=W07",
    "/forms/pile?ward=W07",
    "/forms/check-in",
    "/forms/lists/missing",
    "/forms/lists/unfiled",
    "/key",
    "/queues/key",
    "/queues/key-again",
    "/identity",
    "/comparison",
    "/comparison?state=new&page=30",
    "/comparison/bulk?state=new&choice=return",
    "/returns",
    "/rekey-worklists",
    "/harm",
    "/harm?kind=put-off",
    "/statement",
    "/report",
    "/appointments",
)


def figures() -> list[dict[str, Any]]:
    """The median of each page in milliseconds, and its rows."""
    with tempfile.TemporaryDirectory() as name:
        home, secret = make_desk(Path(name))
        with served(home) as (port, _):
            bare = statistics.median(_milliseconds(Clerk(port, "", "", ""), "/sign-in")[1])
            supervisor = Clerk(port, "desk", PASSWORD, secret)
            supervisor.sign_in()
            first = [
                _figure(supervisor, path, bare, ", not derived yet", repeats=1) for path in DERIVED
            ]
            derived = _wait_until_derived(supervisor)
            return [*first, derived, *(_figure(supervisor, path, bare) for path in PAGES)]


def _wait_until_derived(clerk: Clerk) -> dict[str, Any]:
    """How long it takes to derive the statement beside the pages, as its page waits for it."""
    started = time.perf_counter()
    while "progress" in clerk.get("/statement/progress")[2]:
        time.sleep(0.2)
    return {
        "name": "statement and report derived", "value": round(time.perf_counter() - started, 1),
        "unit": "s", "compared_with": "while pages go on", "goal": "stated", "ok": True,
    }  # fmt: skip


def _figure(
    clerk: Clerk, path: str, bare: float, when: str = "", repeats: int = REPEATS
) -> dict[str, Any]:
    page, taken = _milliseconds(clerk, path, repeats)
    median, rows = statistics.median(taken), page.count("<tr")
    return {
        "name": f"page {path}{when}",
        "value": round(median, 1),
        "unit": "ms",
        "compared_with": f"sign-in page {bare:.0f} ms, {median / bare:.1f} ×; {rows} rows",
        "goal": f"≤ {GOAL_MS} ms, ≤ {GOAL_ROWS} rows",
        "ok": median <= GOAL_MS and rows <= GOAL_ROWS,
    }


def _milliseconds(clerk: Clerk, path: str, repeats: int = REPEATS) -> tuple[str, list[float]]:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        status, _, page = clerk.get(path)
        taken.append((time.perf_counter() - started) * 1000)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {page[-200:]}")
    return page, taken
