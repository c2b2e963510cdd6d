"""Fifty clerks key at once over HTTP while the comparison runs again and again."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from _clerk import Clerk
from _crowd import Keyed, Site
from _records import PASSWORD, clerks, hospital, now, served

from downtime.accounts.homes import create_home, open_with_file
from downtime.config import Home, load_settings
from downtime.demo.settings import settings_text
from downtime.entry.store import entries as entry_store
from downtime.vault import audit

CLERKS = 50
ENTERED = 20_000
"""Forms that are entered already: every comparison looks at all of them."""
FORMS_EACH = 10
THINK_SECONDS = (1.0, 3.0)
"""Between two saves of one clerk: a draft every two seconds and a form every twenty. People who key
a request take minutes, and a page keeps a draft when a field is left."""
KEYING_SECONDS = 40
PRESSING_SECONDS = 10
"""How long they save without a pause, to show what the server can do at most."""
GOAL_P99_MS = 300
MEMORY = Path("/dev/shm")  # noqa: S108 - the system's own
"""A folder that lies on no disk, where the system has one."""
CHEAP = "\n[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"


def figures() -> list[dict[str, Any]]:
    """What a save takes at work and pressed, what is lost, and what a search takes meanwhile."""
    with tempfile.TemporaryDirectory() as name, _site(Path(name)) as site:
        work = site.keyed(KEYING_SECONDS, THINK_SECONDS)
        pressed = site.keyed(PRESSING_SECONDS, (0, 0))
        find_seconds = site.measure_find()
        measured = list(_shown(site, work, pressed, find_seconds))
    return [measured[0], *_without_disk(), *measured[1:]]


def _without_disk() -> Iterator[dict[str, Any]]:
    """The same work where no disk is waited for: what the program itself takes."""
    if not MEMORY.is_dir():
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as name, _site(Path(name)) as site:
        yield _at_work(", no disk to wait for", site.keyed(KEYING_SECONDS, THINK_SECONDS))


@contextmanager
def _site(folder: Path) -> Iterator[Site]:
    """A server with an outage's paper, and everybody signed in."""
    home, unlock_file = Home(folder / "home"), folder / "unlock"
    text = settings_text("small") + CHEAP
    create_home(
        home, now, device_code="K7", unlock_file=unlock_file, settings_text=text, password=PASSWORD
    )
    settings = load_settings(home.config_file)
    with closing(open_with_file(home, settings, now, unlock_file).vault) as vault:
        waiting = hospital(vault, settings, folder, ENTERED, CLERKS * FORMS_EACH)
        secrets = clerks(vault, settings, CLERKS)
        with served(home) as (port, server):
            crowd = [Clerk(port, name, PASSWORD, secrets[name]) for name in secrets]
            for clerk in crowd:
                clerk.sign_in()
            records = crowd.pop()
            for clerk in crowd:  # the first page of each thread is slow: it is compiled
                clerk.read_token(f"/key/{waiting[0]}")
            yield Site(vault, folder, server.pid, crowd, records, waiting, text)


def _at_work(where: str, work: Keyed) -> dict[str, Any]:
    slowest = _share(work.milliseconds, 99)
    return _figure(
        f"save of {CLERKS} clerks at work{where}, 99 of 100", slowest, "ms", _describe_load(work),
        f"< {GOAL_P99_MS} ms", ok=slowest < GOAL_P99_MS,
    )  # fmt: skip


def _shown(
    site: Site, work: Keyed, pressed: Keyed, find_seconds: list[float]
) -> Iterator[dict[str, Any]]:
    yield _at_work("", work)
    yield _figure(
        f"save of {CLERKS} clerks without a pause, 99 of 100",
        _share(pressed.milliseconds, 99), "ms", _describe_load(pressed), "", ok=True,
    )  # fmt: skip
    lost = [
        serial
        for serial, answer in site.saved_answers.items()
        if (entry := entry_store.fetch_entry(site.vault.db, serial)) is None
        or entry.answers.get("reason") != answer
    ]
    whole = audit.verify_chain(site.vault.db).first_bad is None
    yield _figure(
        "acknowledged saves that were lost", len(lost), "saves",
        f"{len(site.saved_answers):,} forms, audit chain {'whole' if whole else 'BROKEN'}", "0",
        ok=whole and not lost,
    )  # fmt: skip
    yield _figure(
        "GET /find while a pack is printed and a comparison runs, 99 of 100",
        _share(find_seconds, 99), "ms", f"median {_share(find_seconds, 50):.0f}, slowest {max(find_seconds):.0f} ms",
        f"< {GOAL_P99_MS} ms", ok=_share(find_seconds, 99) < GOAL_P99_MS,
    )  # fmt: skip


def _describe_load(keyed: Keyed) -> str:
    """In words, with what the disk took meanwhile."""
    taken, disk = keyed.milliseconds, keyed.disk
    return (
        f"{len(taken) / keyed.seconds:.0f} saves/s, median {_share(taken, 50):.0f}, 95 of 100"
        f" {_share(taken, 95):.0f}, slowest {max(taken):.0f} ms; one wait for this disk: median"
        f" {_share(disk, 50):.0f}, 99 of 100 {_share(disk, 99):.0f} ms; server"
        f" {keyed.cpu / keyed.seconds:.0%} of a core; {keyed.comparisons} comparisons of"
        f" {ENTERED:,} forms"
    )


def _share(milliseconds: Sequence[float], percent: int) -> float:
    return sorted(milliseconds)[len(milliseconds) * percent // 100]


def _figure(
    name: str, value: float, unit: str, compared_with: str, goal: str, *, ok: bool
) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "compared_with": compared_with,
        "goal": goal,
        "ok": ok,
    }
