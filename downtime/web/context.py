"""What every page shows: who is signed in, what is down, how old each system's data is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request

from downtime.accounts.permissions import ROLES
from downtime.accounts.person import Person
from downtime.clock import to_text
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.snapshot import freshness, load
from downtime.vault import device
from downtime.web import current, menu
from downtime.web.guard import may


@dataclass(frozen=True, slots=True)
class SystemLine:
    """One hospital system: since when it is declared down (UTC, or empty), how old its data is."""

    name: str
    down: str
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the layout shows around every page."""

    person: Person | None
    role: str
    locked: bool
    outage: Outage | None
    systems: tuple[SystemLine, ...]
    alarms: tuple[str, ...]
    menu: menu.Menu
    has_snapshot: bool
    device: str
    now: str
    idle_seconds: int

    @property
    def drill(self) -> bool:
        """Whether what is down is only practised."""
        return self.outage is not None and self.outage.drill


def init(app: Flask) -> None:
    """Give every template the page around it."""

    @app.context_processor
    def variables() -> dict[str, Any]:
        return {"page": _page(), "may": may}


def _page() -> Page:
    if "page" not in g:
        g.page = _signed_in() if "person" in g else _nobody()
    page: Page = g.page
    return page


def _nobody() -> Page:
    return Page(None, "", True, None, (), (), menu.NOTHING, False, "", to_text(current.now()), 0)


def _signed_in() -> Page:
    person, minutes = current.person(), current.settings().accounts.idle_lock_minutes
    locked = bool(g.locked)
    outage = outages.current(current.vault())
    return Page(
        person=person,
        role=ROLES[person.role],
        locked=locked,
        outage=outage,
        systems=() if locked else tuple(_systems(outage)),
        alarms=() if locked else tuple(_alarms()),
        menu=menu.menu(may, request.endpoint or ""),
        has_snapshot=not locked and current.snapshot_or_none() is not None,
        device=device.public(current.web().home).code,
        now=to_text(current.now()),
        idle_seconds=minutes * 60,
    )


def _systems(outage: Outage | None) -> Iterator[SystemLine]:
    """The site's systems in its own order, then any other that delivered data."""
    snapshot = current.snapshot_or_none()
    times = snapshot.systems() if snapshot else []
    since = {s.name: s.declared for s in outage.systems if not s.ended} if outage else {}
    seen = load.last_seen(current.vault())
    for age in freshness.freshness(times, current.now(), current.settings(), seen):
        yield SystemLine(age.system, since.get(age.system, ""), age.level, age.words)


def _alarms() -> Iterator[str]:
    """What makes every age on the screen doubtful, a block running out, a snapshot past its time."""
    vault = current.vault()
    words = freshness.clock_warning(current.now(), load.last_seen(vault), current.settings())
    if words:
        yield words
    yield from (s.words for s in ledger.supplies(vault, current.settings()) if s.low)
    for info in load.list_snapshots(vault)[:1]:
        yield from info.warnings
