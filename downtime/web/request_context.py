"""What a view works with while it answers one request: the vault, the snapshot, who asks."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app, g, request

from downtime.accounts.model import Person
from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import NotFoundError
from downtime.fleet.known_time import KnownTime, find_known_time
from downtime.outage.events.hospital_now import HospitalNow
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from downtime.web.client_address import name_client
from downtime.web.cookies import SESSION_COOKIES, session_cookie
from downtime.web.derived_reports import DerivedReports
from downtime.web.live_sessions import LiveSessions
from downtime.web.open_snapshots import OpenSnapshots
from downtime.web.passkey_challenges import PasskeyChallenges
from downtime.web.presses import Presses
from downtime.web.vault_holder import VaultHolder


@dataclass
class AppState:
    """What one app has for all its requests."""

    home: Home
    settings: Settings
    clock: Clock
    vault_holder: VaultHolder
    job_submitted: threading.Event = field(default_factory=threading.Event)
    """Set when a job was asked for."""
    remembered: dict[str, dict[str, str]] = field(default_factory=dict)
    """What a session typed or was given that must not stand in an address, by session."""
    typed: dict[str, OrderedDict[tuple[str, str], str]] = field(default_factory=dict)
    """What each person has begun to type, by page and form (`typed_texts`)."""
    last_pages: dict[str, str] = field(default_factory=dict)
    """The page that each person had open last."""
    presses: Presses = field(default_factory=Presses)
    live_sessions: LiveSessions = field(default_factory=lambda: LiveSessions(*SESSION_COOKIES))
    passkey_challenges: PasskeyChallenges = field(default_factory=PasskeyChallenges)
    reports: DerivedReports = field(init=False)

    def __post_init__(self) -> None:
        self.reports = DerivedReports(self.vault_holder.lend_vault)


def client() -> str:
    """The client of this request, under whose name tries to sign in are counted."""
    return name_client(request.remote_addr)


def app_state() -> AppState:
    """The app's own objects."""
    return cast(AppState, current_app.extensions["downtime"])


def settings() -> Settings:
    """The home's settings."""
    return app_state().settings


def now() -> datetime:
    """The time of the app's clock."""
    return app_state().clock()


def today() -> date:
    """The day in the site's calendar."""
    return now().astimezone(ZoneInfo(settings().site.time_zone)).date()


def vault() -> Vault:
    """The unlocked vault of this request."""
    return cast(Vault, g.vault)


def person() -> Person:
    """Who is signed in."""
    return cast(Person, g.person)


def actor() -> Actor:
    """The same person as the one who acts."""
    return cast(Actor, g.actor)


def known_time() -> KnownTime | None:
    """What time it must be by now (`fleet.known_time`), asked once for a page."""
    if "known_time" not in g:
        g.known_time = find_known_time(vault(), settings())
    return cast("KnownTime | None", g.known_time)


def snapshot() -> Snapshot:
    """The present snapshot; NotFoundError when none was loaded."""
    snapshot_in_use = snapshot_or_none()
    if snapshot_in_use is None:
        if local_snapshots.get_current_id(vault()):
            local_snapshots.open_current_snapshot(vault())  # closed: says why, and what can be done
        raise NotFoundError(
            "snapshot.none",
            "No hospital data has been loaded on this laptop.",
            "Use another laptop, or ask the site team to load the newest snapshot.",
        )
    return snapshot_in_use


def snapshot_or_none() -> Snapshot | None:
    """The present snapshot, for pages that can say that there is none."""
    if "snapshot" not in g:
        try:
            lent = g.lease.enter_context(open_snapshots().lend_current(vault()))
        except NotFoundError:
            g.snapshot = None
        else:
            g.snapshot, g.lent_snapshot = lent.snapshot, lent
    return cast("Snapshot | None", g.snapshot)


def open_snapshots() -> OpenSnapshots:
    """What keeps the snapshot in use open between requests."""
    return app_state().vault_holder.open_snapshots


def hospital_now() -> HospitalNow:
    """The present snapshot with what staff have said since."""
    if "hospital_now" not in g:
        snapshot_in_use = snapshot_or_none()
        g.hospital_now = (
            g.lent_snapshot.read_hospital_now(vault())
            if snapshot_in_use
            else HospitalNow(vault(), None)
        )
    return cast(HospitalNow, g.hospital_now)


def close_after_request(opened: Snapshot) -> None:
    """Close a snapshot when this request is over."""
    g.lease.callback(opened.close)


def remember_text(name: str, text: str) -> None:
    """Keep a text for this session, in memory only."""
    app_state().remembered.setdefault(_session_key(), {})[name] = text


def session_texts(name: str) -> str:
    """The text kept under a name, or empty."""
    return app_state().remembered.get(_session_key(), {}).get(name, "")


def forget_texts() -> None:
    """Drop what was kept for this session."""
    app_state().remembered.pop(_session_key(), None)


def _session_key() -> str:
    return sha256(request.cookies.get(session_cookie(), "").encode()).hexdigest()
