"""Accesses of laptops at the records station: reviewed once, wherever, and open on the statement until then."""

from datetime import timedelta

from downtime.accounts.break_glass import review_access, start_access
from downtime.accounts.break_glass.model import AccessDraft, ReviewVerdict
from downtime.returns.statement.completeness_statement import gather_statement
from downtime.sync.laptop_audit import list_entries_of
from downtime.vault.model import Actor
from tests.integration.sync.fleet import SETTINGS

JO = AccessDraft(
    name="Jo Agency", employer="Nightstaff Ltd", registration="12A3456E", reason="Only nurse tonight",
    ward="A1", minutes=60, pin="271828",
)  # fmt: skip
SITE = Actor("u-site", "Sam Site", "S1")


def let_in(machine):
    return start_access.start_access(machine.vault, SETTINGS, JO, machine.clerk).access


def open_kinds(machine):
    return {item["kind"]: item for item in gather_statement(machine.vault, SETTINGS).facts["open"]}


def test_an_access_on_a_laptop_is_open_on_the_statement_until_somebody_has_reviewed_it(fleet):
    station, k7, _ = fleet
    access = let_in(k7)
    station.merge(k7.export(station))
    line = open_kinds(station)["access-unreviewed"]
    assert line["sentence"].startswith("Jo Agency (Nightstaff Ltd, 12A3456E) was let in")
    assert [e.action for e in list_entries_of(station.vault.db, access.person)] == ["session.start"]
    skip_hours(fleet, 2)
    verdict = ReviewVerdict.JUSTIFIED
    review_access.review_access(station.vault, access.id, verdict, SITE, "read her entries")
    assert "access-unreviewed" not in open_kinds(station)
    station.merge(k7.export(station))
    assert "access-unreviewed" not in open_kinds(station)


def skip_hours(fleet, hours):
    for machine in fleet:
        machine.clock.now += timedelta(hours=hours)


def test_a_review_on_the_laptop_counts_at_the_station(fleet):
    station, k7, _ = fleet
    access = let_in(k7)
    first = k7.export(station)
    skip_hours(fleet, 2)
    review_access.review_access(
        k7.vault, access.id, ReviewVerdict.NOT_JUSTIFIED, SITE, "nobody asked her to"
    )
    for bundle in (k7.export(station), first):
        station.merge(bundle)
    (kept,) = review_access.list_accesses(station.vault)
    assert kept.verdict == ReviewVerdict.NOT_JUSTIFIED
    assert "access-unreviewed" not in open_kinds(station)
