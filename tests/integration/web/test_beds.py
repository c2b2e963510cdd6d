"""The bed board: what stands beside each patient, filters, this laptop's ward, and what a corridor may see."""

from dataclasses import replace

import pytest

from downtime.clinical.early_warnings import find_latest_warnings
from downtime.clinical.model import Flag, Observation
from downtime.fleet.publish_snapshot import publish_snapshot
from downtime.fleet.receive_snapshot import receive_snapshot
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.integration.web import tiny
from tests.integration.web.conftest import Hospital
from tests.integration.web.test_ward import words


@pytest.fixture
def ward(hospital):
    return hospital.browser("ward")


def board(ward, **wanted):
    query = "".join(f"&{name}={text}" for name, text in wanted.items())
    return words(ward.get(f"/beds/ward?ward=A1{query}").text)


def test_the_board_says_of_each_patient_what_one_must_know(ward):
    page = board(ward)
    assert page.count("Same name") == 2
    assert "Penicillin" in page
    assert page.count("Allergies not recorded") == 1
    assert "1 outstanding" in page


def test_filters_leave_what_is_asked_for_and_say_how_many(ward):
    assert "All beds (2)" in board(ward)
    page = board(ward, show="tests")
    assert "Tests outstanding (1 or more)" in page
    assert "999 000 0018" in page.replace("\xa0", " ")
    assert "999 000 0026" not in page.replace("\xa0", " ")
    assert "No bed of this ward is like that" in board(ward, show="closed")
    assert "999 000 0026" in board(ward, show="nonsense").replace("\xa0", " ")


def test_an_urgent_test_and_an_isolation_stand_out(ward, monkeypatch):
    urgent = Snapshot.list_outstanding_tests
    monkeypatch.setattr(
        Snapshot,
        "list_outstanding_tests",
        lambda *a, **k: [
            row._replace(request=replace(row.request, priority="stat")) for row in urgent(*a, **k)
        ],
    )
    find = Snapshot.find_records

    def with_alert(self, record_type, field, values):
        if record_type is not Flag:
            return find(self, record_type, field, values)
        return [Flag(id="f", patient=list(values)[0], text="CPE contact - isolate until screened")]

    monkeypatch.setattr(Snapshot, "find_records", with_alert)
    page = board(ward)
    assert "1 urgent" in page
    assert "Isolation CPE contact" in page


def test_the_laptops_ward_is_remembered_for_whoever_signs_in(hospital, ward):
    assert "This laptop's ward" not in words(ward.get("/beds").text)
    assert ward.post("/beds/my-ward", {"ward": "A1"}).status_code == 303
    ward.post("/sign-out")
    other = hospital.browser("site")
    assert "This laptop's ward: A1" in words(other.get("/beds").text)
    assert "Make it this laptop's ward" not in board(other)


def test_only_a_ward_that_there_is_can_be_remembered(ward):
    assert ward.post("/beds/my-ward", {"ward": "Nowhere"}).status_code == 404


def test_a_corridor_sees_beds_and_nothing_of_a_patient(ward):
    page = words(ward.get("/beds/corridor?ward=A1").text).replace("\xa0", " ")
    assert "2 patients" in page
    assert "bay 1, bed 1 Occupied" in page
    for secret in ("SAMPLE", "Ann", "1960", "999 000", "1000001", "Cole", "Penicillin"):
        assert secret not in page, secret


def test_all_wards_are_added_up(ward):
    page = words(ward.get("/beds").text)
    assert "All wards 3 Not known Not known Not known Not known 3 Not sent 0" in page


def score(number, at, value="6", code="NEWS2^NEWS2 total"):
    """A NEWS2 of Ann Sample as the EPR would send it."""
    return (
        f"MSH|^~\\&|EPR|TEST|DT|TEST|202611021355||ORU^R01|{number}|P|2.4\r"
        "PID|1||1000001^^^TEST^MR||Sample^Ann||19600102|F\r"
        f"OBR|1|{number}|F{number}|OBS^Observations|||{at}|||||||||||||||{at}||NRS|F\r"
        f"OBX|1|NM|{code}||{value}||||||F|||{at}\r"
    )


def expected(number, mrn, day, ward="A1"):
    """Somebody who is to be admitted at six in the evening of a day of November."""
    return (
        tiny.make_admission(number, mrn, "", "Coming", "Cora", "19800101", "F", ward, "", "")
        .replace("A01", "A05")
        .replace("||202611010900", f"|202611{day:02}1800")  # PV1-44, when they are to come
    )


@pytest.fixture
def fuller(hospital, vault, tmp_path):
    """The tiny hospital with scores, people who are expected, and wards that have a specialty."""
    feeds = tiny.write(tmp_path / "feeds")
    sent = [score("N1", "202611020900", "9"), score("N2", "202611021330"),
            score("N3", "202611021400", "7", "OTHER^Neutrophils"),
            *(expected(60 + day, f"20000{day:02}", day) for day in (1, 2, 3))]  # fmt: skip
    (feeds / "more.hl7").write_text("".join(sent))
    settings, actor = hospital.settings, hospital.open().actor
    built = publish_snapshot(vault, settings, [feeds], tmp_path / "out", actor)
    receive_snapshot(vault, settings, built.bundle, actor)
    text = hospital.home.config_file.read_text()
    text = text.replace("[accounts]", "ward_specialties = { A1 = ['Cardiology'] }\n[accounts]")
    hospital.home.config_file.write_text(text)
    return Hospital(hospital.home, hospital.clock, hospital.secrets, hospital.file)


def test_the_last_news2_that_was_sent_stands_beside_a_patient(fuller):
    page = board(fuller.browser("ward"))
    assert "NEWS2 6 02-Nov-2026 13:30" in page
    assert page.count("NEWS2 6") == 1
    assert "NEWS2 9" not in page
    assert "NEWS2 5 or more (1)" in page
    assert "999 000 0018" in board(fuller.browser("ward"), show="news2").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("code", "name", "value", "is_score"),
    [
        ("NEWS2", "", "0", True),
        ("1104051000000101", "", "20", True),
        ("X", "National Early Warning Score 2 (total)", "3", True),
        ("NEWS2", "", "21", False),
        ("NEWS2", "", "five", False),
        ("NEWS2", "", "-1", False),
        ("NEWS", "NEWS total", "3", False),
        ("NEUT", "Neutrophils", "3", False),
    ],
)
def test_only_a_total_of_news2_is_one(code, name, value, is_score):
    sent = Observation(id="o", patient="p", code=code, display=name, value=value)
    assert bool(find_latest_warnings([sent])) == is_score


def test_who_is_expected_today_and_not_here_yet_is_named_and_counted(fuller):
    ward = fuller.browser("ward")
    page = board(ward)
    assert "Expected today, not here yet: 1." in page
    assert page.count("COMING, Cora") == 1
    assert "02-Nov-2026 18:00" in page
    assert "All beds (2)" in page, "who is not here yet is in no bed"
    assert "All wards 3 Not known Not known Not known Not known 3 1 0" in words(
        ward.get("/beds").text
    )


def test_who_lies_on_a_ward_of_another_specialty_is_a_boarder(fuller, monkeypatch):
    ward = fuller.browser("ward")
    assert "Boarder" not in board(ward), "of an unknown specialty nothing is said"
    list_beds = Snapshot.list_beds

    def with_specialty(self, code):
        return [
            row._replace(encounter=replace(row.encounter, specialty=name))
            for row, name in zip(
                list_beds(self, code), ("cardiology", "Renal Medicine"), strict=True
            )
        ]

    monkeypatch.setattr(Snapshot, "list_beds", with_specialty)
    fuller.app.extensions["downtime"].vault_holder.open_snapshots.close()
    page = board(ward)
    assert page.count("Boarder Renal Medicine") == 1
    assert "Boarders (1)" in page
    assert "Boarders" not in words(ward.get("/beds/ward?ward=B2").text)
