"""The lists of paper that is not in order, each line with its owner and when it is due."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from sqlite_utils import Database

from downtime.entry.duplicate_entries import find_duplicate_entries
from downtime.entry.file_form import find_unfiled_forms, find_unfiled_serials
from downtime.entry.model import ScanDoubt
from downtime.entry.store import scans
from downtime.errors import parse_choice
from downtime.outage.model import Outage
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.outage.outages import get_outage
from downtime.paper import check_in, csv_file, ledger, serials
from downtime.paper.assignments import list_assignments
from downtime.paper.model import (
    OUT,
    Assignment,
    AssignmentKind,
    FormState,
    IssuedForm,
    Move,
    MoveKind,
)
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.vault.vault import Vault


class PaperList(StrEnum):
    """The lists, as addresses and commands name them."""

    MISSING = "missing"
    LOST = "lost"
    VOID = "void"
    CHECKED_IN_TWICE = "duplicates"
    KEYED_TWICE = "keyed-twice"
    COPIES = "copies"
    UNREPORTED = "foreign"
    UNFILED = "unfiled"
    SCAN_IN_DOUBT = "scans"


TITLES: Mapping[PaperList, str] = {
    PaperList.MISSING: "Missing",
    PaperList.LOST: "Declared lost",
    PaperList.VOID: "Void",
    PaperList.CHECKED_IN_TWICE: "Checked in twice",
    PaperList.KEYED_TWICE: "Keyed twice",
    PaperList.COPIES: "More than one copy",
    PaperList.UNREPORTED: "From laptops not merged yet",
    PaperList.UNFILED: "Returned, not filed",
    PaperList.SCAN_IN_DOUBT: "With a scan in doubt",
}
TO_SETTLE = (
    PaperList.MISSING,
    PaperList.CHECKED_IN_TWICE,
    PaperList.KEYED_TWICE,
    PaperList.UNREPORTED,
    PaperList.UNFILED,
    PaperList.SCAN_IN_DOUBT,
)
"""The lists that are empty once everything is in order."""
HEAD = ("Serial", "Form", "Ward", "Printed by", "Since", "Details", "Owner", "Due", "Note")


class PaperLine(NamedTuple):
    """One paper of a list; `form` is None for one that no laptop has reported."""

    serial: str
    form: IssuedForm | None
    since: str
    """UTC as stored."""
    details: str
    """A reason, or who checked it in how often. No patient is named."""
    device: str = ""
    """The laptop that keyed it too; empty in other lists."""
    assignment: Assignment | None = None

    def is_overdue(self, now: str) -> bool:
        """Whether its owner is late."""
        return self.assignment is not None and self.assignment.is_overdue(now)


Finder = Callable[[Vault, Settings, str], Iterator[PaperLine]]
"""Finds the papers of a list in an outage; their owners are not known yet."""


def parse_name(name: str) -> PaperList:
    """The list of a name; InputError when there is none."""
    return parse_choice(PaperList, name, "ledger.list", "There is no such list.")


def list_papers(vault: Vault, settings: Settings, name: str, outage: str = "") -> list[PaperLine]:
    """One list, of the outage at hand or of a given one; overdue lines first, then by due date.

    Paper of drills stands in the lists of drills only. InputError for a list that there is not.
    """
    find = _FINDERS[parse_name(name)]
    at_hand = get_outage(vault, outage) if outage else find_outage_at_hand(vault)
    chosen, is_drill = (at_hand.id, at_hand.drill) if at_hand else ("", False)
    owners = list_assignments(vault.db, AssignmentKind.FORM)
    lines = [
        paper._replace(assignment=owners.get(paper.serial))
        for paper in find(vault, settings, chosen)
        if paper.form is None or paper.form.drill == is_drill
    ]
    return sorted(lines, key=lambda line: line.assignment.due if line.assignment else "~")


def count_papers(vault: Vault, settings: Settings, outage: str = "") -> dict[PaperList, int]:
    """How many lines each list has."""
    return {name: len(list_papers(vault, settings, name, outage)) for name in PaperList}


class PaperCount(NamedTuple):
    """How many lines a list has, and how many of them are late."""

    lines: int
    overdue: int


def count_to_settle(
    vault: Vault, settings: Settings, outage: Outage
) -> dict[PaperList, PaperCount]:
    """How long each list is that has to be settled; of the long ones only the serials are read."""
    owners, now = list_assignments(vault.db, AssignmentKind.FORM), vault.now()
    counts = {}
    for name in TO_SETTLE:
        if find_serials := _SERIAL_FINDERS.get(name):
            serials_found = find_serials(vault, settings, outage)
        else:
            lines = list_papers(vault, settings, name, outage.id)
            serials_found = [line.serial for line in lines]
        overdue = (owner.is_overdue(now) for s in serials_found if (owner := owners.get(s)))
        counts[name] = PaperCount(len(serials_found), sum(overdue))
    return counts


def find_overdue(vault: Vault, settings: Settings, outage: str = "") -> list[PaperLine]:
    """Lines of all lists that have to be settled, and whose owner is late."""
    now = vault.now()
    lines = (line for name in TO_SETTLE for line in list_papers(vault, settings, name, outage))
    return [line for line in lines if line.is_overdue(now)]


def to_csv(lines: Iterable[PaperLine], format_moment: Callable[[str], str]) -> bytes:
    """A list for a spreadsheet; `format_moment` writes a stored time as the site shows it."""
    return csv_file.to_csv(HEAD, to_rows(lines, format_moment))


def to_rows(lines: Iterable[PaperLine], format_moment: Callable[[str], str]) -> Iterator[list[str]]:
    """The cells of a list under `HEAD`."""
    return (_cells(line, format_moment) for line in lines)


def _cells(line: PaperLine, format_moment: Callable[[str], str]) -> list[str]:
    form, owner = line.form, line.assignment
    return [
        serials.format_serial(line.serial),
        form.title if form else "",
        form.ward if form else "",
        form.issued_name if form else "",
        format_moment(line.since) if line.since else "",
        line.details,
        owner.owner if owner else "",
        format_moment(owner.due) if owner else "",
        owner.note if owner else "",
    ]


def _find_missing(vault: Vault, _: Settings, outage: str) -> Iterator[PaperLine]:
    for form in ledger.list_missing(vault, outage):
        place = "with a runner" if form.state == FormState.COLLECTED else "on the ward"
        yield PaperLine(form.serial, form, form.changed_at, place)


def _find_in_state(state: FormState) -> Finder:
    def find(vault: Vault, _: Settings, outage: str) -> Iterator[PaperLine]:
        for form in ledger.list_in_states(vault, outage, state):
            yield PaperLine(form.serial, form, form.changed_at, form.reason_sentence)

    return find


def _find_keyed_twice(vault: Vault, _: Settings, __: str) -> Iterator[PaperLine]:
    for pair in find_duplicate_entries(vault.db):
        local, device, entry = pair.local, pair.elsewhere.device, pair.elsewhere.entry
        details = (
            f"Here {local.state} by {local.transcriber_name};"
            f" on {device} {entry.state} by {entry.transcriber_name}."
        )
        yield PaperLine(pair.serial, _find_form(vault, pair.serial), entry.changed, details, device)


def _find_moves(find_moves: Callable[[Database], Mapping[str, list[Move]]]) -> Finder:
    def find(vault: Vault, _: Settings, __: str) -> Iterator[PaperLine]:
        for serial, moves in find_moves(vault.db).items():
            sightings = [move for move in moves if move.kind == MoveKind.SIGHTED] or moves
            people = ", ".join(dict.fromkeys(move.person_name for move in moves))
            times = "once" if len(sightings) == 1 else f"{len(sightings)} times"
            reason = f" {moves[-1].reason}" if moves[-1].reason else ""
            details = f"Checked in {times}, by {people}.{reason}"
            yield PaperLine(serial, _find_form(vault, serial), moves[-1].at, details)

    return find


def _find_form(vault: Vault, serial: str) -> IssuedForm | None:
    return next(iter(ledger.get_forms(vault, [serial])), None)


def _find_unfiled(vault: Vault, settings: Settings, outage: str) -> Iterator[PaperLine]:
    pictures = scans.fetch_serials(vault.db)
    for form in find_unfiled_forms(vault, settings, outage):
        has_picture = form.serial in pictures
        details = "its picture is kept" if has_picture else "no picture of it is kept yet"
        yield PaperLine(form.serial, form, form.changed_at, details)


_SCAN_SENTENCES = {
    ScanDoubt.OTHER_SERIAL: "A code on it names another form.",
    ScanDoubt.SAME_FILE: "The very same file is another form's scan.",
    ScanDoubt.NO_CODE: "No code was read, and nobody said that it is this form's.",
}


def _find_doubtful_scans(vault: Vault, _: Settings, __: str) -> Iterator[PaperLine]:
    for scan in scans.fetch_in_doubt(vault.db):
        details = f"{_SCAN_SENTENCES[scan.doubt]} Attached by {scan.attached_name}."
        yield PaperLine(scan.serial, _find_form(vault, scan.serial), scan.attached, details)


_FINDERS: Mapping[PaperList, Finder] = {
    PaperList.MISSING: _find_missing,
    PaperList.LOST: _find_in_state(FormState.LOST),
    PaperList.VOID: _find_in_state(FormState.VOID),
    PaperList.CHECKED_IN_TWICE: _find_moves(check_in.find_unresolved),
    PaperList.KEYED_TWICE: _find_keyed_twice,
    PaperList.COPIES: _find_moves(check_in.find_copies),
    PaperList.UNREPORTED: _find_moves(check_in.find_unreported),
    PaperList.UNFILED: _find_unfiled,
    PaperList.SCAN_IN_DOUBT: _find_doubtful_scans,
}


def _find_missing_serials(vault: Vault, _: Settings, outage: Outage) -> list[str]:
    rows = issued_forms.fetch_layouts(vault.db, outage.id, OUT, drill=outage.drill)
    return [serial for serial, _ in rows]


def _find_unfiled_serials(vault: Vault, settings: Settings, outage: Outage) -> list[str]:
    return find_unfiled_serials(vault, settings, outage.id, drill=outage.drill)


_SERIAL_FINDERS: Mapping[PaperList, Callable[[Vault, Settings, Outage], list[str]]] = {
    PaperList.MISSING: _find_missing_serials,
    PaperList.UNFILED: _find_unfiled_serials,
}
"""What a large hospital has thousands of."""
