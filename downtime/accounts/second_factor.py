"""What is asked beside the password: a code of the phone or of the printed sheet, and why one was refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlite_utils

from downtime.accounts import own_secrets, printed_codes, totp
from downtime.accounts.own_secrets import OwnKey
from downtime.accounts.printed_codes import UsedCode
from downtime.clock import to_text
from downtime.errors import LockedError
from downtime.settings import Settings

FEW_CODES = 3
"""So many or fewer are said to be few."""


@dataclass(frozen=True, slots=True)
class TypedCode:
    """What somebody typed, with what it is compared with: slow to make, so made before a transaction."""

    text: str
    secret: str | None
    """Of their authenticator; empty for an account without one, None when their key does not open it."""
    printed: str = ""
    """As their sheet keeps such a code; empty where it is none of a sheet."""


class AcceptedCode(NamedTuple):
    """A code that was taken; `printed` when it stood on the sheet."""

    printed: UsedCode | None = None


def read_code(
    db: sqlite_utils.Database, person_id: str, typed: str, own_key: OwnKey | None
) -> TypedCode:
    """A typed code of either kind, ready to be compared."""
    if printed_codes.looks_printed(typed):
        return TypedCode(typed, "", printed_codes.hash_typed(db, person_id, typed))
    return TypedCode(typed, own_secrets.open_secret(db, person_id, own_key))


def accept_code(
    db: sqlite_utils.Database, person_id: str, typed: TypedCode, moment: datetime
) -> AcceptedCode | None:
    """Take a code of either kind, in the caller's transaction; None when it is not right."""
    if typed.printed:
        used = printed_codes.use_code(db, person_id, typed.printed, to_text(moment))
        return AcceptedCode(used) if used else None
    is_right = totp.accept_code(db, person_id, typed.secret or "", typed.text, moment)
    return AcceptedCode() if is_right else None


def explain_sealed() -> LockedError:
    """Why no code of a phone is taken: its secret is sealed to a key that this password does not open."""
    return LockedError(
        "signin.code-sealed",
        "Your one-time codes cannot be checked: the key file of this home is older than your password here.",
        "Sign in with a code of your printed sheet, or ask an administrator for a new password.",
    )


def explain_offset(offset: int, moment: datetime, settings: Settings) -> LockedError:
    """Why a code that fits another time was refused, and what to do; `offset` is in steps of 30 seconds.

    It is only told to who knows the password: by its key slot, the vault.
    """
    zone = ZoneInfo(settings.site.time_zone)
    fitting = moment + timedelta(seconds=offset * totp.STEP_SECONDS)
    sentence = (
        f"This laptop's clock says {_word_moment(moment, zone)}; your code fits"
        f" {_word_moment(fitting, zone)}: about {_word_distance(offset)} off."
    )
    if abs(offset) > totp.MOST_DRIFT:
        return LockedError(
            "signin.clock",
            sentence,
            "Sign in with a code of your printed sheet, and have the laptop's clock set.",
        )
    return LockedError(
        "signin.clock-near",
        sentence,
        "Wait for the next code and sign in with that one: then the difference is known here.",
    )


def describe_used(used: UsedCode) -> str:
    """What who has just signed in with a printed code has to know."""
    count = f"{used.remaining} are" if used.remaining != 1 else "1 is"
    advice = " Make a new sheet: Printed codes, behind your name."
    return (
        f"Code {used.number} of your printed sheet is used: cross it off. {count} left."
        + advice * (used.remaining <= FEW_CODES)
    )


def _word_moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d-%b-%Y %H:%M}"


def _word_distance(offset: int) -> str:
    minutes = max(1, round(abs(offset) * totp.STEP_SECONDS / 60))
    if minutes < 90:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{round(minutes / 60)} hours"
