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

from downtime.clinical.identifiers import has_check
from downtime.entry import store, store_carried, store_checks
from downtime.entry.facts import DOWNTIME_NUMBER
from downtime.entry.model import DRAFT, ENTERED, VERIFIED, Entry, Second

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
class Elsewhere:
    """How the entry of a form stands on another machine; its outage is named with that machine."""

    device: str
    sequence: int
    entry: Entry
    second: Second | None

    @property
    def serial(self) -> str:
        return self.entry.serial

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says."""
        return digest(self.entry, self.second)

    def as_json(self) -> dict[str, Any]:
        """As it is kept and carried."""
        second = asdict(self.second) if self.second else None
        return {"entry": asdict(self.entry), "second": second}


def digest(entry: Entry, second: Second | None) -> str:
    """SHA-256 of what an entry and its second keying say, whatever outage they stand in."""
    values = asdict(entry)
    said = [{name: values[name] for name in _SAID}, asdict(second) if second else None]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read(device: str, sequence: int, body: Mapping[str, Any]) -> Elsewhere:
    """From JSON; fields that this program does not have are left out."""
    entry = Entry(**{k: v for k, v in body["entry"].items() if k in _FIELDS})
    second = Second(**body["second"]) if body["second"] else None
    return Elsewhere(device, sequence, entry, second)


def carry(db: Database, device: str, sequence: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries, what they said before, checks and scans as rows for a bundle."""
    own = (_own(db, device, sequence, e) for e in store.in_state(db, *_RANK))
    for one in (*own, *elsewhere(db)):
        yield ENTRY, {"device": one.device, "sequence": one.sequence, **one.as_json()}
    for table in TABLES[1:]:
        for row in store_carried.rows(db, table):
            row.pop("outage", None)  # that of its form
            yield table, row


def _own(db: Database, device: str, sequence: int, entry: Entry) -> Elsewhere:
    return Elsewhere(device, sequence, entry, store_checks.second(db, entry.serial))


def elsewhere(db: Database, serial: str = "") -> list[Elsewhere]:
    """How entries stand on other machines; of one form, or of all."""
    return [read(*row) for row in store_carried.elsewhere(db, serial)]


@dataclass
class Merging:
    """Takes the rows of one bundle inside the caller's transaction, then takes entries over."""

    db: Database
    device: str
    """This machine."""
    outage_of: Callable[[str], str]
    """The outage here of a form's serial."""
    past: tuple[str, str] | None = None
    """A laptop with two pasts, and the name of the one that this bundle tells: `K7`, `K7-41`."""
    entries: int = 0
    """Entries that were not known so before."""
    _touched: set[str] = field(default_factory=set)
    _later: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def take(self, table: str, row: Mapping[str, Any]) -> None:
        """Take one row."""
        if table != ENTRY:
            self._later.append((table, dict(row)))
        elif row["device"] != self.device:
            said = self._of_past(read(row["device"], row["sequence"], row))
            if store_carried.keep_elsewhere(
                self.db, said.serial, said.device, said.sequence, said.digest, said.as_json()
            ):
                self.entries += 1
                self._touched.add(said.serial)

    def _of_past(self, said: Elsewhere) -> Elsewhere:
        """An entry of the other past that says something else goes under its name, beside this one."""
        if self.past is None or said.device != self.past[0]:
            return said
        held = [one for one in elsewhere(self.db, said.serial) if one.device == said.device]
        other = any(one.digest != said.digest for one in held)
        return replace(said, device=self.past[1]) if other else said

    def finish(self) -> None:
        """Take over what nobody has worked on here, then what hangs on entries."""
        for serial in sorted(self._touched):
            _take_over(self.db, serial, self.outage_of)
        names = {table: store_carried.columns(self.db, table) for table in TABLES[1:]}
        for table, row in self._later:
            if table == CHECK:
                row["outage"] = self.outage_of(row["serial"])
            store_carried.keep(self.db, table, names[table], row)


def _take_over(db: Database, serial: str, outage_of: Callable[[str], str]) -> None:
    present = store.fetch(db, serial)
    if present is not None:
        held = digest(present, store_checks.second(db, serial))
        if held != store_carried.taken(db, serial):
            return
    best = max(elsewhere(db, serial), key=_progress)
    put(db, best, outage_of(serial))
    store_carried.set_taken(db, serial, best.digest)


def put(db: Database, said: Elsewhere, outage: str) -> None:
    """Make an entry of elsewhere the one here, inside the caller's transaction."""
    entry = Entry(**{**asdict(said.entry), "outage": outage})
    store.save(db, entry)
    store_checks.drop_second(db, entry.serial)
    if said.second:
        store_checks.save_second(db, said.second)


def _progress(said: Elsewhere) -> tuple[int, int, str, str]:
    entry = said.entry
    return _RANK.index(entry.state), entry.corrections, entry.changed, said.device


def regroup(db: Database, moved: Iterable[tuple[str, str]]) -> None:
    """Follow forms that were put under another outage: (serial, outage)."""
    store_carried.regroup(db, moved)


def numbers_seen(db: Database) -> set[str]:
    """Downtime numbers that were keyed from paper, as they are written on it."""
    keyed = store_carried.numbers_keyed(db, "patient.downtime-number")
    plain = {"".join(c for c in text.upper() if c.isalnum()) for text in keyed}
    return {number for number in plain if DOWNTIME_NUMBER.fullmatch(number) and has_check(number)}
