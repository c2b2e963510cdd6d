"""Drafts of mappings and profiles: what is recognised, what is said to be unsure, what is not shown."""

import tomllib
from datetime import UTC, date, datetime

import pytest

from downtime.feeds.context import feed_context
from downtime.feeds.draft_mapping import draft_mapping, write_mapping
from downtime.feeds.draft_profile import sample_sources, write_profiles
from downtime.feeds.profiles import read_profiles
from downtime.feeds.tables.csv_rows import TableRow
from downtime.feeds.tables.mapping import table_mappings
from downtime.settings import Settings, SiteSettings

TODAY = date(2026, 11, 2)


def rows(*lines):
    return [TableRow(n, n, line.split(";")) for n, line in enumerate(lines, start=1)]


def draft(name, *lines):
    """The text of the draft, and the mapping as the program reads it back."""
    text = write_mapping(draft_mapping(name, rows(*lines), TODAY))
    tables = tomllib.loads(text)["feeds"]["tables"]
    return text, table_mappings(tables, {})[0]


def test_a_ward_list():
    text, mapping = draft(
        "ward list 20261102.xlsx",
        "Inpatients at 06:00",
        "Ward;Bed No.;Hospital Number;Surname;D.O.B.;Consultant;EDD;Diet",
        "W1;3;H1;SMITH;23/02/1960;Lee;25/11/2026;soft",
    )
    assert mapping.record == "Encounter"
    assert mapping.matches("Ward List 20261103.xlsx")
    assert dict(mapping.columns) == {
        "ward": "ward",
        "bed no.": "bed",
        "hospital number": "patient.mrn",
        "surname": "patient.family",
        "d.o.b.": "patient.birth_date",
        "consultant": "consultant",
        "edd": "expected_end",
    }
    assert mapping.constants == {"status": "in-progress", "kind": "inpatient"}
    assert '# "Diet" = ""  # not mapped' in text
    assert "SMITH" not in text


@pytest.mark.parametrize("titles", ["Ward;Ward Name", "Ward Name;Ward Code"])
def test_a_ward_by_its_code_and_by_its_name(titles):
    _, mapping = draft("ward list.csv", f"{titles};Bed;MRN;Surname", "W1;W1;3;H1;SMITH")
    targets = {target: title for title, target in mapping.columns.items()}
    assert targets["ward_name"] == "ward name"
    assert targets["ward"] in ("ward", "ward code")


def test_a_theatre_list_with_date_and_time_apart():
    text, mapping = draft(
        "theatre.csv",
        "Date;Time;Theatre;Operation;NHS Number;Status",
        "24/11/2026;08:30;T1;Hernia;9990000018;Booked",
        "25/11/2026;09:30;T2;Hip;9990000026;Cancelled",
    )
    assert mapping.record == "Appointment"
    assert mapping.constants == {"kind": "theatre"}
    assert mapping.columns["date"] == "start.date"
    assert mapping.columns["time"] == "start.time"
    assert '# "Cancelled" = ""' in text


def test_beds_without_people_are_beds():
    _, mapping = draft("beds.csv", "Ward;Bed;Status", "W1;1;Vacant")
    assert mapping.record == "Location"


@pytest.mark.parametrize(
    ("day", "order", "is_sure"),
    [("23/02/1960", "dmy", True), ("02/23/1960", "mdy", True), ("02/03/1960", "dmy", False)],
)
def test_the_order_of_dates_is_seen_or_said_to_be_unsure(day, order, is_sure):
    text, mapping = draft("p.csv", "MRN;DOB", f"H1;{day}")
    assert mapping.dates == order
    assert ("no value shows whether" in text) is not is_sure


def test_a_column_of_nhs_numbers_is_found_by_its_check():
    lines = [f"{number};X" for number in ("9990000018", "999 000 0026", "9990000034")]
    text, mapping = draft("p.csv", "Identifier A;Surname", *lines)
    assert mapping.columns["identifier a"] == "patient.nhs"
    assert "unsure: its values pass the check" in text


def test_what_is_unsure_is_said():
    text, _ = draft("p.csv", "Surnames;Sex;DOB", "SMITH, John;F;soon")
    assert "unsure: it seems to hold whole names" in text
    assert "unsure: 1 of 1 are no dates" in text
    assert "no column holds hospital or NHS numbers" in text
    assert draft_mapping("p.csv", rows("1234;5678", "1;2"), TODAY) is None


ADT = (
    "MSH|^~\\&|IPM|RXX|||20261102140{n}||ADT^A01|{n}|P|2.4\r"
    "PID|1||{n}^^^RXX01^MEDREC~9990000019^^^NHS^NH||SMITH^A\r"
    "PV1|1|{kind}|W1^A^{bed}\r"
)
ORU = "MSH|^~\\&|WINPATH|RXX|||20261102140000+0000||MDM^T02|9|P|2.4\rPID|1||1^^^RXX01^MEDREC\r"


@pytest.fixture
def profiles(tmp_path):
    """The text of the profiles that are drafted from files, and the profiles in it."""

    def run(*files):
        paths = []
        for number, data in enumerate(files):
            path = tmp_path / f"{number}.dat"
            path.write_bytes(data)
            paths.append(path)
        context = feed_context(Settings(site=SiteSettings(mrn_authority="OTHER")))
        samples = sample_sources(paths, context, lambda: datetime(2026, 11, 2, tzinfo=UTC))
        text = write_profiles(samples, context)
        return text, {p.name: p for p in read_profiles(tomllib.loads(text)["feeds"]["profiles"])}

    return run


def test_the_profile_of_an_hl7_sender(profiles):
    stays = [ADT.format(n=n, kind="OBS" if n < 3 else "I", bed=n) for n in range(1, 7)]
    text, drafts = profiles("".join([*stays, ORU]).encode().replace(b"SMITH", b"M\xfcller"))
    ipm = drafts["ipm"]
    assert (ipm.applications, ipm.system) == (("IPM",), "PAS")
    assert (ipm.mrn_types, ipm.mrn_authorities) == (("MEDREC",), ("RXX01",))
    assert ipm.bed_classes == ("OBS",)
    assert ipm.character_set == "cp1252"
    assert "6 NHS numbers do not pass their check" in text
    assert "winpath" in drafts
    assert "ller" not in text


def test_the_profile_of_a_fhir_server(profiles):
    patient = (
        b'{"resourceType":"Patient","id":"1","meta":{"source":"CERNER"},"identifier":'
        b'[{"system":"urn:oid:1.2.3","type":{"coding":[{"code":"MR"}]},"value":"SMITH7"}]}\n'
    )
    text, drafts = profiles(patient * 2)
    assert drafts["cerner"].mrn_authorities == ("urn:oid:1.2.3",)
    assert "SMITH7" not in text


def test_messages_that_name_no_sender_say_so(profiles):
    text, _ = profiles(b'{"resourceType":"Flag","id":"1"}')
    assert "the messages do not name their sender" in text
