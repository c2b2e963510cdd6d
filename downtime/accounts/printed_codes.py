"""A person's printed sheet of single-use codes: a second factor that needs neither a phone nor a clock.

Made by the person or an administrator, shown once, kept as hashes only: a code has 59 random bits, and
whoever could try so many has the vault open already. A new sheet withdraws the one before. A code opens
nothing without the password.
"""

import hashlib
import secrets
from dataclasses import dataclass

import sqlite_utils

from downtime.accounts.model import AuditAction, Person
from downtime.accounts.policies import check_can_print_codes
from downtime.accounts.readable_secrets import make_readable_secret
from downtime.accounts.store import accounts, second_factors
from downtime.accounts.store.second_factors import PrintedCode
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault

CODES = 10
_GROUPS, _GROUP = 3, 4


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """What is printed once: the person's codes in the order of their numbers, from 1."""

    person: Person
    name: str
    """Of the sheet, to tell an old one from the one that counts."""
    device: str
    created: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A printed code that has just been used, and how many are left."""

    number: int
    remaining: int


def create_codes(vault: Vault, person_id: str, actor: Actor, reason: str) -> CodeSheet:
    """A new sheet; ForbiddenError for anybody but the person and an administrator."""
    person = accounts.get_person(vault.db, person_id)
    check_can_print_codes(person, accounts.get_person(vault.db, actor.id))
    codes = tuple(_make_code() for _ in range(CODES))
    sheet, created = secrets.token_hex(2).upper(), vault.now()
    with vault.change(
        actor, AuditAction.PERSON_PRINT_CODES, target=person_id, reason=check_reason(reason)
    ) as db:
        second_factors.withdraw_codes(db, person_id, created)
        for number, code in enumerate(codes, 1):
            second_factors.insert_code(
                db,
                PrintedCode(
                    person=person_id,
                    sheet=sheet,
                    number=number,
                    hash=_hash_code(person_id, code),
                    created=created,
                    created_by=actor.id,
                ),
            )
    return CodeSheet(person, sheet, actor.device, created, codes)


def use_code(db: sqlite_utils.Database, person_id: str, typed: str, now: str) -> UsedCode | None:
    """Take a typed code, in the caller's transaction; None when it is none that is left."""
    code = second_factors.find_live_code(db, person_id, _hash_code(person_id, typed))
    if code is None or not second_factors.set_code_used(db, code, now):
        return None
    return UsedCode(code.number, second_factors.count_live_codes(db).get(person_id, 0))


def count_left(vault: Vault, person_id: str) -> int:
    """How many codes a person has left."""
    return count_all_left(vault).get(person_id, 0)


def count_all_left(vault: Vault) -> dict[str, int]:
    """How many codes are left, by person; who has none is not in it."""
    return second_factors.count_live_codes(vault.db)


def looks_printed(typed: str) -> bool:
    """Whether somebody typed a code of a sheet, not of an authenticator."""
    return len(_plain(typed)) == _GROUPS * _GROUP and not _plain(typed).isdecimal()


def _make_code() -> str:
    code = make_readable_secret(_GROUPS, _GROUP)
    return code if looks_printed(code) else _make_code()


def _plain(typed: str) -> str:
    return "".join(c for c in typed.lower() if c.isalnum())


def _hash_code(person_id: str, typed: str) -> str:
    return hashlib.sha256(f"downtime-printed:{person_id}:{_plain(typed)}".encode()).hexdigest()
