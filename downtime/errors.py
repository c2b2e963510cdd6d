"""Every error a user may meet, as one tree; an exception outside it is a bug.

UserError                exit 1   a code, a sentence, a next step
├── InputError           exit 1   what was given cannot be used
├── NotFoundError        exit 1   what was named does not exist
├── ConflictError        exit 1   the present state forbids it
├── LockedError          exit 1   the vault is locked, or the sign-in failed
├── ForbiddenError       exit 1   this person may not do it
├── BusyError            exit 1   too many ask for the same at this moment
├── UntrustedError       exit 1   a bundle is tampered with, truncated, older or foreign
├── UsageError           exit 2   the command was given the wrong words
└── StaleDataError       exit 3   it worked, and the data is older than allowed
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class UserError(Exception):
    """A fault that a person can act on: never holds patient data.

    `code` is stable and dotted (`bundle.truncated`), `sentence` says what is wrong and where,
    `next_step` says what to do now.
    """

    exit_code = 1
    http_status = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, sentence: str, next_step: str) -> None:
        super().__init__(f"{sentence} {next_step}")
        self.code = code
        self.sentence = sentence
        self.next_step = next_step


class InputError(UserError):
    """What was given (a file, a value, a form) cannot be used."""


class NotFoundError(UserError):
    """What was named does not exist here."""

    http_status = HTTPStatus.NOT_FOUND


class ConflictError(UserError):
    """The present state forbids it: a lifecycle's move, or somebody else came first."""

    http_status = HTTPStatus.CONFLICT


class LockedError(UserError):
    """The vault is locked, or the sign-in failed."""

    http_status = HTTPStatus.UNAUTHORIZED


class ForbiddenError(UserError):
    """The person is known and may not do this."""

    http_status = HTTPStatus.FORBIDDEN


class BusyError(UserError):
    """Too many ask for the same at this moment."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE


class UntrustedError(UserError):
    """A bundle or signature that must not be believed."""


class UsageError(UserError):
    """The command was given the wrong words."""

    exit_code = 2


class StaleDataError(UserError):
    """The work was done, on data older than the site allows."""

    exit_code = 3


def parse_choice(kind: type[E], word: str, code: str, sentence: str) -> E:
    """The member of an enumeration that a word names; InputError, with the words there are."""
    if word not in tuple(kind):
        raise InputError(code, sentence, f"Choose {', '.join(kind)}.")
    return kind(word)


def refusal_of(check: Callable[..., object], *arguments: object) -> str:
    """The sentence with which a check refuses; empty when it does not."""
    try:
        check(*arguments)
    except UserError as error:
        return error.sentence
    return ""


def apply_to_each(names: Sequence[str], do: Callable[[str], T]) -> list[T]:
    """Do something for each; an error says for which, and that those before it are done."""
    done: list[T] = []
    for name in names:
        try:
            done.append(do(name))
        except UserError as error:
            if len(names) > 1:
                error.sentence = f"{name}: {error.sentence}"
            if done:
                error.next_step += f" The {len(done)} before it are done: leave them out."
            raise
    return done
