"""One-time codes by time (RFC 6238): 30-second steps, each accepted once and never an earlier one.

A phone and this machine may go apart. By one step that is followed as codes come in. By more, up to
`MOST_DRIFT` steps, two codes one after the other prove it (the resynchronisation of RFC 4226 section
7.4): the first is refused with the reason, its successor is taken and the difference learned.
"""

import secrets
from dataclasses import replace
from datetime import datetime

import pyotp
import sqlite_utils

from downtime.accounts.store import accounts, second_factors
from downtime.accounts.store.second_factors import CodeDrift

STEP_SECONDS = 30
MOST_DRIFT = 20
"""Steps that can be learned: ten minutes. A code seen over a shoulder is worth nothing for longer."""
MOST_SEARCHED = 26 * 3600 // STEP_SECONDS
"""Steps in which a wrong clock is looked for, to name it: a wrong time zone, a wrong day."""
_SUCCESSORS = 10  # steps within which the second code comes
_WINDOW = (0, -1, 1)


def make_secret() -> str:
    """160 random bits as base32 (RFC 4226 section 4)."""
    return pyotp.random_base32()


def make_uri(secret: str, username: str, site: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"Downtime {site}")


def make_code(secret: str, moment: datetime) -> str:
    """The six digits that the app shows at a moment."""
    return pyotp.TOTP(secret).at(moment)


def accept_code(
    db: sqlite_utils.Database, person_id: str, secret: str, typed: str, moment: datetime
) -> bool:
    """Take a typed code, inside the caller's immediate transaction.

    Only one of the present steps, by this clock or by what was learned of it, or the successor of a code
    that was offered; and only later than the last one accepted.
    """
    if not secret:
        return False
    generator = pyotp.HOTP(secret)
    digits, step = _only_digits(typed), _step_of(moment)
    known = second_factors.fetch_drift(db, person_id)
    for offset in _list_offsets(known, step):
        if _is_equal(generator.at(step + offset), digits):
            if not accounts.use_totp_step(db, person_id, step + offset):
                return False
            second_factors.save_drift(db, CodeDrift(person=person_id, drift=offset))
            return True
    return False


def find_offset(
    db: sqlite_utils.Database, person_id: str, secret: str, typed: str, moment: datetime
) -> int | None:
    """By how many steps this machine's clock would have to be behind for a code to fit, the least of all.

    None for a code that fits no time nearby, or is not newer than the last one accepted.
    """
    digits = _only_digits(typed)
    if not secret or len(digits) != pyotp.HOTP(secret).digits:
        return None
    generator = pyotp.HOTP(secret)
    step, last = _step_of(moment), accounts.fetch_totp_last_step(db, person_id)
    for distance in range(1, MOST_SEARCHED + 1):
        for offset in (distance, -distance):
            if step + offset > last and _is_equal(generator.at(step + offset), digits):
                return offset
    return None


def offer_code(db: sqlite_utils.Database, person_id: str, offset: int, moment: datetime) -> None:
    """Keep a refused code's time, so that its successor proves how far the clock is off."""
    known = second_factors.fetch_drift(db, person_id)
    step = _step_of(moment) + offset
    second_factors.save_drift(db, replace(known, offered_step=step, offered_offset=offset))


def _list_offsets(known: CodeDrift, step: int) -> list[int]:
    """The steps, beside this clock's, of which a code is taken: nearest to what is known first."""
    offsets = [known.drift + change for change in _WINDOW] + list(_WINDOW)
    if known.offered_step:
        first = known.offered_step - step + 1
        offsets += [
            offset
            for offset in range(first, first + _SUCCESSORS)
            if abs(offset - known.offered_offset) <= 1
        ]
    return [offset for offset in dict.fromkeys(offsets) if abs(offset) <= MOST_DRIFT]


def _step_of(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def _only_digits(typed: str) -> str:
    return "".join(c for c in typed if not c.isspace())


def _is_equal(expected: str, typed: str) -> bool:
    return secrets.compare_digest(expected.encode(), typed.encode())
