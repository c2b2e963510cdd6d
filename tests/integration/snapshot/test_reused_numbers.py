"""One number for several orders of one patient: nothing takes the place of anything else."""

from datetime import UTC, datetime

import pytest

from downtime.settings import Settings
from downtime.snapshot.preview_state import preview_state

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
PID = "PID|1||K1^^^DEMO^MR||REED^ADA||19610203|F\r"


def head(when, kind, sender="EPR"):
    stamp = f"20261102{when}00"
    return f"MSH|^~\\&|{sender}|DEMO|||{stamp}||{kind}|M{when}{kind[:3]}|P|2.5\r{PID}"


def prescribe(when, control, medicine="", segment="RXE", kind="RDE^O11", number="P1"):
    code, _, name = medicine.partition(" ")
    fields = "|".join(
        (segment, *([""] if segment == "RXE" else []), f"{code}^{name}", "1", "", "g")
    )
    rx = f"{fields}\r" if medicine else ""
    return f"{head(when, kind)}ORC|{control}|{number}|||||||20261102{when}00\r{rx}"


def order(when, code, control="NW", placed=""):
    time = f"20261102{placed}00" if placed else ""
    orc = f"ORC|{control}|P1|||||||{time}\r"
    return f"{head(when, 'ORM^O01')}{orc}OBR|1|P1||{code}^Test {code}\r"


@pytest.fixture
def read(tmp_path):
    """`read(*messages)` → medicines with their status, tests, and kinds of findings."""

    def read_messages(*messages):
        (tmp_path / "feed.hl7").write_text("".join(messages))
        preview = preview_state([tmp_path / "feed.hl7"], Settings(), NOW)
        records = preview.as_json()["records"]
        medicines = [(m["medicine"], m["status"]) for m in records["MedicationRequest"]]
        tests = [(r["code"], r["authored"]) for r in records["ServiceRequest"]]
        return sorted(medicines), sorted(tests), {i.finding.kind for i in preview.findings}

    return read_messages


WARFARIN, AMOXICILLIN = "W Warfarin", "A Amoxicillin"


def test_a_number_that_is_used_for_a_second_medicine_hides_none(read):
    first, second = prescribe("0900", "NW", WARFARIN), prescribe("1000", "NW", AMOXICILLIN)
    for listed in ((first, second), (second, first)):
        medicines, _, kinds = read(*listed)
        assert medicines == [("Amoxicillin", "active"), ("Warfarin", "active")]
        assert "number-reused" in kinds


def test_what_stops_a_medicine_by_its_number_stops_the_one_that_was_ordered_last(read):
    orders = prescribe("0900", "NW", WARFARIN), prescribe("1000", "NW", AMOXICILLIN)
    assert read(*orders, prescribe("1100", "DC"))[0] == [
        ("Amoxicillin", "stopped"),
        ("Warfarin", "active"),
    ]
    assert read(*orders, prescribe("0930", "DC"))[0] == [
        ("Amoxicillin", "active"),
        ("Warfarin", "stopped"),
    ]


def test_a_medicine_that_was_stopped_stays_so_when_its_number_is_used_again(read):
    medicines, _, _ = read(
        prescribe("0900", "NW", WARFARIN),
        prescribe("0930", "DC", WARFARIN),
        prescribe("1000", "NW", AMOXICILLIN),
        prescribe("1100", "XO", AMOXICILLIN),
    )
    assert medicines == [("Amoxicillin", "active"), ("Warfarin", "stopped")]


@pytest.mark.parametrize(
    "second",
    [
        prescribe("1000", "XO", "B Warfarin 3 mg"),
        prescribe("1000", "RE", "B Warfarin 3 mg"),
        prescribe("1000", "NW", "W Warfarin 3 mg"),
    ],
)
def test_an_order_that_is_changed_or_said_again_is_one(read, second):
    medicines, _, kinds = read(prescribe("0900", "NW", WARFARIN), second)
    assert medicines == [("Warfarin 3 mg", "active")]
    assert "number-reused" not in kinds


def test_an_order_as_placed_and_as_the_pharmacy_encodes_it_is_one(read):
    placed = prescribe("0900", "NW", WARFARIN, "RXO", "ORM^O01")
    medicines, _, kinds = read(placed, prescribe("0910", "NW", "77 Warfarin tablets"))
    assert medicines == [("Warfarin tablets", "active")]
    assert "number-reused" not in kinds


def test_tests_that_were_ordered_together_share_a_number_and_those_of_later_reuse_it(read):
    _, tests, kinds = read(order("0900", "FBC", placed="0855"), order("0901", "UE", placed="0855"))
    assert len(tests) == 2
    assert "number-reused" not in kinds
    _, tests, kinds = read(order("0900", "FBC", placed="0855"), order("1200", "UE", placed="1155"))
    assert len(tests) == 2
    assert "number-reused" in kinds


def test_a_test_that_is_ordered_without_a_time_was_asked_for_when_it_was_sent(read):
    _, tests, kinds = read(order("0900", "FBC"))
    assert tests == [("FBC", "2026-11-02T09:00:00Z")]
    assert "time-unreadable" in kinds


def test_a_request_that_only_a_result_tells_of_says_so_until_its_order_comes(tmp_path):
    result = (
        f"{head('1000', 'ORU^R01', 'LIMS')}ORC|RE|P7|F7\r"
        "OBR|1|P7|F7|U^Urea||||||||||||9^HILL^JO|||||||||P\rOBX|1|NM|U^Urea||5.1|mmol/L|||||P\r"
    )
    placed = f"{head('0900', 'ORM^O01')}ORC|NW|P7|||||||20261102090000\rOBR|1|P7||U^Urea\r"
    for messages, is_marked in (((result,), True), ((result, placed), False)):
        (tmp_path / "feed.hl7").write_text("".join(messages))
        preview = preview_state([tmp_path / "feed.hl7"], Settings(), NOW)
        (request,) = preview.as_json()["records"]["ServiceRequest"]
        assert request["requester"].endswith("known from the result only") is is_marked
        assert "HILL" in request["requester"].upper()
        kinds = {item.finding.kind for item in preview.findings}
        assert ("result-without-request" in kinds) is is_marked
