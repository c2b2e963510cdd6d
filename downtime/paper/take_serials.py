"""Serials of the forms that are printed next, each given out once whatever becomes of this home."""

from sqlite_utils import Database

from downtime.paper.serials import LAST_POSITION, make_serial
from downtime.paper.store import issued_forms
from downtime.vault.marks import MarkName
from downtime.vault.raise_marks import take_numbers
from downtime.vault.vault import Vault


def take_serials(vault: Vault, db: Database, device: str, count: int) -> list[tuple[str, int]]:
    """Serials and their places in the order of issue, inside the caller's change."""
    known = issued_forms.last_position_in_first_block(db, device)
    ranges = take_numbers(vault, db, MarkName.SERIAL, count, known, LAST_POSITION)
    before = issued_forms.last_position(db, device)
    numbered = []
    for block, first, length in ranges:
        for number in range(first, first + length):
            before = before + 1 if block else max(before + 1, number)
            numbered.append((make_serial(device, number, block), before))
    return numbered
