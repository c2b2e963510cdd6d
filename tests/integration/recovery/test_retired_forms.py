"""Nothing that somebody keyed, scanned or has open disappears behind the word 'void' or 'lost'."""

import pytest

from downtime.entry import claims, keying, retire_forms
from downtime.errors import ConflictError, ForbiddenError
from downtime.paper import ledger, move_form
from downtime.paper.model import FormState

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


def state_of(vault, serial):
    return ledger.get_form(vault, serial).state


def test_what_carries_work_stays_when_others_become_void_together(
    vault, issue, works, actor, checker
):
    blanks = [issue("observations") for _ in range(3)]
    preview = retire_forms.preview_retirement(vault, [*works, *blanks])
    assert {work.serial: work.kind for work in preview.carrying} == works
    done = retire_forms.retire_forms(vault, [*works, *blanks], FormState.VOID, checker, "not used")
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


def test_what_became_void_together_is_put_back_together(vault, issue, actor, checker):
    out, collected = issue("observations"), issue("observations")
    move_form.mark_collected(vault, collected, actor)
    retire_forms.retire_forms(vault, [out, collected], FormState.VOID, checker, "wrong pile")
    assert retire_forms.undo_retirement(vault, [out, collected], checker, "they were used") == (
        out,
        collected,
    )
    assert (state_of(vault, out), state_of(vault, collected)) == ("issued", "collected")
    assert retire_forms.undo_retirement(vault, [out], checker, "again") == ()
