"""What laptops send of entries, and how it is merged; what was keyed on two machines is never lost.

How an entry stands on another machine is kept as that machine said last. While nobody has worked on
the form here, the entry that got furthest is adopted: verified before entered before draft. Once
somebody has, the one here stays, and another that says something else beside it is a duplicate,
which a person settles. An entry with an implausible value that nobody confirmed is kept and waits for
that. One that a laptop calls verified although it does not name the people
whom that needs waits here for its second keying.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.clinical.identifiers import has_check_character
from downtime.entry.facts import DOWNTIME_NUMBER
from downtime.entry.merge_scans import SCAN, SCAN_PAGE, ScanMerger
from downtime.entry.model import (
    Emptiness,
    Entry,
    EntryState,
    PageQuestion,
    PastReason,
    SecondKeying,
    Task,
    VerificationBasis,
)
from downtime.entry.page_answers import merge_answer
from downtime.entry.policies import find_first_task, has_enough_people
from downtime.entry.reading_policies import READING_BASES
from downtime.entry.store import (
    entries,
    entries_elsewhere,
    second_keyings,
)
from downtime.entry.store.entries_elsewhere import ElsewhereRow
from downtime.entry.validation import SIGN_OFF_KEYS
from downtime.paper import ledger
from downtime.paper.model import FormState
from downtime.paper.move_form import move_form
from downtime.vault.model import Actor

ENTRY, CHECK = "entry", "entry_check"
TABLES = (
    ENTRY, "entry_past", CHECK, SCAN, SCAN_PAGE, "query_step", *PageQuestion, "scan_taken_away",
)  # fmt: skip
"""In the order in which their rows can be merged."""
_RANK = tuple(EntryState)
_DIGEST_FIELDS = (
    "state", "answers", "transcriber", "entered", "verifier", "verified", "corrections", "changed",
    "waits", "basis",
)  # fmt: skip
_OPTIONAL_DIGEST_FIELDS = ("emptiness", "confirmer", "read_answers", "reading_counts")
"""Where they say anything: older programs know none of them."""
_ENTRY_FIELDS = frozenset(f.name for f in fields(Entry))
_ENTRY_DEFAULTS = {f.name: f.default for f in fields(Entry) if f.default is not MISSING} | {
    "read_answers": {}
}
"""What an entry says that an older program sent."""
_LEDGER_STEPS = (FormState.RETURNED, FormState.KEYED, FormState.VERIFIED)
_FORM_STATES = {
    EntryState.DRAFT: FormState.RETURNED,
    EntryState.ENTERED: FormState.KEYED,
    EntryState.ADJUDICATING: FormState.KEYED,
    EntryState.CRITICAL_AGREED: FormState.KEYED,
    EntryState.VERIFIED: FormState.VERIFIED,
}
"""What the ledger says of a form whose entry is in this state."""


@dataclass(frozen=True, slots=True)
class EntryElsewhere:
    """How the entry of a form stands on another machine; its outage is named with that machine."""

    device: str
    sequence: int
    entry: Entry
    second: SecondKeying | None

    @property
    def serial(self) -> str:
        """The form's serial."""
        return self.entry.serial

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says."""
        return entry_digest(self.entry, self.second)

    def as_json(self) -> dict[str, Any]:
        """As it is kept and exported."""
        return {"entry": _to_json(self.entry), "second": _to_json(self.second)}


def _to_json(record: Entry | SecondKeying | None) -> dict[str, Any] | None:
    """The fields of a record; confirmations only where there are any: older programs know none."""
    if record is None:
        return None
    values = asdict(record)
    confirmations = [confirmation._asdict() for confirmation in values.pop("confirmations")]
    return values | ({"confirmations": confirmations} if confirmations else {})


def entry_digest(entry: Entry, second: SecondKeying | None) -> str:
    """SHA-256 of what an entry and its second keying say, whatever outage they stand in."""
    values, second_values = _to_json(entry) or {}, _to_json(second)
    optional = {name: values[name] for name in _OPTIONAL_DIGEST_FIELDS if values[name]}
    body = [{name: values[name] for name in _DIGEST_FIELDS} | optional, second_values]
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read_elsewhere(row: ElsewhereRow) -> EntryElsewhere:
    """From JSON; fields that this program does not have are left out."""
    body = row.body
    known = {name: value for name, value in body["entry"].items() if name in _ENTRY_FIELDS}
    entry = entries.parse_entry(_ENTRY_DEFAULTS | known)
    second = (
        second_keyings.parse({"confirmations": []} | body["second"]) if body["second"] else None
    )
    return EntryElsewhere(row.device, row.sequence, entry, second)


def find_elsewhere(db: Database, serial: str = "") -> list[EntryElsewhere]:
    """How entries stand on other machines; of one form, or of all."""
    return [read_elsewhere(row) for row in entries_elsewhere.fetch(db, serial)]


def export_entries(
    db: Database, device: str, sequence: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries, what they said before, checks and scans as rows for a bundle."""
    own_entries = (
        EntryElsewhere(device, sequence, entry, second_keyings.fetch(db, entry.serial))
        for entry in entries.find_in_state(db, *EntryState)
    )
    for item in (*own_entries, *find_elsewhere(db)):
        yield ENTRY, {"device": item.device, "sequence": item.sequence, **item.as_json()}
    for table in TABLES[1:]:
        for row in entries_elsewhere.fetch_rows(db, table):
            row.pop("outage", None)  # that of its form
            yield table, row


@dataclass
class EntryMerger:
    """Merges the rows of one bundle inside the caller's transaction, then adopts entries."""

    db: Database
    device: str
    """This machine."""
    sender: str
    """The one whose bundle it is."""
    actor: Actor
    now: str
    outage_of: Callable[[str], str]
    """The outage here of a form's serial."""
    has_critical_fields: Callable[[Entry], bool]
    """Whether an entry has fields that two people key."""
    is_empty: Callable[[Entry], bool]
    """Whether an entry says nothing beyond what was printed."""
    is_implausible: Callable[[Entry], bool]
    """Whether an entry says what is impossible, or unusual and not confirmed."""
    diverged_history: tuple[str, str] | None = None
    """A laptop with two pasts, and the name of the one that this bundle tells: `K7`, `K7-41`."""
    new_entries: int = 0
    """Entries that were not known so before."""
    unused_answers: int = 0
    """What was said of pages, and answers for nothing here: those pages stay open."""
    _changed_serials: set[str] = field(default_factory=set)
    _adopted_serials: set[str] = field(default_factory=set)
    _deferred: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def merge_row(self, table: str, row: Mapping[str, Any]) -> None:
        """Merge one row; those that hang on entries wait for `finish`."""
        if table != ENTRY:
            self._deferred.append((table, dict(row)))
        elif row["device"] != self.device:
            item = read_elsewhere(ElsewhereRow(row["device"], row["sequence"], row))
            item = self._rename_second_past(item)
            if entries_elsewhere.save(
                self.db, item.serial, item.device, item.sequence, item.digest, item.as_json()
            ):
                self.new_entries += 1
                self._changed_serials.add(item.serial)

    def _rename_second_past(self, item: EntryElsewhere) -> EntryElsewhere:
        """An entry of the other past that says something else goes under its name, beside this one."""
        if self.diverged_history is None or item.device != self.diverged_history[0]:
            return item
        differs = any(
            known.device == item.device and known.digest != item.digest
            for known in find_elsewhere(self.db, item.serial)
        )
        return replace(item, device=self.diverged_history[1]) if differs else item

    def finish(self) -> None:
        """Adopt what nobody has worked on here, then merge what hangs on entries."""
        for serial in sorted(self._changed_serials):
            self._adopt_furthest(serial)
        columns = {table: entries_elsewhere.fetch_columns(self.db, table) for table in TABLES[1:]}
        scans = ScanMerger(
            self.db, self.sender, self.actor, self.now, self.outage_of, self._is_keyed_here
        )
        for table, row in self._deferred:
            if table == CHECK and row["basis"] in READING_BASES.values():
                continue  # how well another machine's scanner reads says nothing of the one here
            if table == CHECK:
                row["outage"] = self.outage_of(row["serial"])
            if table == SCAN:
                scans.merge_scan(row)
            elif table == SCAN_PAGE:
                scans.merge_page(row)
            elif table in tuple(PageQuestion):
                counts = merge_answer(self.db, PageQuestion(table), row, self.now)
                self.unused_answers += not counts
            else:
                entries_elsewhere.insert_missing(self.db, table, columns[table], row)
        for serial in self._adopted_serials:
            if (entry := entries.fetch_entry(self.db, serial)) and entry.state != EntryState.DRAFT:
                scans.note_unseen(serial, entry.entered)
        scans.finish()

    def _is_keyed_here(self, serial: str) -> bool:
        """Whether a form was entered here by what this bundle does not bring anew."""
        if serial in self._adopted_serials:
            return False
        entry = entries.fetch_entry(self.db, serial)
        return entry is not None and entry.state != EntryState.DRAFT

    def _adopt_furthest(self, serial: str) -> None:
        present = entries.fetch_entry(self.db, serial)
        if present is not None:
            digest = entry_digest(present, second_keyings.fetch(self.db, serial))
            if digest != entries_elsewhere.fetch_merged_digest(self.db, serial):
                return
        best = max(find_elsewhere(self.db, serial), key=_progress)
        why_reopened = self._find_why_reopened(best)
        if why_reopened:
            best = replace(best, entry=self._reopen(best.entry))
        if why_reopened == PastReason.IMPLAUSIBLE:
            best = replace(best, entry=replace(best.entry, waits=Task.CONFIRM))
        entry = replace_entry(self.db, best, self.outage_of(serial))
        entries_elsewhere.save_merged_digest(self.db, serial, best.digest)
        self._adopted_serials.add(serial)
        if why_reopened:
            align_ledger(self.db, entry, self.actor, self.now, why_reopened)

    def _find_why_reopened(self, item: EntryElsewhere) -> PastReason | None:
        """Why an entry does not stand as the other machine has it; None when it does."""
        entry = item.entry
        if entry.state == EntryState.DRAFT:
            return None
        if self.is_implausible(entry):
            return PastReason.IMPLAUSIBLE
        is_proven = has_enough_people(
            entry,
            item.second,
            is_critical=self.has_critical_fields(entry),
            is_empty=self.is_empty(entry),
        )
        return None if is_proven else PastReason.NOT_ENOUGH_PEOPLE

    def _reopen(self, entry: Entry) -> Entry:
        return reopen_entry(
            entry, is_critical=self.has_critical_fields(entry), is_empty=self.is_empty(entry)
        )


def reopen_entry(entry: Entry, *, is_critical: bool, is_empty: bool) -> Entry:
    """The entry as entered and not verified: a second person begins anew with what it needs.

    That an empty form is empty is confirmed here, and whom it names is keyed again.
    """
    emptiness = Emptiness.DECLARED if is_empty else Emptiness.NONE
    entry = replace(entry, emptiness=emptiness, confirmer="", confirmer_name="")
    if is_empty:
        names = tuple(key for key in entry.answers if key not in SIGN_OFF_KEYS)
        entry = replace(entry, sample_keys=names if is_critical else ())
    return replace(
        entry,
        state=EntryState.ENTERED,
        waits=find_first_task(entry, is_critical=is_critical),
        sampled=int(not is_empty),
        read_answers={},
        reading_counts=0,
        basis=VerificationBasis.NONE,
        verifier="",
        verifier_name="",
        verified="",
    )


def replace_entry(db: Database, item: EntryElsewhere, outage: str) -> Entry:
    """Make an entry of elsewhere the one here, inside the caller's transaction."""
    entry = replace(item.entry, outage=outage)
    entries.save_entry(db, entry)
    second_keyings.delete(db, entry.serial)
    if item.second:
        second_keyings.save(db, item.second)
    return entry


def align_ledger(db: Database, entry: Entry, actor: Actor, now: str, reason: str) -> None:
    """Let the ledger say of the form what its entry says, inside the caller's transaction."""
    state, wanted = ledger.find_form(db, entry.serial).state, _FORM_STATES[entry.state]
    if state == wanted or state not in _LEDGER_STEPS:
        return
    for step in _LEDGER_STEPS[: _LEDGER_STEPS.index(wanted) + 1]:
        if step != ledger.find_form(db, entry.serial).state:
            move_form(db, entry.serial, step, now, actor, reason)


def _progress(item: EntryElsewhere) -> tuple[int, int, str, str]:
    entry = item.entry
    return _RANK.index(entry.state), entry.corrections, entry.changed, item.device


def move_to_outages(db: Database, outages_by_serial: Mapping[str, str]) -> None:
    """Follow forms that were put under another outage."""
    entries.move_to_outages(db, outages_by_serial)
    second_keyings.move_to_outages(db, outages_by_serial)


def find_keyed_downtime_numbers(db: Database) -> set[str]:
    """Downtime numbers that were keyed from paper, as they are written on it."""
    answers = entries.find_answers(db, "patient.downtime-number")
    plain = {"".join(c for c in text.upper() if c.isalnum()) for text in answers}
    return {
        number
        for number in plain
        if DOWNTIME_NUMBER.fullmatch(number) and has_check_character(number)
    }
