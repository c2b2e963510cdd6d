"""The PIN with which a person without an account goes on; it opens no vault, only a screen of an open one."""

import json

from downtime.accounts import sign_in_delays, sign_in_lane
from downtime.accounts.break_glass import policies
from downtime.accounts.break_glass.model import BreakGlassAccess
from downtime.accounts.store import break_glass as store
from downtime.settings import Settings
from downtime.vault import keys, slots
from downtime.vault.slots import Slot
from downtime.vault.vault import Vault


def check_pin(
    vault: Vault,
    settings: Settings,
    username: str,
    pin: str,
    *,
    client: str = "",
    has_session: bool = False,
) -> BreakGlassAccess:
    """The running access of a user name; LockedError for a wrong PIN, after the same work. Every try counts."""
    accounts = settings.accounts
    with sign_in_lane.enter_lane(accounts, client, has_session=has_session):
        sign_in_delays.count_attempt(vault.home, accounts, vault.clock(), username, client)
        running = _open_access(vault, settings, username, pin)
    sign_in_delays.clear_failures(vault.home, username, client)
    return running


def _open_access(vault: Vault, settings: Settings, username: str, pin: str) -> BreakGlassAccess:
    access = store.find_access_by_username(vault.db, username)
    stored = store.fetch_pin(vault.db, access.id) if access else ""
    slot = (
        Slot(**json.loads(stored))
        if stored
        else slots.new_slot("", "", "pin", "", settings.accounts)
    )
    is_right = slots.open_identity(slot, pin) is not None and bool(stored)
    running = policies.check_running(access, vault.now())
    if not is_right:
        raise keys.refused_error()
    return running
