"""Feeds that used to be misread, right through to the state, and to a ward's board."""

import json
from datetime import UTC, datetime

import pytest

from downtime.settings import FeedsSettings, Settings
from downtime.snapshot import load_bundle, local_snapshots
from downtime.snapshot.preview_state import preview_state
from downtime.snapshot.settle_records import NAMELESS_MEDICINE

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
PEOPLE = {"K1": "PATEL^ANYA", "K2": "OKORO^BEN", "K3": "LEWIS^CARYS", "K4": "NG^DAI"}


def adt(event, when, person, place="", visit="", patient_class="I", more="", evn6="", fields=""):
    """One ADT message about somebody."""
    stamp = f"20261102{when}00"
    pv1 = f"PV1|1|{patient_class}|{place}{'|' * 16}{visit}{fields}\r" if visit else ""
    return (
        f"MSH|^~\\&|PAS|DEMO|||{stamp}||ADT^{event}|{event}{when}{person}|P|2.4\r"
        f"EVN|{event}|{stamp}||||{evn6}\r"
        f"PID|1||{person}^^^DEMO^MR||{PEOPLE[person]}||19500101|F\r{pv1}{more}"
    )


def order(when, person, control, numbers, code, result=""):
    """One order or result: `numbers` are placer and filler."""
    placer, filler = numbers
    stamp = f"20261102{when}00"
    sender, kind = ("LIMS||", "ORU^R01") if result else ("EPR|DEMO|LIMS", "ORM^O01")
    status = f"{'|' * 18}{stamp}|||F\rOBX|1|NM|{code}||{result}|mmol/L|||||F" if result else ""
    pid = f"PID|1||{person}^^^DEMO^MR||{PEOPLE[person]}\r" if person else ""
    return (
        f"MSH|^~\\&|{sender}||{stamp}||{kind}|{kind[:3]}{when}{person}|P|2.4\r{pid}"
        f"ORC|{control}|{placer}|{filler}||||||{stamp}\rOBR|1|{placer}|{filler}|{code}^Test{status}\r"
    )


@pytest.fixture
def read(tmp_path):
    """`read(*messages)` → the preview of them in one file."""

    def read_messages(*messages):
        path = tmp_path / "feed.hl7"
        path.write_text("".join(messages))
        return preview_state([path], Settings(), NOW)

    return read_messages


def table(preview, kind, *names):
    """Some fields of every record of a type, people by their numbers."""
    records = preview.as_json()["records"][kind]
    return sorted(tuple(record[name] for name in names) for record in records)


def kinds(preview):
    return {item.finding.kind for item in preview.findings}


def test_one_laboratory_number_of_two_people_is_two_reports(read):
    preview = read(
        order("0900", "K1", "RE", ("", "L50"), "NA", result="121"),
        order("0930", "K2", "RE", ("", "L50"), "NA", result="140"),
    )
    assert table(preview, "Observation", "patient", "value") == [("K1", "121"), ("K2", "140")]
    assert len({report["id"] for report in preview.as_json()["records"]["DiagnosticReport"]}) == 2
    assert "number-reused" in kinds(preview)


def test_a_result_without_a_patient_joins_the_only_one_who_has_its_number(read):
    asked = order("0800", "K1", "NW", ("P9", ""), "NA")
    alone = order("0900", "", "RE", ("P9", "L9"), "NA", result="133")
    preview = read(asked, alone)
    assert table(preview, "Observation", "patient", "value") == [("K1", "133")]
    assert table(preview, "Patient", "mrn") == [("K1",)]
    second = order("0810", "K2", "NW", ("P9", ""), "NA")
    preview = read(asked, second, alone)
    assert [value for patient, value in table(preview, "Observation", "patient", "value")] == [
        "133"
    ]
    assert {patient for (patient,) in table(preview, "Observation", "patient")} & {
        "K1",
        "K2",
    } == set()


def test_orders_are_answered_under_whatever_number_and_code(read):
    preview = read(
        order("0800", "K1", "NW", ("P1", ""), "NA"),
        order("0810", "K1", "OK", ("P1", "L1"), "NA"),
        order("0900", "K1", "RE", ("", "L1"), "NA", result="140"),
        order("0800", "K2", "NW", ("P2", ""), "NA"),
        order("0900", "K2", "RE", ("P2", "L2"), "2951-2", result="139"),
        order("0800", "K3", "NW", ("P3", ""), "NA"),
    )
    assert table(preview, "ServiceRequest", "patient", "stage") == [
        ("K1", "resulted"), ("K2", "resulted"), ("K3", "requested"),
    ]  # fmt: skip
    requests = {request["id"] for request in preview.as_json()["records"]["ServiceRequest"]}
    assert {based_on for (based_on,) in table(preview, "DiagnosticReport", "based_on")} <= requests


def test_an_answer_of_numbers_alone_links_them(read):
    accepted = order("0810", "K1", "OK", ("P1", "L1"), "NA")
    accepted = accepted.replace("ORM^O01", "ORR^O02").partition("OBR|")[0]
    asked = order("0800", "K1", "NW", ("P1", ""), "NA")
    preview = read(asked, accepted, order("0900", "K1", "RE", ("", "L1"), "2951-2", result="140"))
    assert table(preview, "ServiceRequest", "placer", "stage") == [("P1", "resulted")]
    assert table(read(accepted), "ServiceRequest", "code") == []


def test_a_profile_closes_when_its_parts_are_resulted(read):
    preview = read(
        order("0800", "K1", "NW", ("P1", ""), "UE"),
        order("0900", "K1", "RE", ("P1", "L1"), "NA", result="140"),
        order("0905", "K1", "RE", ("P1", "L1"), "K", result="4.1"),
    )
    assert {stage for (stage,) in table(preview, "ServiceRequest", "stage")} == {"resulted"}


@pytest.mark.parametrize("digits", [0, 8])
def test_numbers_that_differ_by_leading_zeros_are_two_people_unless_the_profile_says_otherwise(
    tmp_path, digits
):
    first = adt("A01", "1000", "K1", "W1^A^1", "V1").replace("||K1^", "||00123^")
    second = first.replace("||00123^", "||123^").replace("A011000K1", "other").replace("V1", "V2")
    (tmp_path / "feed.hl7").write_text(first + second)
    profiles = {"pas": {"applications": ["PAS"], "mrn_digits": digits}}
    preview = preview_state([tmp_path], Settings(feeds=FeedsSettings(profiles=profiles)), NOW)
    numbers = [mrn for (mrn,) in table(preview, "Patient", "mrn")]
    assert numbers == (["00000123"] if digits else ["00123", "123"])
    assert ("patient-with-two-numbers" in kinds(preview)) is not bool(digits)


def test_a_profile_of_which_more_is_to_come_stays_open(read):
    first = order("0900", "K1", "RE", ("P1", "L1"), "NA", result="140")
    first = first.replace("ORC|RE|P1|L1||", "ORC|RE|P1|L1||A")
    asked = order("0800", "K1", "NW", ("P1", ""), "UE")
    assert table(read(asked, first), "ServiceRequest", "code", "stage") == [
        ("NA", "resulted"),
        ("UE", "in-progress"),
    ]
    last = order("0905", "K1", "RE", ("P1", "L1"), "K", result="4.1")
    whole = read(asked, first, last.replace("ORC|RE|P1|L1||", "ORC|RE|P1|L1||CM"))
    assert {stage for (stage,) in table(whole, "ServiceRequest", "stage")} == {"resulted"}


def test_what_happened_a_few_hours_from_now_is_said_and_counts_as_when_it_was_sent(read):
    preview = read(
        adt("A01", "1000", "K1", "W1^A^1", "V1", evn6="20261102190000"),
        adt("A02", "1100", "K1", "W1^A^2", "V1"),
    )
    assert table(preview, "Encounter", "bed") == [("2",)]
    assert "time-in-future" in kinds(preview)


def test_of_two_senders_the_one_whose_message_came_last_holds(read):
    """Sequence numbers (MSH-13) count the messages of one sender."""
    first = adt("A01", "1000", "K1", "W1^A^1", "V1").replace("|P|2.4", "|P|2.4|900")
    second = adt("A02", "1000", "K1", "W1^A^2", "V1").replace("|P|2.4", "|P|2.4|5")
    other_sender = second.replace("|PAS|DEMO", "|PAS|BEDS")
    assert table(read(first, other_sender), "Encounter", "bed") == [("2",)]
    assert table(read(first, second), "Encounter", "bed") == [("1",)]


def test_an_undone_merge_gives_everything_back(read):
    admitted = adt("A01", "1000", "K1", "W1^A^1", "V1")
    mrg = "MRG|K1^^^DEMO^MR\r"
    moved_while_one = adt("A02", "1230", "K2", "W1^A^9", "V1")
    messages = [
        admitted,
        adt("A40", "1200", "K2", more=mrg),
        moved_while_one,
        adt("A37", "1300", "K2", more=mrg),
    ]
    for listed in (messages, messages[::-1]):
        preview = read(*listed)
        assert table(preview, "Encounter", "patient", "bed") == [("K1", "9")]
        assert table(preview, "Patient", "mrn", "replaced_by") == [("K1", ""), ("K2", "")]
    merged = read(*messages[:2])
    assert table(merged, "Encounter", "patient") == [("K2",)]


def test_a_link_that_a_newer_version_lacks_joins_nobody_any_more(tmp_path):
    def version(hour, **more):
        number = {"system": "https://hospital.example/id/DEMO", "value": "K1"}
        meta = {"lastUpdated": f"2026-11-02T{hour:02}:00:00Z"}
        return {"resourceType": "Patient", "id": "p1", "meta": meta, "identifier": [number], **more}

    link = [{"other": {"reference": "Patient/p2"}, "type": "replaced-by"}]
    other = {**version(7), "id": "p2"}
    other["identifier"] = [{**other["identifier"][0], "value": "K2"}]
    joined, parted = version(8, link=link, active=False), version(9, active=True)
    again = version(10, link=link)
    for versions, survivor in (
        ([joined], "K2"), ([joined, parted], ""), ([parted, joined], ""),
        ([joined, parted, again], "K2"),
    ):  # fmt: skip
        (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, [other, *versions])))
        people = table(preview_state([tmp_path], Settings(), NOW), "Patient", "mrn", "replaced_by")
        assert people == [("K1", survivor), ("K2", "")]


def test_a_merge_that_finds_nobody_is_said_and_makes_nobody(read):
    preview = read(
        adt("A01", "1000", "K1", "W1^A^1", "V1"),
        adt("A40", "1200", "K1", more="MRG|K404^^^DEMO^MR\r"),
    )
    assert table(preview, "Patient", "mrn") == [("K1",)]
    assert "merge-unmatched" in kinds(preview)


def test_a_stay_that_was_moved_takes_its_orders_along(read):
    request = order("1030", "K1", "NW", ("P1", ""), "NA").replace(
        "ORC|", "PV1|1|I|W1^A^1||||||||||||||||V1\rORC|"
    )
    preview = read(
        adt("A01", "1000", "K1", "W1^A^1", "V1"),
        request,
        order("1100", "K1", "RE", ("P1", "L1"), "NA", result="140"),
        adt("A01", "1000", "K2", "W1^A^2", "V2"),
        adt("A45", "1200", "K2", more="MRG|K1^^^DEMO^MR||||V1\rPV1|1|I|W1^A^1||||||||||||||||V1\r"),
    )
    stays = table(preview, "Encounter", "patient", "visit_number")
    assert set(stays) == {("K2", "V1"), ("K2", "V2")}
    assert table(preview, "Observation", "patient") == [("K2",)]


def test_a_stay_that_was_moved_on_or_back_is_whose_it_is_last(read):
    def move(when, person, former):
        mrg = f"MRG|{former}^^^DEMO^MR||||V1\rPV1|1|I|W1^A^1{'|' * 16}V1\r"
        return adt("A45", when, person, more=mrg)

    admitted = adt("A01", "1000", "K1", "W1^A^1", "V1")
    for last in ("K1", "K3"):
        messages = [admitted, move("1100", "K2", "K1"), move("1200", last, "K2")]
        for listed in (messages, messages[::-1]):
            preview = read(*listed)
            assert table(preview, "Encounter", "patient", "status") == [(last, "in-progress")]
            assert not kinds(preview) & {"merge-unmatched", "number-reused"}


def test_a_medicine_is_named_by_another_file_whenever_it_comes(tmp_path):
    def prescribe(number, medication):
        return {
            "resourceType": "MedicationRequest",
            "id": f"r{number}",
            "status": "active",
            "intent": "order",
            "medicationReference": {"reference": medication},
            "subject": {"reference": "Patient/p1"},
            "dosageInstruction": [{"text": "one daily"}],
        }

    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "https://hospital.example/id/DEMO", "value": "K1"}],
    }
    medication = {
        "resourceType": "Medication",
        "id": "m9",
        "code": {"text": "Apixaban 5 mg tablets"},
    }
    files = {
        "a.ndjson": [prescribe(1, "Medication/m9"), prescribe(2, "Medication/lost")],
        "b.ndjson": [patient],
        "c.ndjson": [medication],
    }
    for name, resources in files.items():
        (tmp_path / name).write_text("\n".join(map(json.dumps, resources)))
    preview = preview_state([tmp_path], Settings(), NOW)
    medicines = {medicine for (medicine,) in table(preview, "MedicationRequest", "medicine")}
    assert medicines == {"Apixaban 5 mg tablets", NAMELESS_MEDICINE}
    assert "medicine-unnamed" in kinds(preview)


def test_everybody_in_hospital_is_on_a_board_or_counted_without_a_ward(me, actor, build):
    discharge = "|" * 26 + "20261105120000"
    built = build(
        adt("A01", "0900", "K1", "W1^A^1", "1"),
        adt("A01", "0901", "K2", "W1^A^2", "1"),  # the same visit number
        adt("A01", "0902", "K3", "^^7", "V3"),  # a bed, no ward
        adt("A01", "0903", "K4", "W1^A^4", "V4", patient_class="O"),
        adt("A11", "1000", "K4", "W1^A^4", "V4", patient_class="O"),
        adt("A01", "1010", "K4", "W1^A^4", "V4", patient_class="O", evn6="20261102090300"),
        adt("A08", "1100", "K1", "W1^A^1", "1", fields=discharge),  # expected, not applied
    )
    quality = built.header.quality["PAS"]
    assert (quality["number-reused"], quality["ward-unknown"]) == (1, 1)
    load_bundle.load_bundle(me, Settings(), built.bundle, actor)
    with local_snapshots.open_current_snapshot(me) as snapshot:
        beds = {
            row.location.bed: row.patient.mrn for row in snapshot.list_beds("W1") if row.patient
        }
        assert beds == {"1": "K1", "2": "K2", "4": "K4"}
        counts = snapshot.count_board()
        assert (counts.admitted, counts.shown, counts.ward_unknown) == (4, 3, 1)
