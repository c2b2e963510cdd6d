"""One-time codes by time (RFC 6238): 30-second steps, each accepted once and never an earlier one."""

import secrets
from datetime import datetime

import pyotp
import sqlite_utils

from downtime.accounts.store import accounts

STEP_SECONDS = 30
_DRIFT = (0, -1, 1)  # steps that a phone's clock may be off


def make_secret() -> str:
    """160 random bits as base32 (RFC 4226 section 4)."""
    return pyotp.random_base32()


def make_uri(secret: str, username: str, site: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"Downtime {site}")


def make_code(secret: str, moment: datetime) -> str:
    """The six digits that the app shows at a moment."""
    return pyotp.TOTP(secret).at(moment)


def accept_code(db: sqlite_utils.Database, person_id: str, typed: str, moment: datetime) -> bool:
    """Take a typed code, inside the caller's immediate transaction.

    Only the present step and one to either side, and only later than the last one accepted.
    """
    secret = accounts.fetch_totp_secret(db, person_id)
    digits = "".join(c for c in typed if not c.isspace())
    step = int(moment.timestamp()) // STEP_SECONDS
    generator = pyotp.HOTP(secret) if secret else None
    for drift in _DRIFT:
        if generator and _is_equal(generator.at(step + drift), digits):
            return accounts.use_totp_step(db, person_id, step + drift)
    return False


def _is_equal(expected: str, typed: str) -> bool:
    return secrets.compare_digest(expected.encode(), typed.encode())
