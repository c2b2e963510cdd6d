"""Splitting and decoding: what files in the wild look like."""

import io

import pytest

from downtime.feeds.hl7 import framing, segments
from downtime.feeds.model import Message, Reject, UnusableMessageError

ONE = (
    b"MSH|^~\\&|PAS|DEMO|DT|DEMO|202611021405||ADT^A08|1|P|2.4\r"
    b"PID|1||H1001^^^DEMO^MR||PATEL^Asha\r"
)
TWO = ONE.replace(b"H1001", b"H1002").replace(b"PATEL", b"O'NEILL")


def split(data, limit=1 << 20):
    return list(framing.split_messages(io.BytesIO(data), limit))


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_any_line_end_gives_the_same_messages(read_hl7, end, of):
    found = read_hl7((ONE + TWO).replace(b"\r", end))
    assert [of(m, "Patient")[0].fields["family"] for m in found] == ["PATEL", "O'NEILL"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + ONE + TWO, id="byte order mark"),
        pytest.param(ONE + b"\xef\xbb\xbf" + TWO, id="byte order mark in the middle"),
        pytest.param(b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r", id="MLLP frames"),
        pytest.param(b"\x0b" + ONE.strip() + b"\x1c\x0b" + TWO.strip() + b"\x1c", id="tight MLLP"),
        pytest.param(b"FHS|^~\\&|PAS\rBHS|^~\\&|PAS\r" + ONE + TWO + b"BTS|2\rFTS|1\r", id="batch"),
        pytest.param(b"# exported\r\n\r\n" + ONE + b"\n# next\n" + TWO, id="comments"),
        pytest.param(ONE.strip() + TWO.strip(), id="no line end between"),
        pytest.param(ONE.replace(b"PID", b"  PID") + TWO, id="indented"),
    ],
)
def test_wrappings_are_survived(read_hl7, of, data):
    found = read_hl7(data)
    assert [of(m, "Patient")[0].fields["mrn"] for m in found] == ["H1001", "H1002"]
    assert [m.position.number for m in found] == [1, 2]


@pytest.mark.parametrize("characters", [b"^~\\&#", b"^~\\\\&", b"^~\\&", b"^~\\"])
def test_odd_encoding_characters(read_hl7, of, characters):
    data = ONE.replace(b"^~\\&", characters).replace(b"Asha", b"Asha&x")
    assert of(read_hl7(data)[0], "Patient")[0].fields["given"] == "Asha"


def test_other_delimiters_than_the_usual(read_hl7, of):
    data = b"MSH$*~\\&$PAS$DEMO$DT$DEMO$202611021405$$ADT*A08$1$P$2.4\rPID$1$$H7***DEMO*MR$$A*B\r"
    fields = of(read_hl7(data)[0], "Patient")[0].fields
    assert (fields["mrn"], fields["family"], fields["given"]) == ("H7", "A", "B")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1"])
def test_names_in_any_encoding(read_hl7, of, encoding):
    data = ONE.replace(b"PATEL", "MÜLLER-NUÑEZ".encode(encoding))
    assert of(read_hl7(data)[0], "Patient")[0].fields["family"] == "MÜLLER-NUÑEZ"


def test_a_message_across_blocks_is_whole():
    long = ONE + b"NTE|1||" + b"x" * (framing.BLOCK * 2) + b"\r"
    assert [len(m) for m in split(long + TWO, 1 << 23)] == [len(long), len(TWO)]


def test_a_message_too_long_is_refused_and_the_next_is_read(read_hl7):
    data = ONE + b"NTE|1||" + b"x" * (17 << 20) + b"\r" + TWO
    found = read_hl7(data)
    assert isinstance(found[0], Reject)
    assert "max_message_bytes" in found[0].reason
    assert isinstance(found[1], Message)


def delimiters():
    return segments.parse_message(ONE).header.delimiters


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"first\.br\second", "first\nsecond"),
        (r"first\.sp2\second", "first\n\nsecond"),
        (r"\H\bold\N\ text", "bold text"),
        (r"5 \XC2B5\g", "5 µg"),
        (r"\XE9\t", "ét"),
        (r"C:\Temp", r"C:\Temp"),
        (r"tail\r", r"tail\r"),
        (r"\Zabc\ kept", r"\Zabc\ kept"),
        (r"\X4\ kept", r"\X4\ kept"),
    ],
)
def test_escapes(sent, text):
    assert delimiters().decode(sent) == text


def test_a_text_broken_over_lines_stays_one_field():
    parsed = segments.parse_message(
        ONE + b"OBX|1|TX|R||Line one\n# left neck of femur\nLine three||||||F\r"
    )
    obx = parsed.first("OBX")
    assert obx.full_text(5) == "Line one\n# left neck of femur\nLine three"
    assert obx.text(11) == "F"


def test_a_comment_line_between_segments_is_left_out():
    parsed = segments.parse_message(ONE + b"# interface restarted\rPV1|1|I\r")
    assert [segment.fields[0] for segment in parsed.segments] == ["MSH", "PID", "PV1"]


def test_what_is_no_message_says_so():
    with pytest.raises(UnusableMessageError, match="does not begin with an MSH"):
        segments.parse_message(b"PID|1||H1")


def test_an_empty_field_is_not_said_and_a_deleted_one_is_empty():
    pid = segments.parse_message(b'MSH|^~\\&|P|||||||1\rPID|1||""|x\r').first("PID")
    assert [pid.raw(n) for n in (2, 3, 4, 40)] == ["", '""', "x", ""]
    assert [pid.text(n) for n in (2, 3, 4, 40)] == ["", "", "x", ""]
