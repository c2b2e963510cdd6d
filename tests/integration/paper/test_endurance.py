"""Four weeks ahead: what is counted, what is used, what runs out next, and how much keying waits."""

from datetime import timedelta

import pytest

from downtime.errors import InputError
from downtime.outage import outages
from downtime.paper.endurance import project_endurance as projection
from downtime.paper.endurance.model import HORIZON_DAYS, StockKind
from downtime.paper.endurance.project_endurance import count_stock, project_endurance
from downtime.paper_settings import PaperSettings, PrintingSettings
from downtime.settings import Settings
from tests.conftest import NOW


@pytest.fixture
def at(vault, monkeypatch):
    def move(hours):
        monkeypatch.setattr(vault, "clock", lambda: NOW + timedelta(hours=hours))

    return move


def by_kind(vault, settings):
    return {item.kind: item for item in project_endurance(vault, settings).projections}


def test_before_an_outage_has_lasted_a_day_the_plan_is_projected(
    vault, settings, actor, monkeypatch
):
    monkeypatch.setattr(projection, "_count_patients", lambda _: 50)
    count_stock(vault, {StockKind.SHEETS: 2500, StockKind.TONER: 100_000}, actor)
    endurance = project_endurance(vault, settings)
    first = endurance.next_out
    assert (first.kind, first.per_day, first.days) == (StockKind.SHEETS, 500, 5.0)
    assert [first.needed(hours) for hours in (4, 24, 72, 24 * HORIZON_DAYS)] == [
        84,
        500,
        1500,
        14_000,
    ]
    left = by_kind(vault, settings)
    assert not left[StockKind.TONER].runs_out
    assert left[StockKind.LABELS].amount_left is None, (
        "what nobody counted is not known, never plenty"
    )
    assert endurance.projections[-1].kind == StockKind.LABELS


def test_after_a_day_the_outage_says_itself_what_it_uses(vault, actor, at, pack):
    settings = Settings(printing=PrintingSettings(two_sided=True))
    outages.declare_systems_down(vault, ["LIMS"], actor, "x", known=["LIMS"])
    count_stock(vault, {StockKind.SHEETS: 1000, StockKind.TONER: 1000}, actor)
    at(1)
    printed = pack(forms=["observations"], blanks=1)
    at(48)
    found = by_kind(vault, settings)
    assert found[StockKind.SHEETS].is_measured
    assert found[StockKind.TONER].per_day == printed.result.pages / 2
    assert found[StockKind.SHEETS].per_day == printed.result.pages / 4
    assert found[StockKind.TONER].amount_left == 1000 - printed.result.pages, (
        "what was printed since is gone"
    )
    forms = printed.result.forms + printed.result.blank_forms
    assert found[StockKind.SERIALS].per_day == forms / 2
    keying = project_endurance(vault, settings).keying
    assert (keying.waiting, keying.hours_waiting) == (forms, forms * 3 / 60)
    assert keying.hours_after(28) == pytest.approx((forms + 28 * forms / 2) * 3 / 60)
    assert keying.days_of_work(28) == pytest.approx(keying.hours_after(28) / 60)


def test_a_block_of_numbers_that_does_not_last_is_what_runs_out_next(vault, actor):
    settings = Settings(paper=PaperSettings(downtime_number_block=30))
    assert project_endurance(vault, settings).next_out.kind == StockKind.NUMBERS


def test_only_what_people_count_is_taken_and_only_whole_numbers(vault, actor):
    for amounts in ({StockKind.SERIALS: 5}, {StockKind.SHEETS: -1}):
        with pytest.raises(InputError, match="no count"):
            count_stock(vault, amounts, actor)


@pytest.mark.parametrize("has_snapshot", [False, True])
def test_without_word_of_who_is_here_nothing_is_called_unused(
    vault, settings, actor, snapshot_of, monkeypatch, has_snapshot
):
    """No snapshot, or one in which no system said who is in hospital: that is no hospital without patients."""
    count_stock(vault, {StockKind.SHEETS: 2500}, actor)
    if has_snapshot:
        silent = snapshot_of([], systems={"PAS": ""}, holds=())
        monkeypatch.setattr(projection.local_snapshots, "open_current_snapshot", lambda _: silent)
    endurance = project_endurance(vault, settings)
    sheets = next(item for item in endurance.projections if item.kind == StockKind.SHEETS)
    assert (sheets.per_day, sheets.days, sheets.needed(24)) == (None, None, None)
    assert endurance.keying.hours_after(28) is None
