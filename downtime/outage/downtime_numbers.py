"""Downtime numbers: who a patient is until a hospital number can be given.

Every laptop gives them out from a block of its own, which its device code names, so two laptops
never give out the same one; a number is never used again. `D`, the device code, five digits and an
ISO 7064 check character: `DK700042X`.
"""

from dataclasses import dataclass

from downtime.clinical.identifiers import add_check_character
from downtime.errors import ConflictError, InputError
from downtime.outage import store
from downtime.outage.model import AuditAction
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


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


def make_supply(what: str, used: int, total: int, settings: Settings) -> Supply:
    """What is left of a block; low from the share that the settings say."""
    remaining = total - used
    return Supply(
        what, remaining, total, remaining * 100 <= total * settings.paper.block_warning_percent
    )


def issue_numbers(
    vault: Vault, settings: Settings, count: int, actor: Actor, reason: str
) -> list[str]:
    """Give out the next `count` numbers; ConflictError when the block does not hold them."""
    if count < 1:
        raise InputError("number.count", "No number was asked for.", "Ask for one or more.")
    code = device.read_own_card(vault.home).code
    with vault.change(actor, AuditAction.NUMBER_ISSUE, target=str(count), reason=reason) as db:
        first = store.last_position(db, code) + 1
        if first + count - 1 > settings.paper.downtime_number_block:
            raise ConflictError(
                "number.exhausted",
                "This laptop's block of downtime numbers does not hold that many.",
                "Take them from another laptop, or enlarge paper.downtime_number_block.",
            )
        positions = range(first, first + count)
        numbers = [add_check_character(f"D{code}{position:05}") for position in positions]
        store.insert_numbers(db, list(zip(numbers, positions, strict=True)), vault.now(), actor.id)
        return numbers


def count_supply(vault: Vault, settings: Settings) -> Supply:
    """How many numbers are left, and whether that is low."""
    total = settings.paper.downtime_number_block
    used = store.last_position(vault.db, device.read_own_code(vault.home))
    return make_supply("downtime numbers", used, total, settings)
