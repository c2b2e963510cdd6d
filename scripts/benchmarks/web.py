"""Fifty people look things up on the large hospital while every ward is printed, beside a bare page.

Each opens one page after another with a pause to read it, as people do: Find as one types, a bed board,
a patient, tests outstanding, the wards. The bare page is one of waitress alone, that says nothing, asked
by as many people at the same pace on the same machine: what a page of any program would take there.
"""

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import waitress
from _clerk import Clerk
from _records import PASSWORD, WHO, now, served

from downtime.accounts import people
from downtime.accounts.homes import create_home, open_with_file
from downtime.config import Home, load_settings
from downtime.demo.feeds import write_feeds
from downtime.demo.settings import settings_text
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.paper.packs.model import PrintChannel
from downtime.paper.packs.ward_pack import WardPack
from downtime.snapshot import local_snapshots
from downtime.vault import jobs
from downtime.vault.vault import Vault
from downtime.web.job_kinds import name_print_job

SIZE = "large"
SEED = 7
USERS = 50
SECONDS = 40
WARM_UP_SECONDS = 5
"""Not counted: whoever opens a page first after the program has started waits for its template."""
THINK_SECONDS = (1.0, 3.0)
"""Between two pages of one person."""
GOAL_P99_MS = 100
THREADS = 8
TYPED = ("smi", "smith", "jon", "AMU B3", "smiht", "02/01/1960")
CHEAP = "\n[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"


@dataclass(frozen=True, slots=True)
class Look:
    """One page that somebody asked for."""

    kind: str
    milliseconds: float


def figures() -> list[dict[str, Any]]:
    """What pages take alone and while a site pack prints, and what a bare page takes."""
    with tempfile.TemporaryDirectory() as name, _bare_server() as port:
        bare = _ask(lambda number: Clerk(port, f"u{number}", "", ""), _bare_pages)
        with open_site(Path(name)) as (vault, crowd, pages, _):
            _ask(crowd.__getitem__, pages, WARM_UP_SECONDS)
            quiet = _ask(crowd.__getitem__, pages)
            printing = _ask_while_printing(vault, crowd, pages)
    compared = f"a bare page of waitress: {_describe(bare)}"
    return [
        _figure(f"page for {USERS} people, 99 of 100", quiet, compared),
        _figure(f"page for {USERS} people while a site pack prints, 99 of 100", printing, compared),
        *(
            _figure(f"of these: {kind}, 99 of 100", [s for s in quiet if s.kind == kind], compared)
            for kind in sorted({look.kind for look in quiet})
        ),
    ]


@contextmanager
def _bare_server() -> Iterator[int]:
    """Waitress with an application that says nothing, and its port."""

    def say_nothing(_: Any, start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html"), ("Content-Length", "2")])
        return [b"ok"]

    server = waitress.create_server(say_nothing, map={}, host="127.0.0.1", port=0, threads=THREADS)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()


@contextmanager
def open_site(folder: Path) -> Iterator[tuple[Vault, list[Clerk], Any, int]]:
    """A laptop with the large hospital's snapshot, fifty people signed in, and the pages they open."""
    home, unlock_file = Home(folder / "home"), folder / "unlock"
    write_feeds(folder / "feeds", SIZE, SEED, "before", now())
    create_home(home, now, device_code="K7", unlock_file=unlock_file,
                settings_text=settings_text(SIZE) + CHEAP, password=PASSWORD)  # fmt: skip
    settings = load_settings(home.config_file)
    with closing(open_with_file(home, settings, now, unlock_file).vault) as vault:
        built = publish_snapshot(vault, settings, [folder / "feeds"], folder / "out", WHO)
        receive_snapshot(vault, settings, built.bundle, WHO)
        with closing(local_snapshots.open_current_snapshot(vault)) as snapshot:
            wards = [ward.code for ward in snapshot.list_wards()]
            patients = [row.patient.id for row in snapshot.list_inpatients()]
        secrets = {}
        for number in range(USERS):
            name = f"nurse{number:02}"
            secrets[name] = people.create_person(
                vault, settings, name, f"Nurse {number}", "ward", PASSWORD, WHO, "bench",
                initial=False,
            ).totp_secret  # fmt: skip
        with served(home) as (port, _):
            crowd = [Clerk(port, name, PASSWORD, secrets[name]) for name in secrets]
            for clerk in crowd:
                clerk.sign_in()
                clerk.read_token("/find")
            yield vault, crowd, _make_pages(wards, patients), port


def _make_pages(wards: list[str], patients: list[str]) -> Any:
    """What one person opens next: its kind, and how it is asked for."""

    def choose(clerk: Clerk, chance: random.Random) -> tuple[str, Any]:
        kind = chance.choice(["find", "board", "patient", "patient", "tests", "wards"])
        if kind == "find":
            text = chance.choice(TYPED)
            return kind, lambda: clerk.post("/find/part", {"text": text})
        path = {
            "board": f"/beds/ward?ward={chance.choice(wards)}",
            "patient": f"/patients/{chance.choice(patients)}",
            "tests": f"/tests?ward={chance.choice(wards)}",
            "wards": "/beds",
        }[kind]
        return kind, lambda: clerk.get(path)

    return choose


def _bare_pages(clerk: Clerk, _: random.Random) -> tuple[str, Any]:
    return "bare", lambda: clerk.get("/")


def _ask_while_printing(vault: Vault, crowd: list[Clerk], pages: Any) -> list[Look]:
    order = {"order": WardPack().to_json(), "to": PrintChannel.SCREEN, "why": "bench"}
    kind = name_print_job(WardPack.kind)
    job = jobs.submit_job(vault, kind, order, WHO, "bench")
    looks = _ask(crowd.__getitem__, pages)
    if not jobs.get_job(vault, job.id).is_over:
        jobs.cancel_job(vault, job.id, WHO, "measured")
    return looks


def _ask(clerk_of: Any, pages: Any, seconds: float = SECONDS) -> list[Look]:
    """Everybody opens pages for so long."""
    looks: list[Look] = []
    failed: list[str] = []
    end = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=_look, args=(clerk_of(n), n, end, pages, looks, failed))
        for n in range(USERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(failed[0])
    return looks


def _look(
    clerk: Clerk, number: int, end: float, pages: Any, looks: list[Look], failed: list[str]
) -> None:
    chance = random.Random(number)  # noqa: S311 - what somebody looks at
    time.sleep(chance.uniform(0, sum(THINK_SECONDS)))
    while time.perf_counter() < end:
        kind, ask = pages(clerk, chance)
        started = time.perf_counter()
        status, _, page = ask()
        looks.append(Look(kind, (time.perf_counter() - started) * 1000))
        if status != 200:
            failed.append(f"{kind}: {status} {page[-200:]}")
            return
        time.sleep(chance.uniform(*THINK_SECONDS))


def _figure(name: str, looks: list[Look], compared: str) -> dict[str, Any]:
    slowest = _share(looks, 99)
    return {"name": name, "value": round(slowest, 1), "unit": "ms",
            "compared_with": f"{_describe(looks)}; {compared}",
            "goal": f"< {GOAL_P99_MS} ms", "ok": slowest < GOAL_P99_MS}  # fmt: skip


def _describe(looks: list[Look]) -> str:
    return f"median {_share(looks, 50):.0f}, 99 of 100 {_share(looks, 99):.0f} ms of {len(looks):,}"


def _share(looks: list[Look], percent: int) -> float:
    return sorted(look.milliseconds for look in looks)[len(looks) * percent // 100]
