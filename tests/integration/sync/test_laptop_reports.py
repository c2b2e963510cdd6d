"""No laptop is forgotten, and outages of laptops find their place here."""

from datetime import timedelta

import pytest

from downtime.errors import ConflictError, InputError, UntrustedError
from downtime.outage import laptop_outages, outages
from downtime.paper import check_in, ledger
from downtime.paper.model import CheckInOutcome
from downtime.sync import join_outages
from downtime.sync.excuse_laptop import await_laptop, excuse_laptop
from downtime.sync.laptop_reports import find_awaited, report_laptops
from tests.closing import close_outage


def said(machine):
    outage = outages.find_current(machine.vault)
    return {r.device: (r.is_complete, r.explanation) for r in report_laptops(machine.vault, outage)}


def test_a_laptop_that_never_reports_is_named(fleet):
    station, k7, _ = fleet
    outages.mark_restored(k7.vault, ["LIMS"], k7.clerk, "back")
    outages.mark_restored(station.vault, ["LIMS"], station.clerk, "back")
    k7.clock.now = station.clock.now
    station.merge(k7.export(station))
    assert said(station) == {
        "K7": (True, ""),
        "M3": (False, "It has not sent anything."),
    }
    outage = outages.find_current(station.vault)
    assert [report.name for report in find_awaited(station.vault, outage)] == ["laptop M3"]


def test_a_bundle_from_before_the_end_is_not_the_last_word(fleet):
    station, k7, _ = fleet
    station.merge(k7.export(station))
    assert "still down" in said(station)["K7"][1]
    station.clock.now = k7.clock.now
    outages.mark_restored(station.vault, ["LIMS"], station.clerk, "back")
    assert said(station)["K7"][0] is False
    outages.mark_restored(k7.vault, ["LIMS"], k7.clerk, "back")
    k7.clock.now = station.clock.now
    station.merge(k7.export(station))
    assert said(station)["K7"] == (True, "")


def test_paper_of_an_unknown_laptop_brings_it_into_the_list(fleet):
    station, k7, _ = fleet
    station.site.remove("K7")
    number = k7.issue()
    assert (
        check_in.check_in_form(station.vault, number, station.clerk).outcome
        == CheckInOutcome.UNREPORTED
    )
    assert said(station)["K7"] == (
        False, "1 of its papers were seen here that it has not reported.",
    )  # fmt: skip
    with pytest.raises(UntrustedError):
        station.merge(k7.export(station))
    station.site.enrol(k7.vault)
    station.merge(k7.export(station))
    assert ledger.get_form(station.vault, number).state == "returned"
    assert "were seen" not in said(station)["K7"][1]


def test_a_machine_without_paper_need_not_report(fleet):
    station, _, m3 = fleet
    with pytest.raises(InputError):
        excuse_laptop(station.vault, "M3", station.clerk, " ")
    excuse_laptop(station.vault, "M3", station.clerk, "The publisher")
    assert said(station)["M3"] == (True, "Not awaited: The publisher")
    check_in.check_in_form(station.vault, m3.issue(), station.clerk)
    assert said(station)["M3"][0] is False
    await_laptop(station.vault, "M3", station.clerk)
    assert said(station)["M3"][0] is False


def test_a_station_that_declared_nothing_opens_the_books_of_a_laptop(tmp_path, fleet):
    station, k7, m3 = fleet
    outages.mark_restored(station.vault, ["LIMS"], station.clerk, "back")
    close_outage(station.vault, outages.find_current(station.vault).id, station.clerk, "a test")
    for laptop in (k7, m3):  # a day later
        laptop.clock.now = station.clock.now.replace(day=4)
        old = outages.find_current(laptop.vault)
        outages.mark_restored(laptop.vault, ["LIMS"], laptop.clerk, "back")
        close_outage(laptop.vault, old.id, laptop.clerk, "done")
    first, second = k7.declare("PAS"), m3.declare("LIMS")
    numbers = [k7.issue(), m3.issue()]
    k7.key(numbers[0])
    for laptop in (k7, m3):
        station.merge(laptop.export(station))
    made = join_outages.open_joined_outage(station.vault, "K7", first.id, station.clerk, "gathered")
    assert {ledger.get_form(station.vault, n).outage for n in numbers} == {made}
    theirs = {one.device for one in laptop_outages.list_declarations(station.vault.db, made)}
    assert theirs == {"K7", "M3"}
    opened = outages.get_outage(station.vault, made)
    assert laptop_outages.find_start(station.vault.db, opened) == min(first.opened, second.opened)
    assert opened.down == ("PAS",)
    (entry,) = station.vault.db.query("SELECT outage FROM entry")
    assert entry["outage"] == made


def test_a_person_joins_what_the_times_do_not(fleet):
    station, k7, _ = fleet
    here = outages.find_current(station.vault)
    k7.clock.now = k7.clock.now.replace(year=2020)  # a clock that was wrong
    old = outages.find_current(k7.vault)
    outages.mark_restored(k7.vault, ["LIMS"], k7.clerk, "back")
    close_outage(k7.vault, old.id, k7.clerk, "done")
    wrong = k7.declare()
    number = k7.issue()
    outages.mark_restored(k7.vault, ["LIMS"], k7.clerk, "back")
    close_outage(k7.vault, wrong.id, k7.clerk, "done")
    assert station.merge(k7.export(station)).unjoined_outages
    assert ledger.get_form(station.vault, number).outage == f"K7:{wrong.id}"
    join_outages.join_outage(
        station.vault, "K7", wrong.id, here.id, station.clerk, "its clock was wrong"
    )
    assert ledger.get_form(station.vault, number).outage == here.id
    k7.issue_number()
    station.merge(k7.export(station))
    assert ledger.get_form(station.vault, number).outage == here.id


def test_a_laptops_outage_is_not_opened_while_systems_of_another_are_down(fleet):
    station, k7, _ = fleet
    station.merge(k7.export(station))
    with pytest.raises(ConflictError, match="has systems down as well"):
        join_outages.open_joined_outage(
            station.vault, "K7", outages.find_current(k7.vault).id, station.clerk, "why not"
        )


def test_paper_of_a_second_outage_never_goes_into_the_books_of_the_first(fleet):
    """One is being recovered when systems fail again, on the station and on the laptop alike."""
    station, k7, _ = fleet
    first = outages.find_current(station.vault)
    old_form = k7.issue()
    clocks = {machine: machine.clock for machine in (station, k7)}
    latest = max(clock.now for clock in clocks.values())
    for machine, clock in clocks.items():
        clock.now = latest
        outages.mark_restored(machine.vault, ["LIMS"], machine.clerk, "back")
        clock.now += timedelta(hours=1)
    second = station.declare("PAS")
    k7.declare("PAS")
    new_form = k7.issue()
    station.merge(k7.export(station))
    assert ledger.get_form(station.vault, old_form).outage == first.id
    assert ledger.get_form(station.vault, new_form).outage == second.id
