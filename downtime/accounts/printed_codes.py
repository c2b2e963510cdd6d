"""A person's printed sheet of single-use codes: a second factor that needs neither a phone nor a clock.

Made by the person or an administrator, shown once, kept as slow hashes with a salt of the sheet: a code has 59
random bits. Sheets of an earlier version are kept as SHA-256. A new sheet withdraws the one before. A code
opens nothing without the password.
"""

import hashlib
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass

import sqlite_utils

from downtime.accounts.model import AuditAction, Person
from downtime.accounts.policies import check_can_print_codes
from downtime.accounts.readable_secrets import make_readable_secret
from downtime.accounts.store import accounts, second_factors
from downtime.accounts.store.second_factors import PrintedCode
from downtime.settings import AccountsSettings
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.slots import derive_slowly
from downtime.vault.vault import Vault

CODES = 10
_GROUPS, _GROUP = 3, 4
_SLOW = "argon2id"


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


def create_codes(
    vault: Vault, cost: AccountsSettings, person_id: str, actor: Actor, reason: str
) -> CodeSheet:
    """A new sheet; ForbiddenError for anybody but the person and an administrator."""
    person = accounts.get_person(vault.db, person_id)
    check_can_print_codes(person, accounts.get_person(vault.db, actor.id))
    codes = tuple(_make_code() for _ in range(CODES))
    sheet, created = secrets.token_hex(2).upper(), vault.now()
    how = _describe_hash(cost)
    hashes = [_hash_slowly(how, person_id, code) for code in codes]
    with vault.change(
        actor, AuditAction.PERSON_PRINT_CODES, target=person_id, reason=check_reason(reason)
    ) as db:
        second_factors.withdraw_codes(db, person_id, created)
        for number, code_hash in enumerate(hashes, 1):
            second_factors.insert_code(
                db,
                PrintedCode(
                    person=person_id,
                    sheet=sheet,
                    number=number,
                    hash=code_hash,
                    created=created,
                    created_by=actor.id,
                ),
            )
    return CodeSheet(person, sheet, actor.device, created, codes)


def hash_typed(db: sqlite_utils.Database, person_id: str, typed: str) -> str:
    """A typed code as the person's sheet keeps its codes; slow, so done before a transaction."""
    stored = second_factors.find_live_hash(db, person_id)
    if not stored.startswith(_SLOW):
        return _hash_fast(person_id, typed)
    return _hash_slowly(stored.rpartition("$")[0], person_id, typed)


def use_code(
    db: sqlite_utils.Database, person_id: str, code_hash: str, now: str
) -> UsedCode | None:
    """Take a code by its hash, in the caller's transaction; None when it is none that is left."""
    code = second_factors.find_live_code(db, person_id, code_hash)
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


def _describe_hash(cost: AccountsSettings) -> str:
    """How the codes of a new sheet are hashed: the method, its cost, and a salt that is theirs."""
    salt = b64encode(secrets.token_bytes(16)).decode()
    numbers = (cost.argon2_time_cost, cost.argon2_memory_kib, cost.argon2_parallelism)
    return "$".join([_SLOW, *map(str, numbers), salt])


def _hash_slowly(how: str, person_id: str, typed: str) -> str:
    _, time_cost, memory_kib, parallelism, salt = how.split("$")
    numbers = int(time_cost), int(memory_kib), int(parallelism)
    digest = derive_slowly(f"{person_id}:{_plain(typed)}", b64decode(salt), *numbers)
    return f"{how}${b64encode(digest).decode()}"


def _hash_fast(person_id: str, typed: str) -> str:
    return hashlib.sha256(f"downtime-printed:{person_id}:{_plain(typed)}".encode()).hexdigest()
