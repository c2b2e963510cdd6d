"""The lists of paper that is not in order, each line with its owner and when it is due."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from downtime.entry.duplicate_entries import find_duplicate_entries
from downtime.entry.store import scans
from downtime.entry.file_form import find_unfiled_forms
from downtime.errors import InputError
from downtime.outage import outages
from downtime.paper import check_in, csv_file, ledger, serials
from downtime.paper.assignments import list_assignments
from downtime.paper.model import Assignment, AssignmentKind, FormState, IssuedForm, Move, MoveKind
from downtime.settings import Settings
from downtime.vault.vault import Vault

MISSING, LOST_ONES, VOID_ONES, DUPLICATES, KEYED_TWICE, COPIES, FOREIGN, UNFILED = (
    "missing", "lost", "void", "duplicates", "keyed-twice", "copies", "foreign", "unfiled",
)  # fmt: skip
TITLES = {
    MISSING: "Missing",
    LOST_ONES: "Declared lost",
    VOID_ONES: "Void",
    DUPLICATES: "Checked in twice",
    KEYED_TWICE: "Keyed twice",
    COPIES: "More than one copy",
    FOREIGN: "From laptops not merged yet",
    UNFILED: "Returned, not filed",
}
TO_SETTLE = (MISSING, DUPLICATES, KEYED_TWICE, FOREIGN, UNFILED)
"""The lists that are empty once everything is in order."""
HEAD = ("Serial", "Form", "Ward", "Printed by", "Since", "Details", "Owner", "Due", "Note")


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One paper of a list; `form` is None for one that no laptop has reported."""

    serial: str
    form: IssuedForm | None
    since: str
    """UTC as stored."""
    said: str
    """Details of it: a reason, or who booked it when. No patient is named."""
    device: str
    """The laptop that keyed it too; empty in other lists."""
    assignment: Assignment | None

    def is_overdue(self, now: str) -> bool:
        """Whether its owner is late."""
        return self.assignment is not None and self.assignment.is_overdue(now)


def list_papers(vault: Vault, settings: Settings, name: str, outage: str = "") -> list[PaperLine]:
    """One list, of the outage at hand or of a given one; overdue lines first, then by due date.

    InputError for a list that there is not.
    """
    if name not in TITLES:
        raise InputError("ledger.list", "There is no such list.", f"Choose {', '.join(TITLES)}.")
    chosen = outage or next((one.id for one in outages.list_outages(vault)), "")
    owners = list_assignments(vault.db, AssignmentKind.FORM)
    lines = [
        PaperLine(serial, form, since, said, device, owners.get(serial))
        for serial, form, since, said, device in _FOUND[name](vault, settings, chosen)
    ]
    return sorted(lines, key=lambda line: line.assignment.due if line.assignment else "~")


def count_papers(vault: Vault, settings: Settings, outage: str = "") -> dict[str, int]:
    """How many lines each list has."""
    return {name: len(list_papers(vault, settings, name, outage)) for name in TITLES}


def find_overdue(vault: Vault, settings: Settings, outage: str = "") -> list[PaperLine]:
    """Lines of all lists that have to be settled, and whose owner is late."""
    now = vault.now()
    found = (line for name in TO_SETTLE for line in list_papers(vault, settings, name, outage))
    return [line for line in found if line.is_overdue(now)]


def to_csv(lines: Iterable[PaperLine], moment: Callable[[str], str]) -> bytes:
    """A list for a spreadsheet; `moment` writes a stored time as the site shows it."""
    return csv_file.to_csv(HEAD, (_cells(line, moment) for line in lines))


def _cells(line: PaperLine, moment: Callable[[str], str]) -> list[str]:
    form, owner = line.form, line.assignment
    return [
        serials.format_serial(line.serial),
        form.title if form else "",
        form.ward if form else "",
        form.issued_name if form else "",
        moment(line.since) if line.since else "",
        line.said,
        owner.owner if owner else "",
        moment(owner.due) if owner else "",
        owner.note if owner else "",
    ]


_Found = Iterator[tuple[str, IssuedForm | None, str, str, str]]
_Finds = Callable[[Vault, Settings, str], _Found]


def _missing(vault: Vault, _: Settings, outage: str) -> _Found:
    for form in ledger.list_missing(vault, outage):
        where = "with a runner" if form.state == "collected" else "on the ward"
        yield form.serial, form, form.changed_at, where, ""


def _in(state: str) -> _Finds:
    def found(vault: Vault, _: Settings, outage: str) -> _Found:
        for form in ledger.list_in_states(vault, outage, state):
            yield form.serial, form, form.changed_at, form.reason, ""

    return found


def _keyed_twice(vault: Vault, _: Settings, outage: str) -> _Found:
    for pair in find_duplicate_entries(vault.db):
        there = pair.there.entry
        said = (
            f"Here {pair.here.state} by {pair.here.transcriber_name}; on {pair.there.device}"
            f" {there.state} by {there.transcriber_name}."
        )
        yield pair.serial, _form(vault, pair.serial), there.changed, said, pair.there.device


def _of_moves(found: Callable[[Vault], dict[str, list[Move]]]) -> _Finds:
    def each(vault: Vault, _: Settings, outage: str) -> _Found:
        for serial, moves in found(vault).items():
            seen = [move for move in moves if move.kind == MoveKind.SIGHTED] or moves
            people = ", ".join(dict.fromkeys(move.person_name for move in moves))
            times = "once" if len(seen) == 1 else f"{len(seen)} times"
            reason = f" {moves[-1].reason}" if moves[-1].reason else ""
            said = f"Booked {times}, by {people}.{reason}"
            yield serial, _form(vault, serial), moves[-1].at, said, ""

    return each


def _form(vault: Vault, serial: str) -> IssuedForm | None:
    return next(iter(ledger.get_forms(vault, [serial])), None)


def _unfiled(vault: Vault, settings: Settings, outage: str) -> _Found:
    pictures = scans.fetch_serials(vault.db)
    for form in find_unfiled_forms(vault, settings, outage):
        said = "its picture is kept" if form.serial in pictures else "no picture of it is kept yet"
        yield form.serial, form, form.changed_at, said, ""


_FOUND: dict[str, _Finds] = {
    MISSING: _missing,
    LOST_ONES: _in(FormState.LOST),
    VOID_ONES: _in(FormState.VOID),
    DUPLICATES: _of_moves(lambda vault: check_in.find_unresolved(vault.db)),
    KEYED_TWICE: _keyed_twice,
    COPIES: _of_moves(lambda vault: check_in.find_copies(vault.db)),
    FOREIGN: _of_moves(lambda vault: check_in.find_unreported(vault.db)),
    UNFILED: _unfiled,
}
