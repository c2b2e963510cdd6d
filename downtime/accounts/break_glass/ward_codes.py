"""Sealed codes of wards: made by an administrator, printed once, put into an envelope; each opens once."""

from typing import NamedTuple

from downtime.accounts.break_glass.model import AuditAction, WardCode
from downtime.accounts.people import make_password
from downtime.accounts.store import break_glass as store
from downtime.errors import InputError, NotFoundError
from downtime.settings import Settings
from downtime.vault import keys
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault

MOST_WARD = 20


class NewWardCode(NamedTuple):
    """A code as it is shown once."""

    ward_code: WardCode
    secret: str


def create_ward_code(
    vault: Vault, settings: Settings, ward: str, actor: Actor, reason: str
) -> NewWardCode:
    """A new code for a ward; others of that ward stay as they are. InputError without a ward."""
    ward = ward.strip()
    if not 1 <= len(ward) <= MOST_WARD or not ward.isprintable():
        raise InputError("ward-code.ward", "The ward is missing.", "Name the ward it lies on.")
    secret = make_password()
    with vault.change(
        actor, AuditAction.WARD_CODE_CREATE, target=ward, reason=check_reason(reason)
    ) as db:
        number = sum(code.ward == ward for code in store.fetch_codes(db)) + 1
        code = WardCode(
            label=f"{ward.upper()}-{number}", ward=ward, created=vault.now(), created_by=actor.id,
            created_name=actor.name, used="", access="", withdrawn="",
        )  # fmt: skip
        store.insert_code(db, code)
        keys.add_slot(vault.home, vault.data_key, code.slot, "ward-code", secret, settings.accounts)
    return NewWardCode(code, secret)


def list_ward_codes(vault: Vault) -> list[WardCode]:
    """All codes by label, used ones too."""
    return store.fetch_codes(vault.db)


def withdraw_ward_code(vault: Vault, label: str, actor: Actor, reason: str) -> None:
    """Let a code open nothing any more, of an envelope that is lost; the data key is renewed. NotFoundError."""
    code = store.find_code(vault.db, label)
    if code is None or not code.is_open:
        raise NotFoundError(
            "ward-code.unknown", "There is no unused code of that label.", "See the list of codes."
        )
    with vault.change(
        actor, AuditAction.WARD_CODE_WITHDRAW, target=label, reason=check_reason(reason)
    ) as db:
        store.set_code_withdrawn(db, label, vault.now())
        following = keys.remove_slot(vault.home, vault.data_key, code.slot)
    if following is not None:
        keys.renew_data_key(vault, following)
