"""A laptop's bundle does not carry implausible values past the question: they wait, and are not lost."""

from dataclasses import replace

import pytest

from downtime.entry import confirm_entry, open_form, send_back_entry, verify_entry
from downtime.entry.duplicate_entries import settle_duplicate_entry
from downtime.entry.facts import PERSON_CHECK, PersonCheck
from downtime.entry.merge_entries import entry_digest, export_entries
from downtime.entry.model import EntryChoice, Task
from downtime.entry.plausibility.model import Rule
from downtime.entry.store import entries
from downtime.errors import ConflictError
from tests.integration.keying_steps import (
    confirming,
    see_through,
    submit_checked,
    submit_confirmed,
)

from .fleet import OBSERVED, SETTINGS, Machine

SAME = {PERSON_CHECK: PersonCheck.SAME}
FAST = OBSERVED | {"pulse:1": "190"}
IMPOSSIBLE = OBSERVED | {"taken:1": "2062-11-02T13:00"}


def smuggle(laptop: Machine, answers, *, verified: bool = False) -> str:
    """An entry as a program without these questions kept it; some say that it is verified."""
    number = laptop.issue()
    laptop.key(number)
    if verified:
        see_through(laptop.vault, SETTINGS, number, laptop.checker)
    entry = replace(open_form.get_entry(laptop.vault, number), answers=SAME | answers)
    with laptop.vault.change(laptop.clerk, "entry.submit") as db:
        entries.save_entry(db, entry)
    return number


@pytest.mark.parametrize("verified", [False, True])
def test_what_was_never_asked_there_is_asked_here(fleet, verified):
    station, laptop, _ = fleet
    number = smuggle(laptop, FAST, verified=verified)
    station.merge(laptop.export(station))
    entry = open_form.get_entry(station.vault, number)
    assert (entry.state, entry.waits, station.state(number)) == ("entered", Task.CONFIRM, "keyed")
    assert entry.answers["pulse:1"] == "190"
    with pytest.raises(ConflictError, match="not confirmed"):
        verify_entry.verify_entry(station.vault, number, station.checker)
    entry = confirming(
        lambda confirmed: confirm_entry.confirm_entry(
            station.vault, SETTINGS, number, confirmed, station.clerk
        )
    )
    assert [c.rule for c in entry.confirmations] == [Rule.UNUSUAL]
    station.merge(laptop.export(station))  # once more: what was confirmed here stays
    assert open_form.get_entry(station.vault, number).confirmations == entry.confirmations
    assert see_through(station.vault, SETTINGS, number, station.checker).state == "verified"


def test_whose_paper_it_is_and_nobody_said_there_is_asked_here(fleet):
    station, laptop, _ = fleet
    number = smuggle(laptop, {PERSON_CHECK: "", **OBSERVED}, verified=True)
    station.merge(laptop.export(station))
    _, (finding,) = confirm_entry.list_to_confirm(station.vault, SETTINGS, number)
    assert (finding.key, finding.rule) == (PERSON_CHECK, Rule.PERSON_UNCHECKED)


def test_what_is_impossible_is_kept_and_keyed_anew(fleet):
    station, laptop, _ = fleet
    number = smuggle(laptop, IMPOSSIBLE, verified=True)
    station.merge(laptop.export(station))
    _, findings = confirm_entry.list_to_confirm(station.vault, SETTINGS, number)
    assert [(f.key, f.rule) for f in findings] == [("taken:1", Rule.FUTURE)]
    with pytest.raises(ConflictError, match="not possible"):
        confirm_entry.confirm_entry(station.vault, SETTINGS, number, {}, station.clerk)
    send_back_entry.send_back(station.vault, number, station.checker, "the year is misread")
    past = entries.fetch_past(station.vault.db, number)
    assert IMPOSSIBLE["taken:1"] in [version.answers.get("taken:1") for version in past]
    assert station.key(number).state == "entered"


def test_what_was_confirmed_there_comes_along_with_its_reason(fleet):
    station, laptop, _ = fleet
    number = laptop.issue()
    entry = submit_confirmed(laptop.vault, SETTINGS, number, FAST, laptop.clerk)
    station.merge(laptop.export(station))
    here = open_form.get_entry(station.vault, number)
    assert (here.waits, here.confirmations) == (entry.waits, entry.confirmations)
    assert here.confirmations[0].person == laptop.clerk.id


def test_what_is_plausible_goes_on_as_before(fleet):
    station, laptop, _ = fleet
    number = laptop.issue()
    entry = laptop.key(number)
    station.merge(laptop.export(station))
    assert open_form.get_entry(station.vault, number).waits == entry.waits != Task.CONFIRM


def test_an_entry_without_confirmations_looks_as_it_did_to_older_programs(fleet):
    _, laptop, _ = fleet
    number = laptop.issue(form="observations")
    laptop.key(number)
    rows = [row for table, row in export_entries(laptop.vault.db, "K7", 1) if table == "entry"]
    assert "confirmations" not in rows[0]["entry"]
    entry = open_form.get_entry(laptop.vault, number)
    confirmed = submit_confirmed(laptop.vault, SETTINGS, laptop.issue(), FAST, laptop.clerk)
    assert entry_digest(entry, None) == entry_digest(
        replace(entry, confirmations=confirmed.confirmations), None
    )


def test_a_laptops_entry_that_is_chosen_is_judged_too(fleet):
    station, laptop, _ = fleet
    number = smuggle(laptop, FAST)
    station.merge(laptop.export(station))
    send_back_entry.send_back(station.vault, number, station.checker, "misread")
    submit_checked(station.vault, SETTINGS, number, OBSERVED, station.clerk)
    send_back_entry.send_back(laptop.vault, number, laptop.checker, "misread")
    entry = replace(
        submit_checked(laptop.vault, SETTINGS, number, OBSERVED, laptop.clerk),
        answers=SAME | OBSERVED | {"pulse:1": "195"},
    )
    with laptop.vault.change(laptop.clerk, "entry.submit") as db:
        entries.save_entry(db, entry)
    station.merge(laptop.export(station))
    chosen = settle_duplicate_entry(
        station.vault, SETTINGS, number, "K7", EntryChoice.ELSEWHERE, station.checker, "as on paper"
    )
    assert (chosen.waits, chosen.answers["pulse:1"]) == (Task.CONFIRM, "195")
