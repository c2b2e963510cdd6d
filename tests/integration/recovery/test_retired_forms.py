"""Nothing that somebody keyed, scanned or has open disappears behind the word 'void' or 'lost'."""

import pytest

from downtime.entry import claims, keying, retire_forms
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import check_in, ledger, move_form
from downtime.paper.model import FormState
from downtime.paper.store import moves
from downtime.vault.model import Actor

from .conftest import OBSERVED


@pytest.fixture
def draft(vault, settings, issue, actor):
    """A form of which somebody has keyed a part."""
    serial = issue("observations")
    keying.save_draft(vault, serial, OBSERVED, actor)
    return serial


@pytest.fixture
def works(vault, settings, issue, actor, draft):
    """One form of each kind that carries work of `actor`."""
    open_, back = issue("observations"), issue("observations")
    claims.claim_form(vault, settings, open_, actor)
    move_form.mark_returned(vault, back, actor)
    return {draft: "draft", open_: "open", back: "came-back"}


def void_together(vault, serials, actor, reason):
    """Make forms void as a preview of this moment shows them."""
    shown = retire_forms.preview_retirement(vault, serials, FormState.VOID).version
    return retire_forms.retire_forms(vault, serials, FormState.VOID, actor, reason, shown=shown)


def state_of(vault, serial):
    return ledger.get_form(vault, serial).state


def test_what_carries_work_stays_when_others_become_void_together(
    vault, issue, works, actor, checker
):
    blanks = [issue("observations") for _ in range(3)]
    preview = retire_forms.preview_retirement(vault, [*works, *blanks], FormState.VOID)
    assert {work.serial: work.kind for work in preview.carrying} == works
    done = void_together(vault, [*works, *blanks], checker, "not used")
    assert done.serials == tuple(blanks) == preview.serials
    assert {state_of(vault, serial) for serial in blanks} == {"void"}
    assert "void" not in {state_of(vault, serial) for serial in works}


@pytest.mark.parametrize("retire", [retire_forms.void_form, retire_forms.mark_lost])
def test_one_form_with_work_needs_to_be_meant_and_another_person(
    vault, draft, actor, checker, retire
):
    with pytest.raises(ConflictError, match="would disappear"):
        retire(vault, draft, checker, "spoilt")
    with pytest.raises(ForbiddenError, match="second person"):
        retire(vault, draft, actor, "spoilt", with_work=True)
    assert state_of(vault, draft) == "issued"
    assert retire(vault, draft, checker, "coffee", with_work=True).state in ("void", "lost")


def test_a_paper_that_came_back_is_void_only_by_somebody_else(vault, issue, actor, checker):
    serial = issue("observations")
    move_form.mark_returned(vault, serial, actor)
    with pytest.raises(ForbiddenError):
        retire_forms.void_form(vault, serial, actor, "empty", with_work=True)
    assert retire_forms.void_form(vault, serial, checker, "empty", with_work=True).state == "void"


def test_taking_the_check_in_back_makes_nobody_a_second_person(vault, issue, actor, checker):
    serial = issue("observations")
    check_in.check_in_form(vault, serial, actor)
    assert check_in.undo_last_check_in(vault, actor) == serial
    assert state_of(vault, serial) == "issued"
    for retire in (retire_forms.void_form, retire_forms.mark_lost):
        with pytest.raises(ForbiddenError):
            retire(vault, serial, actor, "empty", with_work=True)
    assert retire_forms.find_work(vault, serial)
    assert retire_forms.void_form(vault, serial, checker, "empty", with_work=True).state == "void"


def test_whoever_has_any_part_in_the_work_is_no_second_person(
    vault, settings, issue, actor, checker
):
    """One checked it in, another has it open: neither voids it, a third may."""
    serial = issue("observations")
    check_in.check_in_form(vault, serial, actor)
    claims.claim_form(vault, settings, serial, checker)
    for person in (actor, checker):
        with pytest.raises(ForbiddenError):
            retire_forms.void_form(vault, serial, person, "empty", with_work=True)
    assert state_of(vault, serial) == "returned"


def test_one_person_on_two_machines_voids_no_paper_that_came_back(vault, issue, actor, checker):
    """The word of another laptop comes with its bundle: it counts as little there."""
    mine, theirs = issue("observations"), issue("observations")
    for serial in (mine, theirs):
        check_in.check_in_form(vault, serial, actor)
    for serial, person in ((mine, actor), (theirs, checker)):
        elsewhere = Actor(person.id, person.name, "M3")
        with vault.change(actor, "sync.merge") as db:
            moves.add_move(db, serial, FormState.VOID, vault.now(), elsewhere, "spoilt")
            moves.update_states(db, [serial])
    assert (state_of(vault, mine), state_of(vault, theirs)) == ("returned", "void")


def test_what_became_void_together_is_put_back_together(vault, issue, actor, checker):
    out, collected = issue("observations"), issue("observations")
    move_form.mark_collected(vault, collected, actor)
    void_together(vault, [out, collected], checker, "wrong pile")
    assert retire_forms.undo_retirement(vault, [out, collected], checker, "they were used") == (
        out,
        collected,
    )
    assert (state_of(vault, out), state_of(vault, collected)) == ("issued", "collected")
    assert retire_forms.undo_retirement(vault, [out], checker, "again") == ()
