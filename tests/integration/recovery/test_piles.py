"""A ward's pile is sorted in one pass, looked at first, and put back as one step."""

import pytest

from downtime.entry import keying, retire_forms, sort_pile
from downtime.errors import ConflictError, InputError
from downtime.paper import ledger, move_form
from downtime.paper.model import FormState

from .conftest import OBSERVED


@pytest.fixture
def pile(vault, outage, issue):
    return [issue("observations") for _ in range(5)]


def states(vault, serials):
    return [str(ledger.get_form(vault, serial).state) for serial in serials]


def sort(vault, outage, fates, actor, reason, ward="A1"):
    """Sort as a preview of this moment shows it."""
    name = sort_pile.Pile(outage.id, ward)
    shown = sort_pile.preview_pile(vault, name, fates).version
    return sort_pile.sort_pile(vault, name, fates, actor, reason, shown=shown)


def preview(vault, outage, fates):
    return sort_pile.preview_pile(vault, sort_pile.Pile(outage.id, "A1"), fates)


def fates_of(vault, outage, came_back=(), said=None, rest="", ward="A1"):
    lines = sort_pile.list_pile(vault, sort_pile.Pile(outage.id, ward))
    return sort_pile.read_fates(lines, came_back, said or {}, rest)


def test_scanned_ones_came_back_and_all_others_are_what_is_said_of_them(
    vault, outage, issue, pile, checker
):
    elsewhere = issue("observations", ward="B2")
    fates = fates_of(vault, outage, pile[:2], {pile[2]: "lost"}, "void")
    assert elsewhere not in fates
    previewed = preview(vault, outage, fates)
    assert states(vault, pile) == ["issued"] * 5
    done = sort(vault, outage, fates, checker, "the ward's pile")
    assert done.serials == previewed.serials
    assert states(vault, [*pile, elsewhere]) == [
        "returned", "returned", "lost", "void", "void", "issued",
    ]  # fmt: skip
    undone = retire_forms.undo_retirement(vault, done.all_serials, checker, "another ward's")
    assert set(undone) == set(pile)
    assert states(vault, pile) == ["issued"] * 5


def test_what_carries_work_or_moved_meanwhile_stays(vault, outage, pile, actor, checker):
    keying.save_draft(vault, pile[0], OBSERVED, actor)
    fates = fates_of(vault, outage, [], {}, "void")
    assert [work.serial for work in preview(vault, outage, fates).carrying] == [pile[0]]
    move_form.mark_returned(vault, pile[1], actor)
    done = sort(vault, outage, fates, checker, "never used")
    assert (done.moved, [work.serial for work in done.carrying]) == ((pile[1],), [pile[0]])
    assert states(vault, pile) == ["issued", "returned", "void", "void", "void"]


def test_nothing_is_void_or_lost_without_a_reason_and_a_wrong_word_is_refused(
    vault, outage, pile, checker
):
    with pytest.raises(InputError):
        sort(vault, outage, fates_of(vault, outage, [], {}, "lost"), checker, " ")
    with pytest.raises(InputError, match="cannot be said"):
        fates_of(vault, outage, [], {pile[0]: "filed"})
    with pytest.raises(InputError, match="not a serial"):
        fates_of(vault, outage, ["K7-000001-0"])
    assert states(vault, pile) == ["issued"] * 5
    sort(vault, outage, {pile[0]: FormState.RETURNED}, checker, "")
    assert states(vault, pile[:1]) == ["returned"]


def test_who_did_not_say_that_it_came_back_cannot_take_that_back(
    vault, outage, pile, actor, checker
):
    """Else one person could void a paper that another had seen: first undo, then void."""
    sort(vault, outage, {pile[0]: FormState.RETURNED}, actor, "")
    assert retire_forms.undo_retirement(vault, [pile[0]], checker, "not seen") == ()
    assert states(vault, pile[:1]) == ["returned"]
    keying.save_draft(vault, pile[0], OBSERVED, actor)
    assert retire_forms.undo_retirement(vault, [pile[0]], actor, "slip") == ()


def test_a_paper_of_a_laptop_that_sent_nothing_is_named(vault, outage, pile, checker):
    from downtime.paper.serials import make_serial

    stranger = make_serial("Q9", 1)
    done = preview(vault, outage, fates_of(vault, outage, [stranger, pile[0]]))
    assert done.unknown == (stranger,)
    assert done.serials[FormState.RETURNED] == (pile[0],)


def test_a_pile_is_sorted_only_as_it_was_shown(vault, outage, issue, pile, actor, checker):
    """Another word, another form, a paper that was collected or a draft since: nothing is done."""
    name, fates = sort_pile.Pile(outage.id, "A1"), fates_of(vault, outage, [], {}, "void")
    shown = preview(vault, outage, fates).version
    kept, *rest = pile
    for otherwise in (
        dict.fromkeys(pile, FormState.LOST),
        dict.fromkeys(rest, FormState.VOID),
        fates | {issue("observations"): FormState.VOID},
    ):
        with pytest.raises(ConflictError, match="do not stand as they were shown"):
            sort_pile.sort_pile(vault, name, otherwise, checker, "unused", shown=shown)
    keying.save_draft(vault, kept, OBSERVED, actor)
    with pytest.raises(ConflictError, match="nothing was done"):
        sort_pile.sort_pile(vault, name, fates, checker, "unused", shown=shown)
    assert states(vault, pile) == ["issued"] * 5
    shown = preview(vault, outage, fates).version
    move_form.mark_collected(vault, rest[0], actor)
    with pytest.raises(ConflictError, match="nothing was done"):
        sort_pile.sort_pile(vault, name, fates, checker, "unused", shown=shown)


def test_of_another_wards_paper_a_pile_says_only_that_it_came_back(
    vault, outage, issue, pile, checker
):
    other, back = issue("observations", ward="B2"), issue("observations", ward="B2")
    done = sort(vault, outage, {other: FormState.VOID, back: FormState.RETURNED}, checker, "x")
    assert done.elsewhere == (other,)
    assert states(vault, [other, back]) == ["issued", "returned"]
