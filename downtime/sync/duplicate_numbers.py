"""Numbers that were issued twice: which, by whom, and what became of the second paper.

Two laptops with one code, or one that was put back from a backup, print one serial on two papers.
The first that was brought is in the ledger; the second is not, until a person has seen to it: its
paper is keyed on a form of its own, or was never written on. What the laptop says of the second
paper is left out of the merge, for here its serial is the paper of another patient: it stays in the
kept file. What other machines say of the serial is of the first one.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson
import sqlcipher3
from sqlite_utils import Database

from downtime.entry import merge_entries
from downtime.errors import NotFoundError
from downtime.outage import laptop_outages
from downtime.outage.model import Outage
from downtime.paper import merge_ledger, serials
from downtime.paper.merge_ledger import LedgerTable
from downtime.sync.bundle import Row
from downtime.sync.model import AuditAction, DuplicateNumber, DuplicateNumberKind
from downtime.sync.store import duplicate_numbers
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.sealing import incomplete_error
from downtime.vault.vault import Vault

_ABOUT_A_PAPER = (LedgerTable.CONTENT, LedgerTable.MOVE, *merge_entries.TABLES)
"""Tables whose rows say something of the paper under a serial."""


class DuplicateRows(NamedTuple):
    """What a bundle holds under numbers that stand for something else here."""

    forms: tuple[Mapping[str, Any], ...]
    downtime_numbers: tuple[Mapping[str, Any], ...]

    @property
    def serials(self) -> frozenset[str]:
        """The serials, as stored: what the laptop says of their papers is about the second ones."""
        return frozenset(row["serial"] for row in self.forms)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Serials as they are printed, and downtime numbers."""
        printed = (serials.format_serial(serial) for serial in self.serials)
        return tuple(sorted({*printed, *(row["number"] for row in self.downtime_numbers)}))


def find_duplicate_rows(db: Database, rows: Iterable[Row]) -> DuplicateRows:
    """Among the rows of a bundle; UntrustedError when they are not as a laptop writes them."""
    rows = list(rows)
    forms = [row for table, row in rows if table == LedgerTable.FORM]
    numbers = [row for table, row in rows if table == laptop_outages.NUMBER_ROWS]
    try:
        return DuplicateRows(
            tuple(merge_ledger.find_serials_printed_twice(db, forms)),
            tuple(laptop_outages.find_numbers_issued_twice(db, numbers)),
        )
    except (KeyError, sqlcipher3.ProgrammingError):
        raise incomplete_error() from None


def drop_second_papers(
    rows: Iterable[Row], laptop: str, duplicate_serials: Collection[str]
) -> Iterator[Row]:
    """The rows of a laptop's bundle without what it says of second papers.

    KeyError for a row that is not as it should be.
    """
    for table, row in rows:
        is_second = table in _ABOUT_A_PAPER and _row_serial(row) in duplicate_serials
        if not is_second or row.get("device", laptop).partition("-")[0] != laptop:
            yield table, row


def _row_serial(row: Mapping[str, Any]) -> str:
    return str(row["entry"]["serial"] if "entry" in row else row["serial"])


def save_duplicates(db: Database, duplicates: DuplicateRows, device: str, now: str) -> None:
    """Note them for a person, inside the caller's change."""
    papers = [
        DuplicateNumber(
            number=serials.format_serial(row["serial"]),
            digest=_digest(row["form"], row["pack"], row["issued_by"], row["issued_at"]),
            device=device,
            noticed=now,
            kind=DuplicateNumberKind.FORM,
            title=row["title"],
            ward=row["ward"],
            issued_name=row["issued_name"],
        )
        for row in duplicates.forms
    ]
    downtime_numbers = [
        DuplicateNumber(
            number=row["number"],
            digest=_digest(row["issued"], row["issued_by"]),
            device=device,
            noticed=now,
            kind=DuplicateNumberKind.DOWNTIME_NUMBER,
        )
        for row in duplicates.downtime_numbers
    ]
    duplicate_numbers.save_duplicate_numbers(db, [*papers, *downtime_numbers])


def list_duplicate_numbers(vault: Vault) -> list[DuplicateNumber]:
    """All that were ever found, settled or not, oldest first."""
    return duplicate_numbers.fetch_duplicate_numbers(vault.db)


def find_unsettled(vault: Vault, outage: Outage) -> list[DuplicateNumber]:
    """Those found since an outage began of which nobody has said what became of the second."""
    numbers = duplicate_numbers.fetch_duplicate_numbers(vault.db)
    return [n for n in numbers if not n.settled and n.noticed >= outage.opened]


def settle_number(vault: Vault, number: str, actor: Actor, reason: str) -> None:
    """Say what became of the second paper or patient under a number.

    InputError without a reason; NotFoundError when nothing is open under it.
    """
    reason = check_reason(reason, "sync.reason", "Say what became of the second.")
    number = number.strip().upper()
    action = AuditAction.HANDOVER_SETTLE_CLASH
    with vault.change(actor, action, target=number, reason=reason) as db:
        now = vault.now()
        if not duplicate_numbers.settle_duplicate_number(
            db, number, reason, now, actor.id, actor.name
        ):
            raise NotFoundError(
                "sync.clash-unknown",
                f"Nothing that was given out twice is open under {number}.",
                "See the page Laptops.",
            )


def _digest(*values: str) -> str:
    return hashlib.sha256(orjson.dumps(values)).hexdigest()[:16]
