"""What must hold before a page of the tray is filed by hand, or put aside."""

import pytest

from downtime.errors import ConflictError, InputError
from downtime.paper.model import FormState
from downtime.scanning import policies
from downtime.scanning.model import HOMELESS, PageOutcome
from downtime.scanning.place_page import PresentScan
from downtime.vault.model import Actor
from tests.unit.scanning.issued import issued, tray_page

ANN, BEN = Actor("u-1", "Ann", "K7"), Actor("u-2", "Ben", "K7")


def refusal(check, *arguments) -> str:
    """The code with which a check refuses; empty when it does not."""
    try:
        check(*arguments)
    except (ConflictError, InputError) as error:
        return error.code
    return ""


@pytest.mark.parametrize("outcome", PageOutcome)
def test_only_a_page_without_a_home_is_settled(outcome):
    expected = "" if outcome in HOMELESS else "scan.settled"
    assert refusal(policies.check_is_homeless, tray_page(outcome)) == expected


@pytest.mark.parametrize(("picture", "code"), [("4f", ""), ("", "scan.no-picture")])
def test_only_a_page_that_can_be_looked_at_is_filed_by_hand(picture, code):
    assert refusal(policies.check_has_picture, tray_page(picture_sha256=picture)) == code


@pytest.mark.parametrize(
    ("form", "page", "present", "code"),
    [
        (issued(), 1, PresentScan(), ""),
        (issued(), 3, PresentScan(frozenset({1, 2})), ""),
        (issued(FormState.VERIFIED), 1, PresentScan(), ""),
        (issued(), 0, PresentScan(), "scan.page"),
        (issued(), 4, PresentScan(), "scan.page"),
        (issued(FormState.VOID), 1, PresentScan(), "scan.retired"),
        (issued(FormState.LOST), 1, PresentScan(), "scan.retired"),
        (issued(), 1, PresentScan(frozenset({1})), "scan.page-present"),
        (issued(), 1, PresentScan(frozenset({2}), is_whole=True), "scan.page-present"),
    ],
)
def test_a_page_is_filed_by_hand_only_where_the_form_lacks_it(form, page, present, code):
    assert refusal(policies.check_page_fits, form, page, present) == code


@pytest.mark.parametrize(
    ("page", "actor", "code"),
    [
        (tray_page(proposer=ANN.id), BEN, ""),
        (tray_page(proposer=ANN.id), ANN, "scan.second-person"),
        (tray_page(), BEN, "scan.not-proposed"),
        (tray_page(PageOutcome.ASIDE, proposer=ANN.id), BEN, "scan.settled"),
        (tray_page(PageOutcome.FILED, proposer=ANN.id), BEN, "scan.settled"),
    ],
)
def test_a_page_is_put_aside_by_two_people(page, actor, code):
    assert refusal(policies.check_can_confirm_aside, page, actor) == code
