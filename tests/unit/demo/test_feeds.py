"""The files: the same each time, written in every way that files come, all read but two messages."""

import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from downtime import config
from downtime.clinical.courses import read_course
from downtime.clock import from_text
from downtime.demo.appointments import TOTAL, list_course_slots, list_slots
from downtime.demo.feeds import INTENDED_REJECTS, write_feeds
from downtime.demo.settings import settings_text
from downtime.errors import InputError
from downtime.feeds.check_feeds import check_feeds
from downtime.feeds.model import Change, FeedMessage, Outcome
from downtime.feeds.read_feeds import read_feeds
from downtime.settings import Settings

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
EVENTS = ("pas/adt.hl7", "pas/siu.hl7", "lims/orders.hl7", "lims/results.hl7")


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    path = tmp_path_factory.mktemp("home") / "config.toml"
    path.write_text(settings_text("small"), encoding="utf-8")
    return config.load_settings(path)


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def test_the_same_question_gives_the_same_bytes(before, tmp_path):
    moment = NOW + timedelta(seconds=41)
    write_feeds(tmp_path, "small", 1, "before", moment)
    assert contents(tmp_path) == contents(before)


def test_another_seed_gives_other_files(before, tmp_path):
    write_feeds(tmp_path, "small", 2, "before", NOW)
    mine, theirs = contents(tmp_path), contents(before)
    assert not [name for name in mine if mine[name] == theirs[name]]


@pytest.mark.parametrize("name", EVENTS)
def test_after_begins_with_all_that_was_told_before(before, after, name):
    earlier, later = (before / name).read_bytes(), (after / name).read_bytes()
    assert later.startswith(earlier)
    assert len(later) > len(earlier)


def test_all_is_accepted_but_what_is_spoiled_on_purpose(before, after, settings):
    for folder in (before, after):
        report = check_feeds([folder], settings)
        rejected = [p for p in report.problems if p.reason.outcome is Outcome.REJECTED]
        found = {
            (str(p.position.file).removeprefix(f"{folder}/"), p.reason.segment) for p in rejected
        }
        assert found == set(INTENDED_REJECTS)
        assert len(rejected) == len(INTENDED_REJECTS)
        assert report.count(Outcome.NOT_USED) == 0


def test_every_type_of_record_is_delivered(before, settings):
    report = check_feeds([before], settings)
    assert set(report.records) == {
        "Patient", "Encounter", "Location", "ServiceRequest", "DiagnosticReport", "Observation",
        "Appointment", "AllergyIntolerance", "Flag", "MedicationRequest", "MedicationAdministration",
    }  # fmt: skip
    parts = list_course_slots("small", NOW)
    assert report.outcomes["SIU^S12", Outcome.USED] == TOTAL["small"] + len(parts)


def test_courses_under_way_are_named_part_by_part(before, settings):
    texts = [
        change.fields["description"]
        for message in read_feeds([before], settings)
        if isinstance(message, FeedMessage)
        for change in message.content
        if isinstance(change, Change) and change.type == "Appointment"
    ]
    courses = {part.name for text in texts if (part := read_course(text))}
    assert {name.split()[0] for name in courses} == {
        "Chemotherapy",
        "Radiotherapy",
        "Haemodialysis",
    }


def test_nothing_is_told_before_it_happened(before, after, settings):
    for folder, as_at in ((before, NOW), (after, NOW + timedelta(hours=8))):
        for item in read_feeds([folder], settings):
            if isinstance(item, FeedMessage) and item.sent:
                assert from_text(item.sent) <= as_at


def test_each_system_has_spoken_lately(before, settings):
    newest = {}
    for item in read_feeds([before], settings):
        if isinstance(item, FeedMessage):
            newest[item.source] = max(newest.get(item.source, ""), item.sent)
    ages = {name: NOW - from_text(sent) for name, sent in newest.items()}
    assert set(ages) == {"PAS", "EPR", "LIMS", "Radiology", "Theatres"}
    assert max(ages.values()) <= timedelta(minutes=90)
    assert timedelta(minutes=60) < ages["Theatres"]


def test_files_come_in_every_way_that_files_come(before):
    raw = contents(before)
    assert b"\n" not in raw["pas/adt.hl7"]
    assert b"\r\n" in raw["pas/siu.hl7"]
    assert b"\r" not in raw["lims/orders.hl7"]
    assert raw["lims/results.hl7"].startswith(b"\x0bMSH")
    assert raw["radiology/orders.hl7"].startswith(b"\xef\xbb\xbfMSH")
    assert raw["radiology/results.hl7"].startswith(b"FHS|")
    assert "LEFÈVRE".encode("latin-1") in raw["lims/results-latin1.hl7"]
    assert raw["pas/ward-list.csv"].startswith(b"\xef\xbb\xbf")
    assert zipfile.is_zipfile(before / "theatres/theatre-list.xlsx")


def test_a_message_that_comes_twice_is_the_very_same(before):
    sent = (before / "lims/results.hl7").read_bytes().split(b"\x1c\r")
    twice = [one for one in set(sent) if sent.count(one) > 1]
    assert len(twice) == 1


def test_an_unknown_size_or_phase_is_refused(tmp_path):
    for size, phase in (("huge", "before"), ("small", "during")):
        with pytest.raises(InputError) as refused:
            write_feeds(tmp_path, size, 1, phase, NOW)
        assert refused.value.next_step.startswith("Say ")


def test_the_large_hospital_has_its_appointments_within_what_a_snapshot_carries():
    starts = [slot.start for slot in list_slots("large", NOW)]
    assert len(starts) == 100_000
    carried = Settings().snapshot.appointment_days_ahead
    assert max(starts) - NOW < timedelta(days=carried)
    assert NOW - min(starts) < timedelta(days=3)
