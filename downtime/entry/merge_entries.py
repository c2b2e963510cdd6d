"""What laptops hand over of entries; what was keyed on two machines is never lost.

How an entry stands on another machine is kept as that machine said last. While nobody has worked on
the form here, the entry that got furthest is taken over: verified before entered before draft. Once
somebody has, the one here stays, and another that says something else beside it is a duplicate,
which a person settles.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.clinical.identifiers import has_check_character
from downtime.entry.facts import DOWNTIME_NUMBER
from downtime.entry.model import DRAFT, ENTERED, VERIFIED, Entry, SecondKeying
from downtime.entry.store import checks, entries_elsewhere
from downtime.entry.store import entries as store_entries

ENTRY, PAST, CHECK, SCAN, SCAN_PAGE = (
    "entry", "entry_past", "entry_check", "form_scan", "form_scan_page",
)  # fmt: skip
TABLES = (ENTRY, PAST, CHECK, SCAN, SCAN_PAGE)
"""In the order in which their rows can be taken."""
_RANK = (DRAFT, ENTERED, VERIFIED)
_SAID = (
    "state", "answers", "transcriber", "entered", "verifier", "verified", "corrections", "changed",
    "waits", "basis",
)  # fmt: skip
_FIELDS = frozenset(f.name for f in fields(Entry))


@dataclass(frozen=True, slots=True)
class EntryElsewhere:
    """How the entry of a form stands on another machine; its outage is named with that machine."""

    device: str
    sequence: int
    entry: Entry
    second: SecondKeying | None

    @property
    def serial(self) -> str:
        return self.entry.serial

    @property
    def entry_digest(self) -> str:
        """SHA-256 of all that it says."""
        return digest(self.entry, self.second)

    def as_json(self) -> dict[str, Any]:
        """As it is kept and carried."""
        second = asdict(self.second) if self.second else None
        return {"entry": asdict(self.entry), "second": second}


def digest(entry: Entry, second: SecondKeying | None) -> str:
    """SHA-256 of what an entry and its second keying say, whatever outage they stand in."""
    values = asdict(entry)
    said = [{name: values[name] for name in _SAID}, asdict(second) if second else None]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read_elsewhere(device: str, sequence: int, body: Mapping[str, Any]) -> EntryElsewhere:
    """From JSON; fields that this program does not have are left out."""
    entry = Entry(**{k: v for k, v in body["entry"].items() if k in _FIELDS})
    second = SecondKeying(**body["second"]) if body["second"] else None
    return EntryElsewhere(device, sequence, entry, second)


def export_entries(
    db: Database, device: str, sequence: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries, what they said before, checks and scans as rows for a bundle."""
    own = (_own(db, device, sequence, e) for e in store_entries.find_in_state(db, *_RANK))
    for one in (*own, *find_elsewhere(db)):
        yield ENTRY, {"device": one.device, "sequence": one.sequence, **one.as_json()}
    for table in TABLES[1:]:
        for row in entries_elsewhere.fetch_rows(db, table):
            row.pop("outage", None)  # that of its form
            yield table, row


def _own(db: Database, device: str, sequence: int, entry: Entry) -> EntryElsewhere:
    return EntryElsewhere(device, sequence, entry, checks.fetch_second(db, entry.serial))


def find_elsewhere(db: Database, serial: str = "") -> list[EntryElsewhere]:
    """How entries stand on other machines; of one form, or of all."""
    return [read_elsewhere(*row) for row in entries_elsewhere.fetch_elsewhere(db, serial)]


@dataclass
class EntryMerger:
    """Takes the rows of one bundle inside the caller's transaction, then takes entries over."""

    db: Database
    device: str
    """This machine."""
    outage_of: Callable[[str], str]
    """The outage here of a form's serial."""
    past: tuple[str, str] | None = None
    """A laptop with two pasts, and the name of the one that this bundle tells: `K7`, `K7-41`."""
    new_entries: int = 0
    """Entries that were not known so before."""
    _touched: set[str] = field(default_factory=set)
    _later: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def merge_row(self, table: str, row: Mapping[str, Any]) -> None:
        """Take one row."""
        if table != ENTRY:
            self._later.append((table, dict(row)))
        elif row["device"] != self.device:
            said = self._name_past(read_elsewhere(row["device"], row["sequence"], row))
            if entries_elsewhere.save_elsewhere(
                self.db, said.serial, said.device, said.sequence, said.entry_digest, said.as_json()
            ):
                self.new_entries += 1
                self._touched.add(said.serial)

    def _name_past(self, said: EntryElsewhere) -> EntryElsewhere:
        """An entry of the other past that says something else goes under its name, beside this one."""
        if self.past is None or said.device != self.past[0]:
            return said
        held = [one for one in find_elsewhere(self.db, said.serial) if one.device == said.device]
        other = any(one.entry_digest != said.entry_digest for one in held)
        return replace(said, device=self.past[1]) if other else said

    def finish(self) -> None:
        """Take over what nobody has worked on here, then what hangs on entries."""
        for serial in sorted(self._touched):
            _adopt_furthest(self.db, serial, self.outage_of)
        names = {table: entries_elsewhere.fetch_columns(self.db, table) for table in TABLES[1:]}
        for table, row in self._later:
            if table == CHECK:
                row["outage"] = self.outage_of(row["serial"])
            entries_elsewhere.insert_missing(self.db, table, names[table], row)


def _adopt_furthest(db: Database, serial: str, outage_of: Callable[[str], str]) -> None:
    present = store_entries.fetch(db, serial)
    if present is not None:
        held = digest(present, checks.fetch_second(db, serial))
        if held != entries_elsewhere.fetch_merged_digest(db, serial):
            return
    best = max(find_elsewhere(db, serial), key=_progress)
    replace_entry(db, best, outage_of(serial))
    entries_elsewhere.save_merged_digest(db, serial, best.entry_digest)


def replace_entry(db: Database, said: EntryElsewhere, outage: str) -> None:
    """Make an entry of elsewhere the one here, inside the caller's transaction."""
    entry = Entry(**{**asdict(said.entry), "outage": outage})
    store_entries.save(db, entry)
    checks.delete_second(db, entry.serial)
    if said.second:
        checks.save_second(db, said.second)


def _progress(said: EntryElsewhere) -> tuple[int, int, str, str]:
    entry = said.entry
    return _RANK.index(entry.state), entry.corrections, entry.changed, said.device


def move_to_outages(db: Database, moved: Iterable[tuple[str, str]]) -> None:
    """Follow forms that were put under another outage: (serial, outage)."""
    entries_elsewhere.move_to_outages(db, moved)


def find_keyed_downtime_numbers(db: Database) -> set[str]:
    """Downtime numbers that were keyed from paper, as they are written on it."""
    keyed = entries_elsewhere.find_answers(db, "patient.downtime-number")
    plain = {"".join(c for c in text.upper() if c.isalnum()) for text in keyed}
    return {
        number
        for number in plain
        if DOWNTIME_NUMBER.fullmatch(number) and has_check_character(number)
    }
