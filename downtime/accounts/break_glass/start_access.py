"""Start an access: by somebody who is signed in, or with the sealed code of a ward; go on with it after a lock."""

import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

import sqlite_utils

from downtime.accounts import sessions, sign_in_delays, sign_in_lane
from downtime.accounts.break_glass import policies
from downtime.accounts.break_glass.check_pin import check_pin
from downtime.accounts.break_glass.model import (
    AccessDraft,
    AuditAction,
    BreakGlassAccess,
    name_slot,
)
from downtime.accounts.model import Person, Role
from downtime.accounts.people import make_person
from downtime.accounts.store import accounts
from downtime.accounts.store import break_glass as store
from downtime.clock import Clock, to_text
from downtime.config import Home
from downtime.errors import LockedError
from downtime.settings import Settings
from downtime.vault import device, keys, slots
from downtime.vault.migrate_vault import open_vault
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class StartedAccess:
    """An access that has begun, the token of its session, and the vault in which it stands."""

    access: BreakGlassAccess
    token: str
    vault: Vault


def start_access(
    vault: Vault, settings: Settings, draft: AccessDraft, sponsor: Actor
) -> StartedAccess:
    """Let somebody in under the name of a person who is signed in, and answers for it."""
    policies.check_draft(draft, settings.break_glass)
    with vault.change(
        sponsor, AuditAction.BREAK_GLASS_START, target="", reason=draft.reason.strip()
    ) as db:
        access = _insert(vault, settings, db, draft, sponsor, "")
    return StartedAccess(access, _open_session(vault, settings, access), vault)


def start_with_ward_code(
    home: Home,
    settings: Settings,
    clock: Clock,
    label: str,
    code: str,
    draft: AccessDraft,
    *,
    vault: Vault | None = None,
    client: str = "",
) -> StartedAccess:
    """Open the vault with the code from a ward's envelope, which then opens nothing any more.

    LockedError with one sentence for a wrong label, a wrong code and one that was used.
    """
    policies.check_draft(draft, settings.break_glass)
    keys.check_home_exists(home)
    slot = name_slot(label.strip().upper())
    with sign_in_lane.enter_lane(settings.accounts, client):
        sign_in_delays.count_attempt(home, settings.accounts, clock(), slot, client)
        try:
            data_key = keys.open_slot(home, slot, code.strip().lower())
        except LockedError:
            raise policies.refused_code_error() from None
    opened = vault or open_vault(home, settings, data_key, clock)
    try:
        started = _use_code(opened, settings, label.strip().upper(), draft)
    except BaseException:
        if opened is not vault:
            opened.close()
        raise
    sign_in_delays.clear_failures(home, slot, client)
    return started


def _use_code(vault: Vault, settings: Settings, label: str, draft: AccessDraft) -> StartedAccess:
    code = policies.check_code(store.find_code(vault.db, label))
    draft = replace(draft, ward=code.ward, patient="")
    nobody = Actor("", f"Sealed code {label}", device.read_own_code(vault.home))
    with vault.change(
        nobody, AuditAction.BREAK_GLASS_START, target=label, reason=draft.reason.strip()
    ) as db:
        policies.check_code(store.find_code(db, label))
        access = _insert(vault, settings, db, draft, nobody, label)
        store.set_code_used(db, label, vault.now(), access.id)
        following = keys.remove_slot(vault.home, vault.data_key, name_slot(label))
    if following is not None:
        keys.renew_data_key(vault, following)
    return StartedAccess(access, _open_session(vault, settings, access), vault)


def resume_access(
    vault: Vault, settings: Settings, username: str, pin: str, *, client: str = ""
) -> StartedAccess:
    """Go on on a laptop that somebody else used meanwhile; LockedError when it is over, or for a wrong PIN."""
    username = username.strip().lower()
    access = check_pin(vault, settings, username, pin, client=client)
    actor = Actor(access.person, access.name, device.read_own_code(vault.home))
    with vault.change(actor, AuditAction.BREAK_GLASS_RESUME, target=access.id):
        pass
    return StartedAccess(access, _open_session(vault, settings, access), vault)


def _insert(
    vault: Vault,
    settings: Settings,
    db: sqlite_utils.Database,
    draft: AccessDraft,
    sponsor: Actor,
    label: str,
) -> BreakGlassAccess:
    code = device.read_own_code(vault.home)
    username = f"guest-{code.lower()}-{secrets.token_hex(3)}"
    person: Person = make_person(username, draft.name, Role.GUEST, False)
    accounts.add_person(db, person, "", vault.now())
    access = BreakGlassAccess(
        id=f"{code}-B{secrets.token_hex(4).upper()}",
        person=person.id,
        username=username,
        name=person.name,
        employer=draft.employer.strip(),
        registration=draft.registration.strip(),
        reason=draft.reason.strip(),
        ward=draft.ward,
        patient=draft.patient,
        started=vault.now(),
        ends=to_text(vault.clock() + timedelta(minutes=draft.minutes)),
        sponsor=sponsor.id,
        sponsor_name=sponsor.name if sponsor.id else "",
        ward_code=label,
        device=code,
        ended="", ended_by="", verdict="", reviewed="", reviewed_by="", reviewed_name="", note="",
    )  # fmt: skip
    slot = slots.new_slot("", username, "pin", draft.pin, settings.accounts)
    store.insert_access(db, access, json.dumps(asdict(slot)))
    return access


def _open_session(vault: Vault, settings: Settings, access: BreakGlassAccess) -> str:
    person = accounts.get_person(vault.db, access.person)
    return sessions.start_session(vault, settings, person, access.device, ends=access.ends)
