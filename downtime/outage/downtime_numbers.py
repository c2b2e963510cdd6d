"""Downtime numbers: who a patient is until a hospital number can be given.

Every laptop gives them out from a block of its own, which its device code names, so two laptops
never give out the same one; a number is never used again. `D`, the device code, five digits and an
ISO 7064 check character: `DK700042X`. A machine whose home was copied or put back takes blocks with a
name of six random characters, and three digits: `DK7QXWMRT042X`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count as count_from

from sqlite_utils import Database

from downtime.clinical.identifiers import add_check_character, has_check_character
from downtime.errors import ConflictError, InputError
from downtime.outage import store
from downtime.outage.model import AuditAction
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.marks import MarkName, NumberBlock
from downtime.vault.model import Actor
from downtime.vault.raise_marks import (
    BLOCK_NUMBERS,
    NumberRange,
    choose_ranges,
    find_block,
    take_numbers,
)
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyError

SHORTEST_BEGINNING = 3
"""`D` and the device's code: what all numbers of a laptop begin with."""
_NUMBER = re.compile(r"D[A-HJ-NP-Z2-9]{2}(?:[0-9]{5}|[A-HJ-NP-Z2-9]{6}[0-9]{3})[0-9A-Z]")


@dataclass(frozen=True, slots=True)
class Supply:
    """What is left of this machine's block."""

    kind: str
    remaining: int
    total: int
    is_low: bool

    @property
    def sentence(self) -> str:
        """`Only 180 of 1,000 downtime numbers are left on this laptop.`"""
        only = "Only " if self.is_low else ""
        return f"{only}{self.remaining:,} of {self.total:,} {self.kind} are left on this laptop."


@dataclass(frozen=True, slots=True)
class NumberIssue:
    """When a downtime number was given out (UTC), and the id of the person who did."""

    number: str
    issued: str
    issued_by: str


def make_supply(what: str, in_use: NumberBlock, total: int, settings: Settings) -> Supply:
    """What is left of a block; low from the share that the settings say.

    `total` is that of a first block. A named one is never low: the next follows by itself.
    """
    if in_use.block:
        return Supply(what, BLOCK_NUMBERS - in_use.used, BLOCK_NUMBERS, is_low=False)
    remaining = total - in_use.used
    is_low = remaining * 100 <= total * settings.paper.block_warning_percent
    return Supply(what, remaining, total, is_low)


def issue_numbers(
    vault: Vault, settings: Settings, count: int, actor: Actor, reason: str
) -> list[str]:
    """Give out the next `count` numbers; ConflictError when the block does not hold them."""
    with vault.change(actor, AuditAction.NUMBER_ISSUE, target=str(count), reason=reason) as db:
        return issue_in_transaction(vault, settings, db, count, actor)


def issue_for_paper(
    vault: Vault, settings: Settings, count: int, actor: Actor, reason: str
) -> list[str]:
    """As `issue_numbers`, for forms that are printed now.

    While nothing can be written they come from a block that is named at random, so that none comes
    twice, and wait to be kept.
    """
    try:
        return issue_numbers(vault, settings, count, actor, reason)
    except ReadOnlyError as error:
        if not error.reason.lets_print:
            raise
    code, now = device.read_own_card(vault.home).code, vault.now()
    numbers = _word_numbers(code, choose_ranges(count))

    def write(db: Database) -> None:
        first = store.last_position(db, code) + 1
        store.insert_numbers(db, list(zip(numbers, count_from(first))), now, actor.id)

    vault.queue(actor, AuditAction.NUMBER_ISSUE, write, target=str(count), reason=reason)
    return numbers


def issue_in_transaction(
    vault: Vault, settings: Settings, db: Database, count: int, actor: Actor
) -> list[str]:
    """The same inside the caller's own change."""
    if count < 1:
        raise InputError("number.count", "No number was asked for.", "Ask for one or more.")
    code = device.read_own_card(vault.home).code
    numbers = _take_numbers(vault, settings, db, code, count)
    first = store.last_position(db, code) + 1
    store.insert_numbers(db, list(zip(numbers, count_from(first))), vault.now(), actor.id)
    return numbers


def _take_numbers(
    vault: Vault, settings: Settings, db: Database, code: str, count: int
) -> list[str]:
    limit = settings.paper.downtime_number_block
    known = store.last_number_in_first_block(db, code)
    in_use = find_block(vault, MarkName.DOWNTIME_NUMBER, known)
    if not in_use.block and in_use.used + count > limit:
        raise ConflictError(
            "number.exhausted",
            "This laptop's block of downtime numbers does not hold that many.",
            "Take them from another laptop, or enlarge paper.downtime_number_block.",
        )
    return _word_numbers(
        code, take_numbers(vault, db, MarkName.DOWNTIME_NUMBER, count, known, limit)
    )


def _word_numbers(code: str, ranges: Sequence[NumberRange]) -> list[str]:
    return [
        _make_number(code, block, number)
        for block, first, length in ranges
        for number in range(first, first + length)
    ]


def _make_number(code: str, block: str, number: int) -> str:
    return add_check_character(f"D{code}{block}{number:03}" if block else f"D{code}{number:05}")


def count_supply(vault: Vault, settings: Settings) -> Supply:
    """How many numbers are left, and whether that is low."""
    known = store.last_number_in_first_block(vault.db, device.read_own_code(vault.home))
    in_use = find_block(vault, MarkName.DOWNTIME_NUMBER, known)
    return make_supply("downtime numbers", in_use, settings.paper.downtime_number_block, settings)


def list_issue_times(vault: Vault) -> list[str]:
    """When this machine's numbers were given out (UTC)."""
    return [row["issued"] for row in store.fetch_numbers(vault.db)]


def looks_like_number(text: str) -> bool:
    """Whether a text has the form of a downtime number, right or wrong in its check character."""
    return bool(_NUMBER.fullmatch(_compact(text)))


def parse_number(text: str) -> str:
    """The downtime number that was typed or scanned, in any case; empty when its check fails."""
    number = _compact(text)
    return number if looks_like_number(number) and has_check_character(number) else ""


def find_issues(vault: Vault, text: str) -> list[NumberIssue]:
    """The numbers known here to be given out that begin with what was typed, oldest first."""
    beginning = _compact(text)
    rows = store.fetch_numbers(vault.db) if len(beginning) >= SHORTEST_BEGINNING else ()
    return [
        NumberIssue(row["number"], row["issued"], row["issued_by"])
        for row in rows
        if row["number"].startswith(beginning)
    ]


def _compact(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()
