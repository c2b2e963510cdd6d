"""Only what another person keyed again unseen says how many fields are wrong; clicks say nothing."""

import json
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from downtime.entry import double_keying, keying, quality, send_back_entry, verify_entry
from downtime.entry.import_responses import import_response
from downtime.entry.model import EntryState, Task, VerificationBasis
from downtime.entry.open_form import open_form
from downtime.entry.policies import has_enough_people
from downtime.entry.store import second_keyings
from downtime.entry.write_response import dump_response, write_response
from downtime.errors import ConflictError
from downtime.returns.statement.statement_facts import measure_error_rate
from downtime.settings import EntrySettings, Settings
from downtime.vault.model import Actor
from tests.integration.keying_steps import SAME_PERSON, asked, key_again, submit_checked

from .conftest import OBSERVED, PHONED

THIRD = Actor("u-3", "Cora Third", "laptop-1")
STRICT = Settings(entry=EntrySettings(max_error_percent=20.0, sample_percent=0.0))
"""Two observation charts without a slip are evidence enough here."""
FEW = Settings(
    entry=EntrySettings(max_error_percent=100.0, sample_percent=99.9999, sample_fields=3)
)
"""A site whose error is small: three fields of nearly every entry are keyed again."""
UNCHECKED = Settings(entry=EntrySettings(max_error_percent=100.0, sample_percent=0.0))


def estimate(vault, outage, form="observations", settings=STRICT):
    return quality.estimate_form(vault.db, settings, outage.id, form)


def test_agreeing_with_the_paper_sixty_times_is_evidence_of_nothing(
    vault, issue, outage, actor, checker
):
    for _ in range(60):
        serial = issue("observations")
        submit_checked(vault, UNCHECKED, serial, OBSERVED, actor)
        verify_entry.verify_entry(vault, serial, checker)
    rate = estimate(vault, outage)
    assert (rate.fields, rate.high, rate.sample_percent) == (0, 1.0, 100.0)
    assert measure_error_rate(vault, outage, ())["all"]["seen"]["fields"] == 0
    assert measure_error_rate(vault, outage, ())["forms"] == []
    serial = issue("observations")
    assert submit_checked(vault, STRICT, serial, OBSERVED, actor).waits == Task.KEY_AGAIN


def test_sending_back_and_entering_the_same_again_is_no_evidence_either(
    vault, issue, outage, actor, checker
):
    for _ in range(3):
        serial = issue("observations")
        for _ in range(2):
            submit_checked(vault, STRICT, serial, OBSERVED, actor)
            send_back_entry.send_back(vault, serial, checker, "look again")
    assert (estimate(vault, outage).fields, estimate(vault, outage).sample_percent) == (0, 100.0)


def test_a_look_does_not_stand_in_for_the_second_keying(vault, issue, actor, checker):
    serial = issue("observations")
    submit_checked(vault, STRICT, serial, OBSERVED, actor)
    with pytest.raises(ConflictError, match="without seeing"):
        verify_entry.verify_entry(vault, serial, checker)


def test_what_is_keyed_again_alike_lowers_the_share(vault, issue, outage, actor, checker):
    for _ in range(2):
        serial = issue("observations")
        submit_checked(vault, STRICT, serial, OBSERVED, actor)
        key_again(vault, STRICT, serial, checker)
    rate = estimate(vault, outage)
    assert (rate.forms, rate.fields, rate.errors) == (2, 2 * len(OBSERVED), 0)
    assert rate.sample_percent == 0.0
    last = submit_checked(vault, STRICT, issue("observations"), OBSERVED, actor)
    assert (last.basis, last.sample_keys) == (VerificationBasis.UNSAMPLED, ())


def test_slips_of_the_first_keep_everything_keyed_again(vault, issue, outage, actor, checker):
    for _ in range(2):
        serial = issue("observations")
        slip = {"pulse:1": "98", "temperature:2": "37.1", "author.role": "Doctor"}
        submit_checked(vault, STRICT, serial, OBSERVED | slip, actor)
        right = asked(vault, STRICT, serial, OBSERVED)
        double_keying.submit_second_keying(vault, STRICT, serial, right, checker)
        double_keying.adjudicate_entry(
            vault, STRICT, serial, {key: OBSERVED[key] for key in slip}, THIRD
        )
    rate = estimate(vault, outage)
    assert (rate.errors, rate.fields) == (6, 2 * len(OBSERVED))
    assert rate.sample_percent == 100.0


def test_a_few_fields_are_keyed_again_once_the_error_is_small(vault, issue, actor):
    serial = issue("observations")
    entry = submit_checked(vault, FEW, serial, OBSERVED, actor)
    filled = [key for key in entry.sample_keys if entry.answers.get(key)]
    blank = [key for key in entry.sample_keys if not entry.answers.get(key)]
    assert (len(filled), len(blank)) == (3, 1)
    rows = {key.partition(":")[2] for key in entry.sample_keys}
    assert rows <= {"", "1", "2"}, "a row in which nothing stands says nothing"
    assert open_form(vault, serial, FEW).second_keys == list(entry.sample_keys)


def test_nobody_can_foretell_which_fields_they_are(vault, issue, actor):
    samples = {
        submit_checked(vault, FEW, issue("observations"), OBSERVED, actor).sample_keys
        for _ in range(6)
    }
    assert len(samples) > 1


def test_a_slip_in_a_few_fields_has_the_whole_form_compared(vault, issue, actor, checker):
    wrong = ""
    while (
        not wrong
    ):  # which fields are asked, nobody can foretell; another time would be asked about
        serial = issue("observations")
        entry = submit_checked(vault, FEW, serial, OBSERVED, actor)
        again = asked(vault, FEW, serial, OBSERVED)
        wrong = next((key for key, text in again.items() if text and not _is_time(key)), "")
    again[wrong] = _misread(again[wrong])
    double_keying.submit_second_keying(vault, FEW, serial, again, checker)
    decided = double_keying.adjudicate_entry(vault, FEW, serial, {wrong: again[wrong]}, THIRD)
    assert (decided.state, decided.waits) == (EntryState.CRITICAL_AGREED, Task.COMPARE)
    done = verify_entry.verify_entry(vault, serial, THIRD)
    assert (done.basis, entry.sampled) == (VerificationBasis.COMPARED, 1)


def _is_time(key: str) -> bool:
    return key.startswith(("event.", "taken"))


def _misread(text: str) -> str:
    """Something else that can stand in the same box: another last figure, else one letter more."""
    return text[:-1] + str((int(text[-1]) + 1) % 10) if text[-1].isdigit() else text + "e"


def test_what_was_imported_is_keyed_again_unseen_too(vault, issue, actor):
    first, serial = issue("observations"), issue("observations")
    submit_checked(vault, STRICT, first, OBSERVED, actor)
    form = open_form(vault, first)
    resource = json.loads(
        dump_response(write_response(form.entry, form.definition, ZoneInfo("Europe/London"))),
        parse_float=Decimal,
    )
    resource["identifier"]["value"] = serial
    resource["item"].append(SAME_PERSON)
    entry, _ = import_response(vault, STRICT, resource, actor)
    assert entry.waits == Task.KEY_AGAIN
    assert {"pulse:1", "author.name"} <= set(entry.sample_keys)


def test_critical_fields_and_free_text_are_in_no_sample(vault, issue, actor):
    entry = submit_checked(vault, STRICT, issue("phoned-result"), PHONED, actor)
    assert not {"value:1", "units:1", "checked"} & set(entry.sample_keys)
    form = open_form(vault, entry.serial, STRICT)
    texts = {key for item in form.keyed_items if item.type == "text" for key in item.answer_keys()}
    assert texts
    assert not texts & set(entry.sample_keys)


def test_a_check_counts_once_whatever_is_corrected_later(vault, issue, outage, actor, checker):
    serial = issue("observations")
    submit_checked(vault, STRICT, serial, OBSERVED, actor)
    key_again(vault, STRICT, serial, checker)
    send_back_entry.send_back(vault, serial, THIRD, "pulse misread")
    submit_checked(vault, STRICT, serial, OBSERVED | {"pulse:1": "98"}, actor)
    key_again(vault, STRICT, serial, checker)
    assert (estimate(vault, outage).forms, estimate(vault, outage).fields) == (1, len(OBSERVED))
    assert second_keyings.has_check(vault.db, serial, VerificationBasis.REKEYED)


def test_a_laptop_cannot_say_that_a_sample_agreed_without_the_second_person(
    vault, issue, actor, checker
):
    serial = issue("observations")
    submit_checked(vault, STRICT, serial, OBSERVED, actor)
    entry = key_again(vault, STRICT, serial, checker)
    second = second_keyings.fetch(vault.db, serial)
    assert has_enough_people(entry, second, is_critical=False)
    assert not has_enough_people(entry, None, is_critical=False)
    looked_at = replace(entry, basis=VerificationBasis.COMPARED)
    halfway = replace(entry, state=EntryState.CRITICAL_AGREED, waits=Task.COMPARE)
    for skipped in (looked_at, halfway):
        assert not has_enough_people(skipped, None, is_critical=False), "a look is not enough"
    own = replace(second, person=entry.transcriber)
    assert not has_enough_people(entry, own, is_critical=False)


FULL_ROW = OBSERVED | {
    "respirations:1": "18",
    "spo2-1:1": "96",
    "oxygen:1": "O",
    "flow:1": "2",
    "systolic:1": "120",
    "diastolic:1": "80",
    "consciousness:1": "A",
}


def test_a_field_that_is_sampled_alone_is_not_asked_about_for_lack_of_its_neighbours(
    vault, issue, actor, checker, monkeypatch
):
    """A saturation was asked about because its oxygen, which nobody asked for, was not keyed."""
    for key in (key for key in FULL_ROW if ":" in key):
        with monkeypatch.context() as patched:
            patched.setattr(keying, "choose_sample", lambda *_, key=key: (key,))
            serial = issue("observations")
            submit_checked(vault, UNCHECKED, serial, FULL_ROW, actor)
        entry = double_keying.submit_second_keying(
            vault, UNCHECKED, serial, {key: FULL_ROW[key]}, checker
        )
        assert entry.basis == VerificationBasis.AGREED
