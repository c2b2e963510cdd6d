"""Numbers that were given out twice: which, by whom, and what became of the second paper.

Two laptops with one code, or one that was put back from a backup, print one serial on two papers.
The first that was brought is in the ledger; the second is not, until a person has seen to it: its
paper is keyed on a form of its own, or was never written on.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.errors import InputError, NotFoundError
from downtime.outage import laptop_outages as outages
from downtime.outage.model import Outage
from downtime.paper import merge_ledger as ledger
from downtime.paper import serials
from downtime.sync import store_clashes
from downtime.sync.bundle import Row
from downtime.sync.model import AuditAction
from downtime.sync.store_clashes import DuplicateNumber
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


class DuplicateRows(NamedTuple):
    """What a bundle holds under numbers that stand for something else here."""

    forms: tuple[Mapping[str, Any], ...]
    given: tuple[Mapping[str, Any], ...]

    @property
    def serials(self) -> frozenset[str]:
        """The serials, as stored: what the laptop says of their papers is about the second ones."""
        return frozenset(row["serial"] for row in self.forms)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Serials as they are printed, and downtime numbers."""
        shown = (serials.format_serial(serial) for serial in self.serials)
        return tuple(sorted({*shown, *(row["number"] for row in self.given)}))


def find_duplicate_rows(db: Database, rows: Iterable[Row]) -> DuplicateRows:
    """Among the rows of a bundle."""
    rows = list(rows)
    forms = ledger.find_serials_printed_twice(
        db, (row for table, row in rows if table == ledger.LedgerTable.FORM)
    )
    given = outages.find_numbers_issued_twice(
        db, (row for table, row in rows if table == outages.NUMBER_ROWS)
    )
    return DuplicateRows(tuple(forms), tuple(given))


def save_duplicates(db: Database, found: DuplicateRows, device: str, now: str) -> None:
    """Note them for a person, inside the caller's change."""
    papers = [
        DuplicateNumber(
            number=serials.format_serial(row["serial"]),
            digest=_digest(row["form"], row["pack"], row["issued_by"], row["issued_at"]),
            device=device,
            what=_describe_form(row),
            taken=now,
        )
        for row in found.forms
    ]
    numbers = [
        DuplicateNumber(
            number=row["number"],
            digest=_digest(row["issued"], row["issued_by"]),
            device=device,
            what="a patient's downtime number",
            taken=now,
        )
        for row in found.given
    ]
    store_clashes.save_duplicate_numbers(db, [*papers, *numbers])


def find_unsettled(vault: Vault, outage: Outage) -> list[DuplicateNumber]:
    """Those found since an outage began of which nobody has said what became of the second."""
    every = store_clashes.fetch_duplicate_numbers(vault.db)
    return [one for one in every if not one.settled and one.taken >= outage.opened]


def settle_number(vault: Vault, number: str, actor: Actor, reason: str) -> None:
    """Say what became of the second paper or patient under a number.

    InputError without a reason; NotFoundError when nothing is open under it.
    """
    if not reason.strip():
        raise InputError("sync.reason", "A reason is needed.", "Say what became of the second.")
    named = number.strip().upper()
    with vault.change(actor, AuditAction.HANDOVER_SETTLE_CLASH, target=named, reason=reason) as db:
        done = store_clashes.settle_duplicate_number(
            db, named, reason.strip(), vault.now(), (actor.id, actor.name)
        )
        if not done:
            raise NotFoundError(
                "sync.clash-unknown",
                f"Nothing that was given out twice is open under {named}.",
                "See the page Laptops.",
            )


def _describe_form(row: Mapping[str, Any]) -> str:
    where = f" of ward {row['ward']}" if row["ward"] else ""
    return f"{row['title']}{where}, printed by {row['issued_name']}"


def _digest(*said: str) -> str:
    return hashlib.sha256(orjson.dumps(said)).hexdigest()[:16]
