"""Every form is accounted for: out, back, void, lost, and what follows."""

import io

import pytest

from downtime.entry import retire_forms
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.outage import downtime_numbers, outages
from downtime.paper import ledger, move_form, policies, serials
from downtime.paper.model import LIFECYCLE, FormState
from downtime.paper.packs.blank_forms import BlankForms
from downtime.paper.packs.print_pack import print_pack
from downtime.paper_settings import PaperSettings
from downtime.returns.statement.form_accounting import account_forms
from downtime.settings import Settings


@pytest.fixture
def forms(vault, settings, actor):
    """Five blank forms of ward A1, issued in an outage."""
    outages.declare_systems_down(vault, ["LIMS"], actor, "Down", known=["LIMS"])
    printed = print_pack(
        vault,
        settings,
        BlankForms(forms=("observations",), copies=5, ward="A1"),
        actor,
        "Test",
        io.BytesIO(),
    )
    return [row.serial for row in ledger.list_pack_forms(vault, printed.id)]


@pytest.fixture
def outage(vault, forms):
    return outages.find_current(vault).id


def test_a_form_is_found_as_it_is_typed(vault, forms):
    assert ledger.get_form(vault, serials.format_serial(forms[0]).lower()).serial == forms[0]


def test_a_form_of_another_laptop_is_told_apart_from_a_slip(vault, forms):
    with pytest.raises(NotFoundError, match="laptop that printed it"):
        ledger.get_form(vault, serials.make_serial("ZZ", 1))
    with pytest.raises(InputError):
        ledger.get_form(vault, "K7-000001-?")


def test_issued_is_returned_and_void_and_lost_and_still_out(vault, forms, outage, actor):
    move_form.mark_returned(vault, forms[0], actor)
    retire_forms.void_form(vault, forms[1], actor, "Coffee")
    retire_forms.mark_lost(vault, forms[2], actor, "Not found on the ward")
    states = {c.state: c.number for c in ledger.count_forms(vault, outage)}
    assert states == {"returned": 1, "void": 1, "lost": 1, "issued": 2}
    assert [row.serial for row in ledger.list_missing(vault, outage)] == forms[3:]
    assert ledger.list_missing(vault, outage, "B2") == []


def test_returning_twice_is_no_error(vault, forms, actor):
    move_form.mark_returned(vault, forms[0], actor)
    assert move_form.mark_returned(vault, forms[0], actor).state == "returned"


def test_a_lost_form_may_be_found(vault, forms, actor):
    retire_forms.mark_lost(vault, forms[0], actor, "Searched")
    assert (
        move_form.mark_returned(vault, forms[0], actor, "Behind the radiator").state == "returned"
    )


def test_a_void_form_stays_void(vault, forms, actor):
    retire_forms.void_form(vault, forms[0], actor, "Spoilt")
    with pytest.raises(ConflictError):
        move_form.mark_returned(vault, forms[0], actor)


def void_together(vault, serials, actor, reason):
    """Make forms void as a preview of this moment shows them."""
    shown = retire_forms.preview_retirement(vault, serials, FormState.VOID).version
    return retire_forms.retire_forms(vault, serials, FormState.VOID, actor, reason, shown=shown)


@pytest.mark.parametrize("move", [retire_forms.void_form, retire_forms.mark_lost])
def test_giving_a_form_up_needs_a_reason(vault, forms, actor, move):
    with pytest.raises(InputError):
        move(vault, forms[0], actor, "  ")
    assert ledger.get_form(vault, forms[0]).state == "issued"


def test_unused_blanks_are_void_together_or_not_at_all(vault, forms, actor):
    retire_forms.void_form(vault, forms[1], actor, "Spoilt")
    with pytest.raises(ConflictError):
        void_together(vault, forms, actor, "Unused")
    assert ledger.get_form(vault, forms[0]).state == "issued"
    unused = [forms[0], *forms[2:]]
    done = void_together(vault, unused, actor, "Unused")
    assert len(done.serials) == 4


def test_keying_a_form_says_that_it_came_back(vault, forms, actor):
    with vault.change(actor, "test") as db:
        move_form.move_form(db, forms[0], FormState.KEYED, vault.now(), actor)
        move_form.move_form(db, forms[0], FormState.VERIFIED, vault.now(), actor)
    assert ledger.get_form(vault, forms[0]).state == "verified"


def test_no_step_is_skipped(vault, forms, actor):
    with vault.change(actor, "test") as db, pytest.raises(ConflictError):
        move_form.move_form(db, forms[0], FormState.VERIFIED, vault.now(), actor)


def test_each_move_is_in_the_audit(vault, forms, actor):
    retire_forms.mark_lost(vault, forms[0], actor, "Searched")
    row = vault.db.conn.execute(
        "SELECT action, target, why FROM audit ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    assert tuple(row) == ("ledger.lost", forms[0], "Searched")


def test_every_form_can_reach_an_end():
    ends = {state for state, moves in LIFECYCLE.moves.items() if not moves}
    assert ends == {"filed", "void"}


def test_a_form_with_a_runner_is_still_out(vault, forms, outage, actor):
    assert move_form.mark_collected(vault, forms[0], actor).state == "collected"
    assert forms[0] in [row.serial for row in ledger.list_missing(vault, outage)]
    counted, _ = account_forms(ledger.count_forms(vault, outage), len(forms))
    assert (counted[0].out, counted[0].returned) == (5, 0)
    assert move_form.mark_returned(vault, forms[0], actor).state == "returned"
    with pytest.raises(ConflictError):
        move_form.mark_collected(vault, forms[0], actor)


def test_what_a_runner_lost_says_who_declared_it_and_when(vault, forms, actor):
    move_form.mark_collected(vault, forms[0], actor)
    lost = retire_forms.mark_lost(vault, forms[0], actor, "Dropped on the way")
    assert (lost.changed_by, lost.changed_at, lost.reason) == (
        actor.id, vault.now(), "Dropped on the way",
    )  # fmt: skip


def test_a_runner_has_what_is_keyed_at_once(vault, forms, actor):
    move_form.mark_collected(vault, forms[0], actor)
    with vault.change(actor, "test") as db:
        move_form.move_form(db, forms[0], FormState.KEYED, vault.now(), actor)
    assert ledger.get_form(vault, forms[0]).state == "keyed"


def test_blocks_that_run_low_say_so(vault, forms, actor):
    paper = PaperSettings(downtime_number_block=10)
    downtime_numbers.issue_numbers(vault, Settings(paper=paper), 7, actor, "Test")
    downtime, serial = ledger.list_supplies(vault, Settings(paper=paper))
    assert (downtime.remaining, downtime.is_low) == (3, False)
    assert (serial.remaining, serial.total, serial.is_low) == (999_994, 999_999, False)
    downtime_numbers.issue_numbers(vault, Settings(paper=paper), 1, actor, "Test")
    downtime, _ = ledger.list_supplies(vault, Settings(paper=paper))
    assert downtime.is_low
    assert downtime.sentence == "Only 2 of 10 downtime numbers are left on this laptop."


def test_what_people_may_do_with_a_form_by_hand_follows_its_state(vault, forms, actor):
    form = ledger.get_form(vault, forms[0])
    assert policies.list_moves_by_hand(form) == list(policies.MOVED_BY_HAND)
    assert policies.can_reprint(form)
    returned = move_form.mark_returned(vault, forms[0], actor)
    assert policies.list_moves_by_hand(returned) == [FormState.VOID]
    assert not policies.can_reprint(returned)
