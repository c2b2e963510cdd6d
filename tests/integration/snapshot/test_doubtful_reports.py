"""Reports that were sent more than once, and never the same."""

from datetime import UTC, datetime

import pytest

from downtime.settings import Settings
from downtime.snapshot.preview_state import preview_state
from downtime.snapshot.report_contents import (
    NOT_IN_CORRECTION,
    OTHER_SPECIMEN,
    REPORT_CANCELLED,
    VALUE_CANCELLED,
)

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


def report(when, filler, values, status="F", taken="20261102080000"):
    """One report; `values` are code, sub-number and value."""
    stamp = when if len(when) > 4 else f"20261102{when}00"
    obx = "".join(
        f"OBX|{n}|ST|{code}^{code}|{sub}|{value}||||||{status}\r"
        for n, (code, sub, value) in enumerate(values, start=1)
    )
    return (
        f"MSH|^~\\&|LIMS|DEMO|||{stamp}||ORU^R01|R{stamp}|P|2.4\r"
        "PID|1||K1^^^DEMO^MR||REED^ADA||19610203|F\r"
        f"OBR|1||{filler}|UE^Test|||{taken}{'|' * 18}{status}\r{obx}"
    )


@pytest.fixture
def read(tmp_path):
    def read_messages(*messages):
        """The same in both orders of arrival, as times decide."""
        for listed in (messages, messages[::-1]):
            (tmp_path / "feed.hl7").write_text("".join(listed))
            preview = preview_state([tmp_path / "feed.hl7"], Settings(), NOW)
            records = preview.as_json()["records"]
            values = [(o["code"], o["value"], o["note"]) for o in records["Observation"]]
            statuses = [r["status"] for r in records["DiagnosticReport"]]
            kinds = {item.finding.kind for item in preview.findings}
            yield sorted(values), statuses, kinds

    return read_messages


def test_a_corrected_culture_has_no_second_isolate(read):
    first = [("ORG", "", "E coli"), ("AMX", "", "R"), ("ORG", "", "S aureus"), ("AMX", "", "S")]
    for values, statuses, kinds in read(
        report("1000", "L7", first), report("1100", "L7", first[2:], status="C")
    ):
        assert values == [("AMX", "S", ""), ("ORG", "S aureus", "")]
        assert statuses == ["corrected"]
        assert "result-withdrawn" in kinds


def test_a_value_gets_a_sub_number_in_its_correction(read):
    for values, _, _ in read(
        report("1000", "L7", [("K", "", "4.1")]), report("1100", "L7", [("K", "1", "7.1")], "C")
    ):
        assert values == [("K", "7.1", "")]


def test_what_a_correction_leaves_out_is_marked_and_stays(read):
    first = [("NA", "", "139"), ("K", "", "4.1")]
    for values, _, kinds in read(
        report("1000", "L7", first), report("1100", "L7", [("NA", "", "129")], "C")
    ):
        assert values == [("K", "4.1", NOT_IN_CORRECTION), ("NA", "129", "")]
        assert "result-withdrawn" in kinds


def test_a_report_that_grows_loses_nothing(read):
    for values, _, kinds in read(
        report("1000", "L7", [("NA", "", "139")]), report("1100", "L7", [("K", "", "4.1")])
    ):
        assert values == [("K", "4.1", ""), ("NA", "139", "")]
        assert "result-withdrawn" not in kinds


def test_less_than_final_after_final_is_found(read):
    for _, statuses, kinds in read(
        report("1000", "L7", [("K", "", "4.1")]), report("1100", "L7", [("K", "", "7.1")], "P")
    ):
        assert statuses == ["preliminary"]
        assert "result-reopened" in kinds
    for _, statuses, kinds in read(
        report("1000", "L7", [("K", "", "4.1")], "P"), report("1100", "L7", [("K", "", "7.1")])
    ):
        assert statuses == ["final"]
        assert "result-reopened" not in kinds


def test_a_number_used_again_marks_the_values_of_the_other_specimen(read):
    october = report("20261002100000", "L1", [("K", "", "4.1")], taken="20261002080000")
    for values, _, kinds in read(october, report("1000", "L1", [("NA", "", "130")])):
        assert values == [("K", "4.1", OTHER_SPECIMEN), ("NA", "130", "")]
        assert "number-reused" in kinds


def test_a_number_meets_the_only_one_with_its_namespace(read):
    for values, statuses, _ in read(
        report("1000", "L7^LAB1", [("K", "", "4.1")], "P"),
        report("1100", "L7", [("K", "", "7.1")], "C"),
    ):
        assert (values, statuses) == ([("K", "7.1", "")], ["corrected"])
    for _, statuses, _ in read(
        report("1000", "L7^LAB1", [("K", "", "4.1")]),
        report("1005", "L7^LAB2", [("K", "", "4.2")]),
        report("1100", "L7", [("K", "", "7.1")], "P"),
    ):
        assert sorted(statuses) == ["final", "final", "preliminary"]


VALUES = [("K", "", "7.1"), ("NA", "", "140")]


@pytest.mark.parametrize("repeated", [[], VALUES])
def test_a_cancelled_report_leaves_no_value_that_looks_like_a_result(read, repeated):
    cancelled = report("1100", "L7", repeated, status="X")
    for values, statuses, _ in read(report("1000", "L7", VALUES), cancelled):
        assert {note.splitlines()[0] for _, _, note in values} == {REPORT_CANCELLED}
        assert statuses == ["cancelled"]


def test_a_report_that_is_sent_again_after_its_cancellation_holds(read):
    messages = (
        report("1000", "L7", VALUES),
        report("1100", "L7", [], status="X"),
        report("1200", "L7", VALUES),
    )
    for values, statuses, _ in read(*messages):
        assert values == [("K", "7.1", ""), ("NA", "140", "")]
        assert statuses == ["final"]


@pytest.mark.parametrize(
    ("sent", "left"), [("X", [("K", "7.1", VALUE_CANCELLED)]), ("D", []), ("W", [])]
)
def test_a_value_that_was_cancelled_or_wrong_is_no_result(read, sent, left):
    second = report("1100", "L7", VALUES[:1], status=sent).replace(
        f"{'|' * 18}{sent}", f"{'|' * 18}F"
    )
    for values, _, _ in read(report("1000", "L7", VALUES), second):
        assert values == [*left, ("NA", "140", "")]
