"""What the scanner reads as the second keying of a field: where a site lets it, and never for what can harm most."""

from dataclasses import replace

import pytest

from downtime.entry import double_keying, keying, send_back_entry
from downtime.entry.model import Check, EntryState, Task, VerificationBasis
from downtime.entry.open_form import open_form
from downtime.entry.policies import has_enough_people
from downtime.entry.reading_policies import may_be_read
from downtime.entry.second_reading import find_blind_ink
from downtime.entry.store import second_keyings
from downtime.entry.take_in_batch import list_scan_files, take_in_files
from downtime.errors import ForbiddenError, InputError
from downtime.paper.forms.load_form import load_form
from downtime.vault import device
from downtime.vault.model import Actor
from tests.integration.scanning.printed_paper import as_png, print_paper

SIGNED = {"author.name": "Sam Okoro", "author.role": "Staff nurse",
          "event.date": "2026-11-02", "event.time": "14:10"}  # fmt: skip
KEYED = SIGNED | {
    "patient.name": "Unknown, Male", "test.fbc": "true", "test.gent": "true", "priority": "urgent",
    "collected": "2026-11-02T14:05", "requester": "Dr Patel", "reason": "Fever",
}  # fmt: skip
WRITTEN = ("collected", "requester", "reason", *SIGNED)
"""What is keyed by hand; nobody wrote who the patient is in the identity block."""


@pytest.fixture
def letting(settings):
    """A site that lets the scanner be the second one for ticks and empty fields."""
    entry = replace(settings.entry, second_reading=("ticks", "empty"), sample_percent=0.0)
    return replace(settings, entry=entry)


@pytest.fixture
def proved(vault):
    """The scanner was held against two people in so many fields that it may stand for one of them."""
    for number, basis in enumerate((VerificationBasis.READ_TICKS, VerificationBasis.READ_EMPTY)):
        check = Check(
            serial=f"K7{number:06}X", outage="", form="f", at="2026-11-01T00:00:00Z", basis=basis,
            fields=5000, errors=0,
        )  # fmt: skip
        with vault.change(Actor("x", "x", "x"), "test") as db:
            second_keyings.add_check(db, check)


@pytest.fixture
def third():
    return Actor("p3", "C. Third", "records-clerk")


@pytest.fixture
def scanned(vault, settings, outage, actor, tmp_path):
    """Print a form, fill it as `KEYED` says but for these boxes, scan it; its serial."""
    device.create_device(vault.home, vault.data_key, "K7", "records station")

    def scan(*, ticks=("test.fbc", "test.gent", "priority=urgent"), smudge=()):
        serial, page = print_paper(vault, settings, actor)
        for key in ticks:
            page.tick(key)
        for key in (*WRITTEN, *smudge):
            page.write(key)
        file = tmp_path / "scan.png"
        file.write_bytes(as_png(page))
        take_in_files(vault, settings, list_scan_files([file]), serial, actor)
        return serial

    return scan


def key(vault, settings, serial, actor, answers=KEYED):
    return keying.submit_entry(vault, settings, serial, answers, actor)


def test_without_the_setting_two_people_key_and_ticks_are_shown(vault, settings, actor, scanned):
    serial = scanned()
    form = open_form(vault, serial, settings)
    assert find_blind_ink(vault, settings, form).suggest_answers(form)["test.fbc"] == "true"
    entry = key(vault, settings, serial, actor)
    assert (entry.waits, entry.read_answers) == (Task.KEY_AGAIN, {})
    assert "test.gent" in open_form(vault, serial, settings).second_keys


def test_who_keys_beside_a_scanner_that_counts_does_not_see_what_it_read(
    vault, letting, scanned, proved
):
    form = open_form(vault, scanned(), letting)
    ink = find_blind_ink(vault, letting, form)
    assert ink.suggest_answers(form) == {}
    assert "test.fbc" not in ink.find_marks()
    assert "reason" in ink.find_marks(), "writing is for people, and ink in it is shown"


def test_what_the_scanner_read_is_the_second_keying_and_the_rest_is_keyed_by_a_person(
    vault, letting, actor, checker, scanned, proved
):
    serial = scanned()
    entry = key(vault, letting, serial, actor)
    form = open_form(vault, serial, letting)
    assert entry.reading_counts
    assert entry.second_reading["test.gent"] == "true"
    assert entry.second_reading["test.vanc"] == ""
    assert not {*entry.second_reading} & {*form.second_keys}
    assert "patient.name" in form.second_keys
    assert "patient.name" not in entry.second_reading
    again = {k: text for k, text in KEYED.items() if k in form.second_keys}
    entry = double_keying.submit_second_keying(vault, letting, serial, again, checker)
    assert (entry.state, entry.basis) == (EntryState.VERIFIED, VerificationBasis.AGREED)


def test_where_person_and_scanner_differ_somebody_else_decides(
    vault, letting, actor, checker, third, scanned, proved
):
    serial = scanned()
    answers = {k: text for k, text in KEYED.items() if k != "test.gent"}
    key(vault, letting, serial, actor, answers)
    form = open_form(vault, serial, letting)
    again = {k: text for k, text in answers.items() if k in form.second_keys}
    entry = double_keying.submit_second_keying(vault, letting, serial, again, checker)
    assert entry.waits == Task.ADJUDICATE
    (field,) = double_keying.find_disputed_fields(vault, letting, serial, third)
    assert (field.key, field.first, field.second, field.is_read) == ("test.gent", "", "true", True)
    with pytest.raises(ForbiddenError):
        double_keying.find_disputed_fields(vault, letting, serial, actor)
    decided = {"test.gent": "true"}
    entry = double_keying.adjudicate_entry(vault, letting, serial, decided, third)
    assert entry.answers["test.gent"] == "true"


def test_a_doubtful_tick_goes_to_a_person(vault, letting, actor, scanned, proved):
    serial = scanned(ticks=("test.fbc", "priority=urgent", "priority=routine"))
    entry = key(vault, letting, serial, actor)
    assert "priority" not in entry.second_reading
    assert "priority" in open_form(vault, serial, letting).second_keys


def test_until_it_was_right_often_enough_it_only_stands_beside_two_people(
    vault, letting, actor, checker, scanned
):
    serial = scanned()
    entry = key(vault, letting, serial, actor)
    assert entry.read_answers
    assert not entry.reading_counts
    form = open_form(vault, serial, letting)
    assert "test.gent" in form.second_keys
    again = {k: text for k, text in KEYED.items() if k in form.second_keys}
    double_keying.submit_second_keying(vault, letting, serial, again, checker)
    totals = second_keyings.sum_last_readings(vault.db, VerificationBasis.READ_TICKS, 10)
    assert totals.fields > 20
    assert totals.errors == 0


def test_of_some_forms_it_is_always_held_against_two_people(vault, letting, actor, scanned, proved):
    always = replace(letting, entry=replace(letting.entry, sample_percent=100.0))
    assert not key(vault, always, scanned(), actor).reading_counts


def test_of_a_form_that_was_sent_back_two_people_key_all(
    vault, letting, actor, checker, scanned, proved
):
    serial = scanned()
    key(vault, letting, serial, actor)
    send_back_entry.send_back(vault, serial, checker, "wrong person")
    entry = key(vault, letting, serial, actor)
    assert not entry.read_answers


@pytest.mark.parametrize(
    ("form", "link_id", "is_readable"),
    [
        ("blood-sciences-request", "test.gent", True),
        ("sepsis-checklist", "pulse", True),
        ("transfusion-request", "haemorrhage", False),
        ("emergency-blood-log", "group:1", False),
        ("partogram", "blood-group", False),
        ("insulin", "given:1", False),
        ("clerking", "here:1", False),
        ("discharge", "medicines-given", False),
        ("admission", "allergy-status", False),
        ("vte-assessment", "medicine:1", False),
    ],
)
def test_two_people_key_who_somebody_is_medicines_doses_allergies_and_blood(
    form, link_id, is_readable
):
    definition = load_form(form)
    assert may_be_read(definition, definition.field(link_id)) == is_readable
    assert not any(may_be_read(definition, item) for item in definition.identity)
    assert not any(may_be_read(definition, item) for item in definition.sign_off)


def test_a_word_that_means_nothing_in_the_setting_is_refused(vault, letting, actor, scanned):
    wrong = replace(letting, entry=replace(letting.entry, second_reading=("writing",)))
    with pytest.raises(InputError, match="cannot read"):
        key(vault, wrong, scanned(), actor)


def test_what_another_machines_scanner_read_proves_nothing_here(
    vault, letting, actor, checker, scanned, proved
):
    serial = scanned()
    key(vault, letting, serial, actor)
    form = open_form(vault, serial, letting)
    again = {k: text for k, text in KEYED.items() if k in form.second_keys}
    entry = double_keying.submit_second_keying(vault, letting, serial, again, checker)
    second = second_keyings.fetch(vault.db, serial)
    assert not has_enough_people(entry, second, is_critical=True)
    by_people = replace(entry, read_answers={}, reading_counts=0)
    assert has_enough_people(by_people, second, is_critical=True)
