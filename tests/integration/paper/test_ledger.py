"""Every form is accounted for: out, back, void, lost, and what follows."""

import io

import pytest

from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage import numbers, outages
from downtime.paper import ledger, serials
from downtime.paper.issue import KEYED, LIFECYCLE, VERIFIED
from downtime.paper.packs.pack import blank_forms
from downtime.returns.statement.accounting import account
from downtime.settings import PaperSettings, Settings


@pytest.fixture
def forms(vault, settings, who):
    """Five blank forms of ward A1, issued in an outage."""
    outages.declare(vault, ["LIMS"], who, "Down", known=["LIMS"])
    made = blank_forms(vault, settings, ["observations"], 5, who, "Test", io.BytesIO(), ward="A1")
    return [row.serial for row in ledger.of_pack(vault, made.id)]


@pytest.fixture
def outage(vault, forms):
    return outages.current(vault).id


def test_a_form_is_found_as_it_is_typed(vault, forms):
    assert ledger.issued(vault, serials.shown(forms[0]).lower()).serial == forms[0]


def test_a_form_of_another_laptop_is_told_apart_from_a_slip(vault, forms):
    with pytest.raises(NotFoundError, match="laptop that printed it"):
        ledger.issued(vault, serials.serial("ZZ", 1))
    with pytest.raises(InputError):
        ledger.issued(vault, "K7-000001-?")


def test_issued_is_returned_and_void_and_lost_and_still_out(vault, forms, outage, who):
    ledger.returned(vault, forms[0], who)
    ledger.void(vault, forms[1], who, "Coffee")
    ledger.lost(vault, forms[2], who, "Not found on the ward")
    states = {c.state: c.n for c in ledger.counts(vault, outage)}
    assert states == {"returned": 1, "void": 1, "lost": 1, "issued": 2}
    assert [row.serial for row in ledger.missing(vault, outage)] == forms[3:]
    assert ledger.missing(vault, outage, "B2") == []


def test_returning_twice_is_no_error(vault, forms, who):
    ledger.returned(vault, forms[0], who)
    assert ledger.returned(vault, forms[0], who).state == "returned"


def test_a_lost_form_may_be_found(vault, forms, who):
    ledger.lost(vault, forms[0], who, "Searched")
    assert ledger.returned(vault, forms[0], who, "Behind the radiator").state == "returned"


def test_a_void_form_stays_void(vault, forms, who):
    ledger.void(vault, forms[0], who, "Spoilt")
    with pytest.raises(ConflictError):
        ledger.returned(vault, forms[0], who)


@pytest.mark.parametrize("move", [ledger.void, ledger.lost])
def test_giving_a_form_up_needs_a_reason(vault, forms, who, move):
    with pytest.raises(InputError):
        move(vault, forms[0], who, "  ")
    assert ledger.issued(vault, forms[0]).state == "issued"


def test_unused_blanks_are_void_together_or_not_at_all(vault, forms, who):
    ledger.void(vault, forms[1], who, "Spoilt")
    with pytest.raises(ConflictError):
        ledger.void_unused(vault, forms, who, "Unused")
    assert ledger.issued(vault, forms[0]).state == "issued"
    assert ledger.void_unused(vault, [forms[0], *forms[2:]], who, "Unused") == 4


def test_keying_a_form_says_that_it_came_back(vault, forms, who):
    with vault.change(who, "test") as db:
        ledger.move(db, forms[0], KEYED, vault.now(), who)
        ledger.move(db, forms[0], VERIFIED, vault.now(), who)
    assert ledger.issued(vault, forms[0]).state == "verified"


def test_no_step_is_skipped(vault, forms, who):
    with vault.change(who, "test") as db, pytest.raises(ConflictError):
        ledger.move(db, forms[0], VERIFIED, vault.now(), who)


def test_each_move_is_in_the_audit(vault, forms, who):
    ledger.lost(vault, forms[0], who, "Searched")
    row = vault.db.conn.execute(
        "SELECT action, target, why FROM audit ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    assert tuple(row) == ("ledger.lost", forms[0], "Searched")


def test_every_form_can_reach_an_end():
    ends = {state for state, moves in LIFECYCLE.moves.items() if not moves}
    assert ends == {"filed", "void"}


def test_a_form_with_a_runner_is_still_out(vault, forms, outage, who):
    assert ledger.collected(vault, forms[0], who).state == "collected"
    assert forms[0] in [row.serial for row in ledger.missing(vault, outage)]
    counted, _ = account(ledger.counts(vault, outage), len(forms))
    assert (counted[0].out, counted[0].returned) == (5, 0)
    assert ledger.returned(vault, forms[0], who).state == "returned"
    with pytest.raises(ConflictError):
        ledger.collected(vault, forms[0], who)


def test_what_a_runner_lost_says_who_declared_it_and_when(vault, forms, who):
    ledger.collected(vault, forms[0], who)
    lost = ledger.lost(vault, forms[0], who, "Dropped on the way")
    assert (lost.changed_by, lost.changed_at, lost.reason) == (
        who.id, vault.now(), "Dropped on the way",
    )  # fmt: skip


def test_a_runner_has_what_is_keyed_at_once(vault, forms, who):
    ledger.collected(vault, forms[0], who)
    with vault.change(who, "test") as db:
        ledger.move(db, forms[0], KEYED, vault.now(), who)
    assert ledger.issued(vault, forms[0]).state == "keyed"


def test_blocks_that_run_low_say_so(vault, forms, who):
    paper = PaperSettings(downtime_number_block=10)
    numbers.issue(vault, Settings(paper=paper), 7, who, "Test")
    downtime, serial = ledger.supplies(vault, Settings(paper=paper))
    assert (downtime.left, downtime.low) == (3, False)
    assert (serial.left, serial.total, serial.low) == (999_994, 999_999, False)
    numbers.issue(vault, Settings(paper=paper), 1, who, "Test")
    downtime, _ = ledger.supplies(vault, Settings(paper=paper))
    assert downtime.low
    assert downtime.words == "Only 2 of 10 downtime numbers are left on this laptop."
