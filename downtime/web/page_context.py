"""What every page shows: who is signed in, what is down, how old each system's data is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Flask, g, request
from werkzeug.local import LocalProxy

from downtime.accounts.break_glass.model import BreakGlassAccess
from downtime.accounts.break_glass.review_access import count_unreviewed
from downtime.accounts.model import Permission, Person
from downtime.accounts.permissions import ROLE_TITLES
from downtime.clock import to_text
from downtime.errors import NotFoundError, UserError
from downtime.fleet import declared_elsewhere, known_time, quarantine_alarm
from downtime.fleet.fleet_status import list_locked_alarms
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.readiness.check_readiness import describe_overdue
from downtime.paper.shelf.model import ShelfVersion
from downtime.paper.shelf.public_copies import list_public
from downtime.snapshot import freshness, local_snapshots
from downtime.vault import copied_home, device, keys
from downtime.vault.vault import has_vault
from downtime.vault.write_access import ReadOnlyReason, look_at_disk
from downtime.web import guest_access, navigation, request_context
from downtime.web.access_control import has_permission


@dataclass(frozen=True, slots=True)
class SystemLine:
    """One hospital system: since when it is declared down (UTC, or empty), how old its data is."""

    name: str
    down: str
    level: str
    as_at: str
    old: str

    @property
    def is_up(self) -> bool:
        """Whether nobody has declared it down."""
        return not self.down


@dataclass(frozen=True, slots=True)
class Page:
    """What the layout shows around every page."""

    person: Person | None
    role: str
    locked: bool
    outage: Outage | None
    systems: tuple[SystemLine, ...]
    alarms: tuple[str, ...]
    menu: navigation.Menu
    has_snapshot: bool
    device: str
    now: str
    idle_seconds: int
    access: BreakGlassAccess | None = None
    """By which break-glass access somebody without an account is here."""
    read_only: ReadOnlyReason | None = None
    """Why nothing can be written here."""
    queued: int = 0
    """How many entries wait in memory until something can be."""

    @property
    def drill(self) -> bool:
        """Whether what is down is only practised."""
        return self.outage is not None and self.outage.drill


def init_page_context(app: Flask) -> None:
    """Give every template the page around it; as globals, so that imported parts are run once for all pages."""
    app.jinja_env.globals.update(page=LocalProxy(_page), may=_may, public_documents=_list_public)


def _list_public() -> list[ShelfVersion]:
    """What may be read before anybody signs in."""
    return list_public(request_context.app_state().home)


def _page() -> Page:
    if "page" not in g:
        g.page = _signed_in_page() if "person" in g else _signed_out_page()
    page: Page = g.page
    return page


def _signed_out_page() -> Page:
    return Page(
        None,
        "",
        True,
        None,
        (),
        tuple(_list_locked_alarms()),
        navigation.EMPTY_MENU,
        False,
        "",
        to_text(request_context.now()),
        0,
        read_only=_find_read_only_reason(),
    )


def _find_read_only_reason() -> ReadOnlyReason | None:
    """As far as a program can see that has no vault open: before anybody has signed in."""
    state = request_context.app_state()
    with state.vault_holder.use_if_unlocked() as vault:
        if vault is not None:
            return vault.read_only_reason
    if keys.home_exists(state.home) and not has_vault(state.home):
        return ReadOnlyReason.LOST
    return look_at_disk(state.home.path)


def _list_locked_alarms() -> list[str]:
    """How old the data here is, as far as a locked laptop knows; on the sign-in page only."""
    if request.endpoint != "account.sign_in":
        return []
    state = request_context.app_state()
    try:
        keys.check_home_exists(state.home)
    except NotFoundError as error:  # nobody can sign in
        return [f"{error.sentence} {error.next_step}"]
    try:
        return list_locked_alarms(state.home, state.settings, state.clock)
    except (UserError, OSError):  # whoever signs in is told what is wrong
        return []


def _signed_in_page() -> Page:
    person, minutes = (
        request_context.person(),
        request_context.settings().accounts.idle_lock_minutes,
    )
    locked = bool(g.locked)
    outage = outages.find_current(request_context.vault())
    systems = () if locked else tuple(_list_systems(outage))
    return Page(
        person=person,
        role=ROLE_TITLES[person.role],
        locked=locked,
        outage=outage,
        systems=systems,
        alarms=() if locked else (*_describe_stale(systems), *_list_alarms()),
        menu=navigation.build_menu(has_permission, request.endpoint or ""),
        has_snapshot=not locked and request_context.snapshot_or_none() is not None,
        device=device.read_own_card(request_context.app_state().home).code,
        now=to_text(request_context.now()),
        idle_seconds=minutes * 60,
        access=guest_access.current_access(),
        read_only=request_context.vault().read_only_reason,
        queued=len(request_context.vault().write_access.queue),
    )


def _list_systems(outage: Outage | None) -> Iterator[SystemLine]:
    """The site's systems in its own order, then any other that delivered data."""
    snapshot = request_context.snapshot_or_none()
    times = snapshot.list_systems() if snapshot else []
    since = {s.name: s.declared for s in outage.systems if not s.ended} if outage else {}
    known, now = request_context.known_time(), request_context.now()
    for age in known_time.reckon_ages(known, times, now, request_context.settings()):
        yield SystemLine(age.system, since.get(age.system, ""), age.level, age.as_at, age.old)


def _describe_stale(systems: Iterable[SystemLine]) -> Iterator[str]:
    """One sentence for the systems that are up and whose data here is stale; the strip says how old."""
    stale = [s.name for s in systems if s.level == freshness.FreshnessLevel.STALE and not s.down]
    if stale:
        yield (
            f"STALE: {', '.join(stale)}. Use another laptop if one is newer, and tell the site team."
        )


def _list_alarms() -> Iterator[str]:
    """What makes every age on the screen doubtful, a block running out, a snapshot past its time."""
    vault = request_context.vault()
    yield from copied_home.list_sentences(vault)
    zone = ZoneInfo(request_context.settings().site.time_zone)
    yield from declared_elsewhere.list_alarms(vault.home, outages.list_down_systems(vault))
    yield from quarantine_alarm.list_alarms(vault, request_context.now(), zone)
    known = request_context.known_time()
    if fault := known_time.describe_clock(known, request_context.now(), request_context.settings()):
        yield fault
    yield from (
        s.sentence for s in ledger.list_supplies(vault, request_context.settings()) if s.is_low
    )
    for info in local_snapshots.list_snapshots(vault)[:1]:
        yield from info.warnings
    if has_permission(Permission.BREAK_GLASS_REVIEW) and (count := count_unreviewed(vault)):
        verb = "access waits" if count == 1 else "accesses wait"
        yield f"{count} break-glass {verb} for a review: page Break-glass."
    if overdue := describe_overdue(vault, request_context.settings()):
        yield overdue


def _may(permission: str) -> bool:
    """As `guard.may`; a permission that a template misspells is a ValueError."""
    return has_permission(Permission(permission))
