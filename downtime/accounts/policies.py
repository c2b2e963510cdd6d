"""What an account has to fulfil: its names, its role, its password, and who must stay."""

import re
from collections.abc import Iterable
from itertools import pairwise

from downtime.accounts.common_passwords import is_common
from downtime.accounts.model import AccountState, Permission, Person, Role
from downtime.accounts.permissions import is_permitted
from downtime.errors import ConflictError, ForbiddenError, InputError, LockedError
from downtime.settings import AccountsSettings
from downtime.vault.lifecycle import Lifecycle

MAX_NAME = 60  # what a sign-off line on a form holds
_LEAST_PIN_DIGITS = 3  # different ones
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")

LIFECYCLE = Lifecycle(
    "account",
    {
        AccountState.ACTIVE: (AccountState.DISABLED,),
        AccountState.DISABLED: (AccountState.ACTIVE,),
    },
)


def check_username(typed: str) -> str:
    """The user name as it is stored: lower case, 2 to 40 of `a-z 0-9 . _ -`."""
    username = typed.strip().lower()
    if _USERNAME.fullmatch(username):
        return username
    raise InputError(
        "person.username",
        "A user name has 2 to 40 letters, digits, dots, dashes or underlines.",
        "Choose another, for example 'a.ward'.",
    )


def check_name(typed: str) -> str:
    """The name as it is shown and printed: one line of printable characters."""
    if name := _read_line(typed, least=2):
        return name
    raise InputError(
        "person.name",
        f"A person's name has 2 to {MAX_NAME} printable characters.",
        "Give the name as it should stand on screens and prints.",
    )


def _read_line(typed: str, least: int) -> str:
    """One line of printable characters, with single spaces; empty when it is not one."""
    name = " ".join(typed.split())
    return name if least <= len(name) <= MAX_NAME and name.isprintable() else ""


def check_role(role: str) -> Role:
    """The role of that name; InputError when there is none."""
    try:
        return Role(role)
    except ValueError:
        raise InputError(
            "person.role", f"There is no role '{role}'.", f"The roles are {', '.join(Role)}."
        ) from None


def check_password(password: str, shortest: int, username: str, own_words: Iterable[str]) -> str:
    """Long, no user name, none that anybody tries first; no rules about kinds of characters.

    NIST SP 800-63B 5.1.1.2; `own_words` are names of the person and the hospital.
    """
    if len(password) < shortest or username in password.lower():
        raise InputError(
            "person.password",
            f"A password has {shortest} characters or more and does not hold the user name.",
            "Take three or four unrelated words.",
        )
    if is_common(password, own_words):
        raise InputError(
            "person.password-common",
            "That password is one of the first that anybody would try: a common one, or made of names"
            " and words of this place.",
            "Take three or four unrelated words, none of them your name or the hospital's.",
        )
    return password


def check_pin_choice(pin: str, settings: AccountsSettings) -> None:
    """InputError for a PIN that is no row of digits, too short or too easy."""
    longest = settings.password_min_length - 1
    if not (pin.isdecimal() and pin.isascii() and settings.pin_length <= len(pin) <= longest):
        raise InputError(
            "pin.form",
            f"A PIN has {settings.pin_length} to {longest} digits.",
            "Choose one that nobody here knows of you.",
        )
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if len(set(pin)) < _LEAST_PIN_DIGITS or len(steps) == 1:
        raise InputError(
            "pin.easy",
            "That PIN is one of the first that anybody would try.",
            "Choose digits that are not in a row and not all alike.",
        )


def check_passkey_name(typed: str) -> str:
    """What its owner calls a passkey: one line of printable characters."""
    if name := _read_line(typed, least=1):
        return name
    raise InputError(
        "passkey.name",
        f"A passkey's name has 1 to {MAX_NAME} characters.",
        "Say what it lies in: 'my phone'.",
    )


def check_is_human(role: Role) -> None:
    """InputError for the role of a program, or of somebody let in by break-glass."""
    if role is Role.GUEST:
        raise InputError(
            "person.guest",
            "Somebody let in by break-glass has no account that lasts.",
            "Make an account for the person, with another role.",
        )
    if role is Role.SERVICE:
        raise InputError(
            "person.service",
            "An account for a program has an unlock file, no password and no other role.",
            "Make a service account with its file, and close the one that is not needed.",
        )


def check_is_open(person: Person) -> None:
    """ConflictError when the account is closed."""
    if not person.is_active:
        raise ConflictError(
            "person.closed", "That account is closed.", "Open it again, which sets a password too."
        )


def check_can_print_codes(person: Person, actor: Person) -> None:
    """ForbiddenError for who is neither the person nor an administrator; else as for a password."""
    if actor.id != person.id and not is_permitted(actor, Permission.PERSON_MANAGE):
        raise ForbiddenError(
            "person.codes",
            "A sheet of codes is made by the person whose it is, or by an administrator.",
            "Ask them.",
        )
    check_is_human(person.role)
    check_is_open(person)


def must_choose_password(person: Person, permission: Permission) -> bool:
    """Whether the password was made by the program or somebody else: until then only one's own account opens.

    Whoever chose a first password could otherwise act in its owner's name.
    """
    return person.initial_password and permission is not Permission.SESSION_OWN


def check_password_is_own(person: Person, permission: Permission) -> None:
    """LockedError while somebody else knows the password."""
    if must_choose_password(person, permission):
        raise LockedError(
            "signin.first-password",
            "Your password is a first one, made for you.",
            "Choose your own with 'downtime person password', or at the first sign-in on the"
            " screen.",
        )
