"""What a ward asks of a snapshot, and what it is answered."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from downtime.clinical.model import (
    AllergyIntolerance,
    Appointment,
    DiagnosticReport,
    Encounter,
    Flag,
    Location,
    Observation,
    Patient,
    ServiceRequest,
)
from downtime.errors import NotFoundError
from downtime.snapshot.bed_board import word_elsewhere
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.database import connect

ZOE = Patient(
    id="p1", mrn="H100", nhs_number="9990000018", family="O'Sullivan", given="Zoë Marie",
    birth_date="1960-01-02", identifiers=("NH||9990000018", "MR|DEMO|H100"),
)  # fmt: skip
JOHN = Patient(id="p2", mrn="H200", family="SMITH", given="John", birth_date="1985-12-24")
JACK = Patient(id="p3", mrn="H300", family="Smith-Brown", given="Jack", birth_date="1985-12-25")
SOREN = Patient(id="p4", mrn="H400", family="Møller", given="Søren", birth_date="2001-02-03")
PEOPLE = [ZOE, JOHN, JACK, SOREN]


def stay(key, patient, ward="W1", bay="A", bed="1", **fields):
    defaults = {"status": "in-progress", "kind": "inpatient", "started": "2026-11-01T08:00:00Z"}
    return Encounter(id=key, patient=patient, ward=ward, bay=bay, bed=bed, **defaults | fields)


def bed(number, ward="W1", bay="A", status="available"):
    return Location(
        id=f"{ward}{bay}{number}", ward=ward, ward_name="Ash", bay=bay, bed=number, status=status
    )


def found_ids(snapshot, text):
    return [row.patient.id for row in snapshot.find_patients(text)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("osullivan", ["p1"]),
        ("O'SULL", ["p1"]),
        ("o sullivan", ["p1"]),
        ("O’Sullivan", ["p1"]),
        ("zoe", ["p1"]),
        ("marie osu", ["p1"]),
        ("smith j", ["p2", "p3"]),
        ("smith, john", ["p2"]),
        ("smith-b", ["p3"]),
        ("smithbrown", ["p3"]),
        ("brown smith", ["p3"]),
        ("moller soren", ["p4"]),
        ("999 000 0018", ["p1"]),
        ("9990000018", ["p1"]),
        ("999 000", ["p1"]),
        ("h200", ["p2"]),
        ("2/1/1960", ["p1"]),
        ("02-Jan-1960", ["p1"]),
        ("2 january 1960", ["p1"]),
        ("1960-01-02", ["p1"]),
        ("020160", ["p1"]),
        ("02011960", ["p1"]),
        ("2.1.60", ["p1"]),
        ("smith 24/12/85", ["p2"]),
        ("030201", ["p4"]),
        ("smith 2/1/1960", []),
        ("31/02/1960", []),
        ("nobody", []),
        ("   ", []),
        ('"*)(', []),
        ('smith" OR "z', []),
    ],
)
def test_find(make, typed, expected):
    assert found_ids(make(PEOPLE), typed) == expected


def test_inpatients_are_found_first(make):
    snapshot = make([*PEOPLE, stay("e1", "p3")])
    rows = snapshot.find_patients("smith")
    assert [(r.patient.id, r.encounter and r.encounter.id) for r in rows] == [
        ("p3", "e1"),
        ("p2", None),
    ]


def test_find_stops_at_the_limit(make):
    crowd = [Patient(id=f"c{n:03}", family="Crowd", given=f"G{n:03}") for n in range(80)]
    snapshot = make(crowd)
    assert len(snapshot.find_patients("crowd")) == 50
    assert [r.patient.id for r in snapshot.find_patients("crowd", limit=2)] == ["c000", "c001"]


def test_exact_opens_one_patient_only(make):
    twin = Patient(id="p5", mrn="H500", nhs_number="9990000018", family="Other")
    assert make(PEOPLE).find_patient_by_identifier("999 000 0018").id == "p1"
    assert make(PEOPLE).find_patient_by_identifier("h100").id == "p1"
    assert make(PEOPLE).find_patient_by_identifier("H1") is None
    assert make([*PEOPLE, twin]).find_patient_by_identifier("999 000 0018") is None
    assert sorted(found_ids(make([*PEOPLE, twin]), "9990000018")) == ["p1", "p5"]


def test_a_merged_patient_is_found_under_both_numbers(make):
    gone = Patient(id="p9", mrn="H900", family="Alias", replaced_by="p2")
    snapshot = make([*PEOPLE, gone])
    assert (
        found_ids(snapshot, "H900")
        == found_ids(snapshot, "H200")
        == found_ids(snapshot, "alias")
        == ["p2"]
    )
    assert snapshot.find_patient_by_identifier("H900").id == snapshot.get_patient("p9").id == "p2"


def test_an_unknown_patient_is_a_sentence(make):
    with pytest.raises(NotFoundError, match="not in the snapshot"):
        make(PEOPLE).get_patient("p99")


def test_cancelled_planned_and_finished_stays_are_no_inpatients(make):
    stays = [
        stay("e1", "p1", status="cancelled"),
        stay("e2", "p2", status="finished"),
        stay("e3", "p3", status="planned"),
        stay("e4", "p4", kind="outpatient", bed=""),
    ]
    snapshot = make([*PEOPLE, *stays])
    assert snapshot.list_inpatients() == []
    assert snapshot.list_wards() == []
    assert snapshot.find_encounter("p1") is None
    assert snapshot.find_encounter("p2").id == "e2"
    assert found_ids(snapshot, "smith john") == ["p2"]


def test_everybody_in_hospital_is_on_a_board_or_on_the_list_of_those_on_no_ward(make):
    stays = [
        stay("e1", "p1"),
        stay("e2", "p2", ward="", bed=""),
        stay("e3", "p3", kind="outpatient", bed="1"),
        stay("e4", "p4", ward="", bay="", bed="7"),
    ]
    snapshot = make([*PEOPLE, *stays])
    assert {row.patient.id for row in snapshot.list_inpatients("")} == {"p2", "p4"}
    assert snapshot.count_board()[:4] == (4, 2, 2, 1)


def test_a_patient_with_two_open_stays_is_in_one_place(make):
    stays = [
        stay("old", "p1", bed="1", started="2026-10-01T08:00:00Z", updated="2026-11-02T00:00:00Z"),
        stay("new", "p1", bed="2", started="2026-11-01T08:00:00Z"),
    ]
    snapshot = make([*PEOPLE, *stays])
    assert [row.encounter.id for row in snapshot.list_inpatients()] == ["new"]
    assert snapshot.find_encounter("p1").id == "new"


def test_beds_of_a_ward_in_the_order_people_count(make):
    records = [bed("10"), bed("2", status="closed"), bed("3"), bed("1"), bed("1", ward="W2")]
    records += [stay("e1", "p1", bed="10"), stay("e2", "p2", bay="", bed="1")]
    records += [stay("e3", "p3", bed="99"), stay("e4", "p4", bay="", bed="")]
    snapshot = make([*PEOPLE, *records])
    assert [(r.location.bed, r.patient and r.patient.id) for r in snapshot.list_beds("W1")] == [
        ("1", "p2"),
        ("2", None),
        ("3", None),
        ("10", "p1"),
        ("99", "p3"),
        ("", "p4"),
    ]
    (first, second) = snapshot.list_wards()
    assert (first.code, first.name, first.patients, first.beds, first.empty) == (
        "W1", "Ash", 4, 5, 1,
    )  # fmt: skip
    assert (second.code, second.patients, second.beds, second.empty) == ("W2", 0, 1, 1)
    assert [row.patient.id for row in snapshot.list_inpatients("W1")] == ["p2", "p1", "p3", "p4"]


def test_two_patients_sent_for_one_bed_are_both_shown(make):
    snapshot = make([*PEOPLE, bed("1"), stay("e1", "p1"), stay("e2", "p2")])
    assert {row.patient.id for row in snapshot.list_beds("W1")} == {"p1", "p2"}


def test_the_same_bed_number_in_two_bays_is_two_beds(make):
    records = [bed("1", bay="A"), bed("1", bay="B"), stay("e1", "p1", bay="B")]
    rows = make([*PEOPLE, *records]).list_beds("W1")
    assert [(r.location.bay, r.patient and r.patient.id) for r in rows] == [
        ("A", None),
        ("B", "p1"),
    ]


def allergy(key, **fields):
    return AllergyIntolerance(id=key, patient="p1", **fields)


@pytest.mark.parametrize(
    ("is_delivered", "records", "heading", "count"),
    [
        (False, [], "Allergies unavailable", 0),
        (False, [allergy("a", substance="Latex", status="active")], "Known allergies", 1),
        (True, [], "Allergies not recorded", 0),
        (True, [allergy("a", none_known=1, status="active")], "No known allergies", 0),
        (True, [allergy("a", substance="Latex", status="active")], "Known allergies", 1),
        (True, [allergy("a", none_known=1), allergy("b", substance="Nuts")], "Known allergies", 1),
        (True, [allergy("a", substance="Latex", status="resolved")], "Allergies not recorded", 0),
    ],
)
def test_allergy_headings(make, is_delivered, records, heading, count):
    snapshot = make([ZOE, *records], holds=("AllergyIntolerance",) if is_delivered else ())
    assert snapshot.summarise_allergies("p1").heading == heading
    assert len(snapshot.summarise_allergies("p1").items) == count


def test_allergies_of_one_system_do_not_stand_for_those_of_another(make):
    snapshot = make(
        [ZOE, allergy("a", source="PAS", none_known=1)],
        systems={"PAS": "2026-11-02T14:00:00Z", "EPR": "2026-11-02T14:00:00Z"},
        delivered={"PAS": ("AllergyIntolerance",), "EPR": ("MedicationRequest",)},
    )
    assert snapshot.summarise_allergies("p1")[::2] == ("No known allergies", ("EPR",))
    assert snapshot.summarise_allergies("p2").heading == "Allergies unavailable"


def test_identity_flags_come_first(make):
    flags = [
        Flag(id="f1", patient="p1", category="clinical", text="A falls risk"),
        Flag(id="f2", patient="p1", category="identity", text="Shared number"),
    ]
    assert [flag.id for flag in make([ZOE, *flags]).list_flags("p1")] == ["f2", "f1"]


def request(key, patient="p1", stage="requested", **fields):
    return ServiceRequest(id=key, patient=patient, stage=stage, department="LAB", **fields)


def test_outstanding_is_all_that_has_no_final_result(make):
    records = [
        stay("e1", "p1"),
        request("r1"),
        request("r2", stage="collected"),
        request("r3", stage="received"),
        request("r4", stage="in-progress"),
        request("r5", stage="resulted"),
        request("r6", stage="cancelled"),
        request("r7", stage="in-progress"),
        request("r8", patient="p2"),
        DiagnosticReport(id="d4", patient="p1", based_on="r4", status="preliminary"),
        DiagnosticReport(id="d7", patient="p1", based_on="r7", status="final"),
    ]
    snapshot = make([*PEOPLE, *records])
    assert {row.request.id for row in snapshot.list_outstanding_tests()} == {
        "r1",
        "r2",
        "r3",
        "r4",
        "r8",
    }
    assert {row.request.id for row in snapshot.list_outstanding_tests(ward="W1")} == {
        "r1",
        "r2",
        "r3",
        "r4",
    }
    assert snapshot.list_outstanding_tests(department="RAD") == []
    by_request = {row.request.id: row for row in snapshot.list_outstanding_tests()}
    assert by_request["r1"].encounter.bed == "1"
    assert (by_request["r8"].patient, by_request["r8"].encounter) == (JOHN, None)


def test_reports_newest_first_with_their_values_as_sent(make):
    records = [
        DiagnosticReport(id="d1", patient="p1", issued="2026-11-01T10:00:00Z"),
        DiagnosticReport(id="d2", patient="p1", issued="2026-11-02T10:00:00Z"),
        Observation(id="o2", patient="p1", report="d1", value="1.50", position=1),
        Observation(id="o1", patient="p1", report="d1", value="<5", position=2),
    ]
    rows = make([ZOE, *records]).list_reports("p1")
    assert [row.report.id for row in rows] == ["d2", "d1"]
    assert [value.value for value in rows[1].observations] == ["1.50", "<5"]


def test_sessions_are_on_the_day_of_the_site(make):
    def slot(key, patient, start, **fields):
        defaults = {"kind": "clinic", "location": "Eye", "status": "booked"}
        return Appointment(id=key, patient=patient, start=start, **defaults | fields)

    records = [
        slot("a1", "p1", "2026-07-02T23:30:00Z"),
        slot("a2", "p2", "2026-07-03T08:00:00Z"),
        slot("a3", "p3", "2026-07-03T09:00:00Z", status="cancelled"),
        slot("a4", "p4", "2026-07-03", kind="theatre", location="Theatre 1"),
    ]
    snapshot = make([*PEOPLE, *records])
    assert snapshot.list_appointment_days("clinic") == ["2026-07-03"]
    assert [(s.location, s.count) for s in snapshot.list_sessions("2026-07-03", "clinic")] == [
        ("Eye", 2)
    ]
    rows = snapshot.list_session_appointments("2026-07-03", "Eye", "clinic")
    assert [(row.appointment.id, row.patient.id) for row in rows] == [("a1", "p1"), ("a2", "p2")]
    assert [a.status for a in snapshot.list_appointments("p3")] == ["cancelled"]
    assert (
        snapshot.list_session_appointments("2026-07-03", "Theatre 1", "theatre")[0].patient == SOREN
    )


def test_same_name_alert(make):
    other = Patient(id="p8", family="Smith", given="JOHN Paul", mrn="H800")
    snapshot = make([*PEOPLE, other, stay("e1", "p2"), stay("e2", "p8"), stay("e3", "p3")])
    assert [row.patient.id for row in snapshot.find_namesakes(JOHN)] == ["p8"]
    assert snapshot.find_namesakes(JACK) == []


def test_records_come_back_as_they_went_in(make):
    snapshot = make([*PEOPLE, stay("e1", "p1")])
    assert list(snapshot.iterate_records("Patient")) == PEOPLE
    assert list(snapshot.iterate_records("Encounter")) == [stay("e1", "p1")]
    assert snapshot.list_systems() == []
    assert snapshot.id == "DEMO-1-000001-01234567"


def test_many_threads_ask_at_once(make):
    snapshot = make([*PEOPLE, stay("e1", "p1")])
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: found_ids(snapshot, "smith j" if n % 2 else "zoe"), range(200))
        )
    assert answers == [["p1"], ["p2", "p3"]] * 100


def test_nothing_of_a_patient_lies_in_clear(make, tmp_path):
    make(PEOPLE)
    assert b"Sullivan" not in b"".join(p.read_bytes() for p in tmp_path.iterdir())


def test_a_snapshot_from_before_a_type_of_record_holds_none_of_it(make):
    snapshot = make([*PEOPLE, Flag(id="f1", patient="p1", text="Falls")], holds=("Encounter",))
    path, key = snapshot._path, snapshot._key
    snapshot.close()
    connection = connect(path, key).conn
    connection.execute("DROP TABLE Flag")
    connection.close()
    with Snapshot(path, key) as older:
        assert older.list_flags("p1") == []
        assert not older.has_type("Flag")
        assert older.count_rows()["Patient"] == len(PEOPLE)


def test_a_snapshot_written_before_a_field_existed_is_read_without_it(tmp_path, make):
    snapshot = make(
        [ZOE, stay("e1", "p1"), AllergyIntolerance(id="a1", patient="p1", substance="x")]
    )
    path, key = snapshot._path, snapshot._key
    snapshot.close()
    db = connect(path, key)
    for table, column in (("Encounter", "expected_end"), ("AllergyIntolerance", "criticality")):
        db.conn.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    db.conn.close()
    old = Snapshot(path, key)
    assert old.find_encounter("p1").expected_end == ""
    assert old.summarise_allergies("p1").items[0].criticality == ""
    old.close()


def test_a_patient_in_two_open_stays_is_said_to_be_so_on_both_boards(make):
    second = stay("e2", "p1", ward="W2", bed="7", started="2026-11-01T07:00:00Z")
    same_place = stay("e3", "p1", bay="a ", source="EPR", started="2026-10-31T07:00:00Z")
    over = stay("e4", "p1", ward="W3", status="finished", started="2026-10-30T07:00:00Z")
    snapshot = make([*PEOPLE, stay("e1", "p1"), second, same_place, over])
    for ward, words in (("W1", "Also in W2, bay A, bed 7"), ("W2", "Also in W1, bay A, bed 1")):
        (row,) = snapshot.list_beds(ward)
        assert row.patient.id == "p1"
        assert word_elsewhere(row.elsewhere).startswith(words)
    counts = snapshot.count_board()
    assert (counts.admitted, counts.shown) == (1, 1)
