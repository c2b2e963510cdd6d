"""Paper is booked as it comes back, and what is not in order stands in a list until it is settled."""

import re

import pytest

from downtime.entry import retire_forms
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.paper import check_in, serials
from downtime.paper.assignments import assign_owner, list_assignments, release_assignment
from downtime.paper.model import AssignmentKind
from downtime.settings import Settings
from downtime.sync import paper_lists
from tests.integration.sync.fleet import SETTINGS


@pytest.fixture
def station(fleet):
    return fleet[0]


def book(machine, text):
    return check_in.check_in_form(machine.vault, text, machine.clerk)


def listed(machine, name):
    return [line.serial for line in paper_lists.list_papers(machine.vault, Settings(), name)]


def test_papers_are_booked_one_after_the_other_and_counted(station):
    first, second, third = (station.issue() for _ in range(3))
    assert book(station, serials.format_serial(first)).outcome == "booked"
    assert book(station, serials.make_page_code(second, 1, "A")).outcome == "booked"
    assert [station.state(n) for n in (first, second, third)] == ["returned", "returned", "issued"]
    assert check_in.count_recent(station.vault, SETTINGS, station.clerk) == 2
    assert listed(station, "missing") == [third]


def test_the_last_one_can_be_taken_back_once(station):
    number = station.issue()
    book(station, number)
    assert check_in.undo_last_check_in(station.vault, station.clerk) == number
    assert station.state(number) == "issued"
    assert check_in.count_recent(station.vault, SETTINGS, station.clerk) == 0
    with pytest.raises(ConflictError, match="nothing to take back"):
        check_in.undo_last_check_in(station.vault, station.clerk)
    assert book(station, number).outcome == "booked"


def test_what_was_worked_on_since_is_not_taken_back(station):
    number = station.issue()
    book(station, number)
    station.key(number)
    with pytest.raises(ConflictError, match="worked on"):
        check_in.undo_last_check_in(station.vault, station.clerk)


def test_a_slip_and_a_serial_that_was_never_given_out_are_told_apart(station):
    with pytest.raises(InputError):
        book(station, "RS-000001-?")
    with pytest.raises(NotFoundError, match="never issued"):
        book(station, serials.make_serial("RS", 900))


@pytest.mark.parametrize(("kind", "name"), [("same", None), ("copy", "copies")])
def test_a_paper_booked_twice_is_in_doubt_until_somebody_says_what_it_was(station, kind, name):
    number = station.issue()
    book(station, number)
    assert book(station, number).outcome == "again"
    assert listed(station, "duplicates") == [number]
    check_in.resolve_repeat(station.vault, number, kind, station.clerk, "looked at both")
    assert listed(station, "duplicates") == []
    assert listed(station, "copies") == ([number] if name else [])
    with pytest.raises(ConflictError):
        check_in.resolve_repeat(station.vault, number, kind, station.clerk)


def test_paper_that_a_ward_booked_and_the_station_books_too_is_no_duplicate(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    book(k7, number)
    station.merge(k7.export(station))
    assert book(station, number).outcome == "booked"
    assert listed(station, "duplicates") == []


def test_a_lost_one_that_comes_back_is_found_and_a_void_one_stays_void(station):
    lost, void = station.issue(), station.issue()
    retire_forms.mark_lost(station.vault, lost, station.clerk, "searched")
    retire_forms.void_form(station.vault, void, station.clerk, "spoilt")
    assert (listed(station, "lost"), listed(station, "void")) == ([lost], [void])
    assert (book(station, lost).outcome, book(station, void).outcome) == ("found", "void")
    assert (station.state(lost), station.state(void)) == ("returned", "void")
    station.key(lost)
    assert book(station, station.issued[0]).outcome == "again"


def test_paper_of_a_laptop_that_has_not_reported_waits_for_it(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    assert book(station, number).outcome == "foreign"
    assert listed(station, "foreign") == [number]
    station.merge(k7.export(station))
    assert (listed(station, "foreign"), station.state(number)) == ([], "returned")


def test_a_form_keyed_on_two_machines_is_listed(fleet):
    station, k7, _ = fleet
    number = k7.issue()
    station.merge(k7.export(station))
    station.key(number, "90")
    k7.key(number, "91")
    station.merge(k7.export(station))
    (line,) = paper_lists.list_papers(station.vault, Settings(), "keyed-twice")
    assert (line.serial, line.device) == (number, "K7")
    assert "Clerk RS" in line.details
    assert not {"90", "91"} & set(re.findall(r"\d+", line.details))


def test_lines_have_owners_and_late_ones_come_first(station):
    early, late = station.issue(), station.issue()
    assign_owner(
        station.vault,
        AssignmentKind.FORM,
        late,
        "Ward A1",
        "2026-11-01T00:00:00Z",
        station.clerk,
        "=look",
    )
    assert [
        line.serial for line in paper_lists.list_papers(station.vault, Settings(), "missing")
    ] == [
        late,
        early,
    ]
    assert [line.serial for line in paper_lists.find_overdue(station.vault, Settings())] == [late]
    content = paper_lists.to_csv(
        paper_lists.list_papers(station.vault, Settings(), "missing"), lambda text: text
    ).decode()
    assert "'=look" in content
    assert "Hill" not in content
    book(station, late)
    assert paper_lists.find_overdue(station.vault, Settings()) == []
    release_assignment(station.vault, AssignmentKind.FORM, late, station.clerk)
    assert list_assignments(station.vault.db, AssignmentKind.FORM) == {}
    with pytest.raises(InputError):
        assign_owner(
            station.vault, AssignmentKind.FORM, early, " ", "2026-11-01T00:00:00Z", station.clerk
        )
