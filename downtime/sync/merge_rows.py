"""Put the rows of a laptop's bundle into the tables here, inside the transaction of its merge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import sqlcipher3
from sqlite_utils import Database

from downtime.accounts.break_glass.merge_access import ACCESS_TABLE, merge_access
from downtime.entry import merge_batches, merge_entries
from downtime.entry.duplicate_entries import find_duplicate_entries
from downtime.entry.empty_forms import has_critical_answers, is_empty
from downtime.entry.judge_answers import find_unconfirmed
from downtime.entry.merge_entries import EntryMerger
from downtime.entry.model import Entry
from downtime.entry.open_form import open_form
from downtime.entry.reinstate_forms import find_carrying, reinstate_unseen
from downtime.errors import UserError
from downtime.outage import laptop_outages
from downtime.outage.events.merge_events import (
    EVENT_TABLE,
    merge_event,
    move_events_to_outages,
)
from downtime.paper import merge_ledger
from downtime.paper.merge_ledger import LedgerMerge, LedgerTable
from downtime.paper.mutual_aid.merge_documents import AID_TABLE, merge_document
from downtime.paper.store import issued_forms
from downtime.scanning import store as scan_store
from downtime.settings import Settings
from downtime.sync.bundle import PERSON, BundleHeader, Row
from downtime.sync.duplicate_numbers import DuplicateRows, drop_second_papers
from downtime.sync.model import TrustFailure
from downtime.sync.store import laptops
from downtime.vault import device, sealing
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a bundle brought. `has_new_entries` is false for one that is no newer than what was merged before."""

    header: BundleHeader
    name: str
    """What people call the laptop."""
    sha256: str
    has_new_entries: bool
    branch: str = ""
    """The name of the second past that it tells, `K7-41`; empty where there is one past only."""
    head: str = ""
    """The hash of its last audit entry: what the receipt signs."""
    forms: int = 0
    moves: int = 0
    entries: int = 0
    events: int = 0
    """New events of those that were recorded on the screen, corrections included."""
    duplicates: int = 0
    """Forms that are keyed twice now, of all laptops together."""
    unjoined_outages: tuple[str, ...] = ()
    """Outages of the laptop that belong to none here: `K7:2026-11-02-1`."""
    failure: TrustFailure | None = None
    """What spoke against it, when a person merged it all the same."""
    duplicate_numbers: tuple[str, ...] = ()
    """Serials and downtime numbers that stand for two things now."""
    unused_answers: int = 0
    """What was said of pages there, and is not believed here."""

    @property
    def sentence(self) -> str:
        """The result, for a person."""
        laptop = f"{self.name} ({self.header.device})"
        if not self.has_new_entries:
            return f"{laptop}: nothing newer than what was merged before."
        sentences = [
            f"{laptop}: {self.forms} new forms, {self.moves} new moves,"
            f" {self.entries} new or changed entries, {self.events} new events."
        ]
        if count := len(self.unjoined_outages):
            sentences.append(f"{count} of its outages belong to none here yet: join them.")
        if self.failure:
            sentences.append(
                f"ACCEPTED all the same: {self.failure.sentence} The statement says so."
            )
        if self.unused_answers:
            sentences.append(
                f"{self.unused_answers} of its words on missing or late pages name no page of a form here, give no"
                " reason, or are of a time to come: they do not count, and those pages stay open."
            )
        if self.duplicate_numbers:
            sentences.append(f"Two things carry one number: {', '.join(self.duplicate_numbers)}.")
        return " ".join(sentences)


@dataclass
class RowMerger:
    """Merges rows in the name of somebody."""

    vault: Vault
    settings: Settings
    db: Database
    actor: Actor

    def merge_rows(
        self, rows: Iterable[Row], duplicates: DuplicateRows, result: MergeResult
    ) -> MergeResult:
        """What came in; UntrustedError when rows are not as a laptop of this version writes them."""
        laptop = result.header.device
        diverged_history = (laptop, result.branch) if result.branch else None
        try:
            first_papers = drop_second_papers(rows, laptop, duplicates.serials)
            deferred = self._merge_outages(first_papers, laptop)
            local_outages = laptop_outages.map_to_local_outages(self.db)
            events = self._merge_events(deferred, local_outages)
            move_forms_to_outages(self.db, local_outages)
            forms, entries = self._merge_forms(deferred, local_outages, laptop, diverged_history)
        except (KeyError, TypeError, ValueError, sqlcipher3.DatabaseError) as error:
            if isinstance(error, sqlcipher3.OperationalError):  # the disk, not the bundle
                raise
            raise sealing.incomplete_error() from None
        declared = laptop_outages.list_laptop_outages(self.db)
        origins = {outage.name_in_bundles for outage in declared if outage.device == laptop}
        return replace(
            result,
            forms=forms.new_forms,
            moves=forms.new_moves,
            entries=entries.new_entries,
            unused_answers=entries.unused_answers,
            events=events,
            duplicates=len({pair.serial for pair in find_duplicate_entries(self.db)}),
            unjoined_outages=tuple(sorted(o for o in origins if local_outages[o] == o)),
        )

    def _merge_outages(self, rows: Iterable[Row], laptop: str) -> list[Row]:
        """Merge people, outages and numbers; the rows that come after: events, forms, entries."""
        own_code = device.read_own_code(self.vault.home)
        deferred: list[Row] = []
        for table, row in rows:
            if table == PERSON:
                laptops.save_person(self.db, laptop, row["id"], row["name"])
            elif table == ACCESS_TABLE:
                merge_access(self.db, row)
            elif table == AID_TABLE:
                merge_document(self.db, row)
            elif table in (laptop_outages.LAPTOP_OUTAGE_ROWS, laptop_outages.NUMBER_ROWS):
                laptop_outages.merge_row(self.db, own_code, table, row)
            elif table in (
                EVENT_TABLE, *LedgerTable, *merge_entries.TABLES, *merge_batches.TABLES
            ):  # fmt: skip
                deferred.append((table, row))
            else:
                raise ValueError(f"no table {table}")
        return deferred

    def _merge_events(self, rows: Iterable[Row], local_outages: Mapping[str, str]) -> int:
        own_code = device.read_own_code(self.vault.home)
        return sum(
            merge_event(self.db, own_code, local_outages, row)
            for table, row in rows
            if table == EVENT_TABLE
        )

    def _merge_forms(
        self,
        rows: Iterable[Row],
        local_outages: Mapping[str, str],
        laptop: str,
        diverged_history: tuple[str, str] | None,
    ) -> tuple[LedgerMerge, EntryMerger]:
        forms = LedgerMerge(
            self.db, lambda origin: local_outages.get(origin, origin), diverged_history
        )
        entries = EntryMerger(
            db=self.db,
            device=device.read_own_code(self.vault.home),
            sender=laptop,
            actor=self.actor,
            now=self.vault.now(),
            outage_of=lambda serial: issued_forms.fetch_outage(self.db, serial),
            has_critical_fields=self._has_critical_fields,
            is_empty=self._is_empty,
            is_implausible=self._is_implausible,
            diverged_history=diverged_history,
        )
        carrying_before = find_carrying(self.db)
        for table, row in rows:
            if table in tuple(LedgerTable):
                forms.merge_row(table, row)
            elif table in merge_entries.TABLES:
                entries.merge_row(table, row)
        forms.update_states()
        entries.finish()
        reinstate_unseen(self.db, carrying_before, laptop, self.actor, self.vault.now())
        self._merge_batches(rows, local_outages)
        return forms, entries

    def _merge_batches(self, rows: Iterable[Row], local_outages: Mapping[str, str]) -> None:
        """The tray comes last: what lies with a form there is here by then."""
        for table, row in rows:
            if table in merge_batches.TABLES:
                merge_batches.merge_batch_row(
                    self.db, table, row, lambda origin: local_outages.get(origin, origin),
                    self.actor, self.vault.now(),
                )  # fmt: skip

    def _has_critical_fields(self, entry: Entry) -> bool:
        """Whether two people key fields of a form here, of an empty one those that are filled.

        Of one that cannot be opened they do.
        """
        try:
            form = replace(open_form(self.vault, entry.serial, self.settings), entry=None)
        except UserError:
            return True
        return has_critical_answers(self.vault, form, entry.answers)

    def _is_empty(self, entry: Entry) -> bool:
        """Whether an entry says nothing beyond what was printed; what cannot be opened is not judged."""
        try:
            form = open_form(self.vault, entry.serial, self.settings)
        except UserError:
            return False
        return is_empty(self.vault, form, entry.answers)

    def _is_implausible(self, entry: Entry) -> bool:
        """Whether an entry says what has to be confirmed or corrected; what cannot be opened is not judged."""
        try:
            form = open_form(self.vault, entry.serial, self.settings)
        except UserError:
            return False
        form = replace(form, entry=entry)
        return bool(find_unconfirmed(self.vault, self.settings, form, entry))


def move_forms_to_outages(db: Database, local_outages: Mapping[str, str]) -> int:
    """Put what laptops did under the outages here, inside the caller's transaction; how many forms."""
    move_events_to_outages(db, local_outages)
    moved = merge_ledger.regroup_forms(db, local_outages)
    merge_entries.move_to_outages(db, moved)
    scan_store.move_to_outages(db, local_outages)
    return len(moved)
