"""One unit of blood on several forms is returned once, and is never lost when a form is left out."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from downtime.entry import send_back_entry
from downtime.errors import ConflictError
from downtime.reconcile import decide_in_bulk, find_items
from downtime.reconcile.compare import run_comparison
from downtime.reconcile.model import Decision, ItemFilter
from downtime.reconcile.store.items import save_decisions
from downtime.reconcile.wording import explain
from tests.integration.keying_steps import submit_checked

from .units import DAY, FATE, FORMS, RECORD, Story

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def story(vault, settings, outage, recovered, actor, keyed):
    return Story(vault, settings, outage, actor, keyed)


@pytest.mark.parametrize("at_once", [1, 1000])
@pytest.mark.parametrize("order", [("log", "record", "fate"), ("fate", "log", "record")])
def test_the_record_is_returned_and_the_others_need_no_decision(settings, story, order, at_once):
    small = replace(settings, reconcile=replace(settings.reconcile, forms_at_once=at_once))
    story.key(*order)
    behind = "on-another-form"
    assert story.compare(small) == {"log": behind, "record": "held", "fate": behind}
    serial = story.keys["record"].partition("-")[0]
    form = f"{serial[:2]}-{serial[2:8]}-{serial[8:]}"
    for kind in ("log", "fate"):
        assert not story.row(kind).is_open
        assert f"on form {form}, which is the one that is returned" in explain(
            story.row(kind).item, LONDON
        )
    assert run_comparison.run_comparison(story.vault, small, story.actor, "again").looked_at == 0


@pytest.mark.parametrize("kind", ["record", "fate", "log"])
def test_a_form_that_is_keyed_later_takes_its_place(story, kind):
    first = [name for name in FORMS if name != kind]
    story.key(*first)
    story.compare()
    story.key(kind)
    assert story.compare() == {
        "record": "held", "log": "on-another-form", "fate": "on-another-form"
    }  # fmt: skip
    assert story.compare() == story.states()


def test_what_is_behind_another_form_cannot_be_returned(story, checker):
    story.key("record", "fate")
    story.compare()
    with pytest.raises(ConflictError, match="on-another-form"):
        story.decide("fate", "return", checker)


def test_when_the_record_is_left_out_the_next_form_stands_at_once(story, checker):
    story.key(*FORMS)
    story.compare()
    found = story.decide("record", "leave", checker)
    assert found == {"log": "on-another-form", "record": "held", "fate": "held"}
    assert story.row("fate").is_open
    assert story.compare() == found
    assert story.row("record").decided.decision == "leave"
    found = story.decide("fate", "leave", checker)
    assert found == {"log": "held", "record": "held", "fate": "held"}
    assert story.row("log").is_open
    assert (
        run_comparison.run_comparison(story.vault, story.settings, story.actor, "again").looked_at
        == 0
    )


def test_when_leaving_it_out_is_taken_back_the_record_stands_again(story, checker):
    story.key(*FORMS)
    before = story.compare()
    story.decide("record", "leave", checker)
    assert story.decide("record", "open", checker) == before
    assert not story.row("fate").is_open
    assert story.compare() == before


def test_what_somebody_decided_to_return_stands_though_the_record_is_taken_back(story, checker):
    story.key("record", "fate")
    story.compare()
    story.decide("record", "leave", checker)
    story.decide("fate", "return", checker)
    found = story.decide("record", "open", checker)
    assert found == {"record": "on-another-form", "fate": "held"}
    assert story.row("fate").decided.decision == "return"
    assert story.compare() == found


def test_leaving_out_in_bulk_and_undoing_it_do_the_same(story, checker):
    story.key(*FORMS)
    before = story.compare()
    wanted = ItemFilter(form="transfusion-record")
    shown = decide_in_bulk.preview_bulk_decision(
        story.vault, story.settings, story.outage.id, wanted, "leave", checker
    )
    batch = decide_in_bulk.apply_bulk_decision(
        story.vault, story.outage.id, wanted, "leave", shown.versions, checker, "illegible"
    )
    assert story.states()["fate"] == "held"
    decide_in_bulk.undo_bulk_decision(story.vault, batch.batch.id, checker, "legible")
    assert story.states() == before


def test_what_went_out_stands_before_the_record_that_is_keyed_later(story, checker, vault):
    story.key("fate")
    story.compare()
    story.decide("fate", "return", checker)
    row = story.row("fate")
    with vault.change(checker, "returns.test") as db:
        save_decisions(db, [replace(row, decided=replace(row.decided, decision=Decision.RETURNED))])
    story.key("record", "log")
    assert story.compare() == {
        "fate": "held", "record": "on-another-form", "log": "on-another-form"
    }  # fmt: skip
    assert "was returned already" in explain(story.row("record").item, LONDON)


def test_forms_that_contradict_each_other_wait_for_two_people(story, checker):
    story.key("record", "log")
    story.key("fate", **{"fate:1": "returned"})
    assert story.compare() == {"record": "held", "log": "on-another-form", "fate": "conflict"}
    assert story.row("fate").item.needs_second_person
    story.decide("record", "leave", checker)
    assert story.states()["log"] == "conflict"
    assert story.row("log").item.needs_second_person


def test_two_forms_of_one_kind_wait_for_two_people(story):
    story.key("fate")
    first = story.keys["fate"]
    story.key("fate", **{"fate-at:1": f"{DAY}14:30"})
    assert story.compare() == {"fate": "conflict"}
    assert find_items.get_item(story.vault, first).item.state == "held"


def test_a_record_that_is_corrected_to_another_unit_stands_for_nothing(story, checker, vault):
    story.key("record", "fate")
    story.compare()
    serial = story.keys["record"].partition("-")[0]
    send_back_entry.send_back(vault, serial, checker, "read again")
    submit_checked(vault, story.settings, serial, RECORD | {"donation:1": "G9"}, story.actor)
    assert story.compare() == {"record": "held", "fate": "held"}
    assert story.row("fate").is_open


PLATELETS = {"component:1": "Platelets, A pos"}


def test_platelets_of_the_same_donation_are_a_unit_of_their_own(story, checker):
    story.key("log", "record")
    story.key("fate", **PLATELETS)
    found = {"log": "on-another-form", "record": "held", "fate": "held"}
    assert story.compare() == found
    assert story.row("fate").is_open
    story.decide("record", "leave", checker)
    assert story.states() == {"log": "held", "record": "held", "fate": "held"}
    story.decide("fate", "leave", checker)
    assert story.decide("record", "open", checker) == found
    assert story.compare() == found


@pytest.mark.parametrize("at_once", [1, 1000])
def test_a_slip_without_component_waits_for_people_once_two_are_on_paper(settings, story, at_once):
    small = replace(settings, reconcile=replace(settings.reconcile, forms_at_once=at_once))
    story.key("log")
    story.key("fate", **{"component:1": ""})
    assert story.compare(small) == {"log": "on-another-form", "fate": "held"}
    story.key("record", **PLATELETS)
    assert story.compare(small) == {"log": "held", "record": "held", "fate": "conflict"}
    assert story.row("fate").item.needs_second_person
    assert "return both only if they are two components" in explain(story.row("fate").item, LONDON)


def test_a_component_read_again_as_the_other_one_is_the_same_unit(story, checker, vault):
    story.key("record")
    story.key("fate", **PLATELETS)
    assert story.compare() == {"record": "held", "fate": "held"}
    serial = story.keys["fate"].partition("-")[0]
    send_back_entry.send_back(vault, serial, checker, "read again")
    submit_checked(vault, story.settings, serial, FATE, story.actor)
    assert story.compare() == {"record": "held", "fate": "on-another-form"}


def test_a_word_of_the_site_for_a_component_is_known_from_its_settings(settings, story):
    words = settings.reconcile.blood_components | {"red-cells": "red cells, LRCP"}
    known = replace(settings, reconcile=replace(settings.reconcile, blood_components=words))
    story.key("record")
    story.key("fate", **{"component:1": "LRCP O neg"})
    assert story.compare() == {"record": "held", "fate": "conflict"}
    assert story.compare(known) == {"record": "held", "fate": "on-another-form"}
