"""Splitting and decoding: what files in the wild look like."""

import io

import pytest

from downtime.feeds.hl7 import framing, segments
from downtime.feeds.model import FeedMessage, Reject, UnusableMessageError

ADMISSION = (
    b"MSH|^~\\&|PAS|DEMO|DT|DEMO|202611021405||ADT^A08|1|P|2.4\r"
    b"PID|1||H1001^^^DEMO^MR||PATEL^Asha\r"
)
ANOTHER = ADMISSION.replace(b"H1001", b"H1002").replace(b"PATEL", b"O'NEILL")


def split(data, limit=1 << 20):
    return list(framing.split_messages(io.BytesIO(data), limit))


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_any_line_end_gives_the_same_messages(read_hl7, end, of):
    messages = read_hl7((ADMISSION + ANOTHER).replace(b"\r", end))
    assert [of(m, "Patient")[0].fields["family"] for m in messages] == ["PATEL", "O'NEILL"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + ADMISSION + ANOTHER, id="byte order mark"),
        pytest.param(ADMISSION + b"\xef\xbb\xbf" + ANOTHER, id="byte order mark in the middle"),
        pytest.param(b"\x0b" + ADMISSION + b"\x1c\r\x0b" + ANOTHER + b"\x1c\r", id="MLLP frames"),
        pytest.param(
            b"\x0b" + ADMISSION.strip() + b"\x1c\x0b" + ANOTHER.strip() + b"\x1c",
            id="tight MLLP",
        ),
        pytest.param(
            b"FHS|^~\\&|PAS\rBHS|^~\\&|PAS\r" + ADMISSION + ANOTHER + b"BTS|2\rFTS|1\r",
            id="batch",
        ),
        pytest.param(b"# exported\r\n\r\n" + ADMISSION + b"\n# next\n" + ANOTHER, id="comments"),
        pytest.param(ADMISSION.strip() + ANOTHER.strip(), id="no line end between"),
        pytest.param(ADMISSION.replace(b"PID", b"  PID") + ANOTHER, id="indented"),
    ],
)
def test_wrappings_are_survived(read_hl7, of, data):
    messages = read_hl7(data)
    assert [of(m, "Patient")[0].fields["mrn"] for m in messages] == ["H1001", "H1002"]
    assert [m.position.number for m in messages] == [1, 2]


@pytest.mark.parametrize("characters", [b"^~\\&#", b"^~\\\\&", b"^~\\&", b"^~\\"])
def test_odd_encoding_characters(read_hl7, of, characters):
    data = ADMISSION.replace(b"^~\\&", characters).replace(b"PATEL", b"PATEL&x")
    assert of(read_hl7(data)[0], "Patient")[0].fields["family"] == "PATEL"


def test_other_delimiters_than_the_usual(read_hl7, of):
    data = b"MSH$*~\\&$PAS$DEMO$DT$DEMO$202611021405$$ADT*A08$1$P$2.4\rPID$1$$H7***DEMO*MR$$A*B\r"
    fields = of(read_hl7(data)[0], "Patient")[0].fields
    assert (fields["mrn"], fields["family"], fields["given"]) == ("H7", "A", "B")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1"])
def test_names_in_any_encoding(read_hl7, of, encoding):
    data = ADMISSION.replace(b"PATEL", "MÜLLER-NUÑEZ".encode(encoding))
    assert of(read_hl7(data)[0], "Patient")[0].fields["family"] == "MÜLLER-NUÑEZ"


def test_a_message_across_blocks_is_whole():
    long = ADMISSION + b"NTE|1||" + b"x" * (framing.BLOCK * 2) + b"\r"
    assert [len(m) for m in split(long + ANOTHER, 1 << 23)] == [
        len(long),
        len(ANOTHER),
    ]


def test_a_message_too_long_is_refused_and_the_next_is_read(read_hl7):
    data = ADMISSION + b"NTE|1||" + b"x" * (33 << 20) + b"\r" + ANOTHER
    messages = read_hl7(data)
    assert isinstance(messages[0], Reject)
    assert "max_message_bytes" in messages[0].reason
    assert isinstance(messages[1], FeedMessage)


class CountingStream:
    """A file that says how much of it was asked for at once, and repeats one block as a long line."""

    def __init__(self, before, block, times, after):
        self.parts = [before, *[block] * times, after]

    def read(self, size):
        return self.parts.pop(0) if self.parts else b""


@pytest.mark.parametrize("end", [b"\r", b"\r\n"])
def test_a_line_without_end_is_cut_and_what_follows_has_its_own_line(monkeypatch, end):
    looked_at = []
    monkeypatch.setattr(framing, "BLOCK", 1_000)
    find_starts = framing._find_starts
    monkeypatch.setattr(
        framing,
        "_find_starts",
        lambda buffer, *place: looked_at.append(len(buffer)) or find_starts(buffer, *place),
    )
    message, long = ADMISSION.replace(b"\r", end), b"x" * 990 + end + b"y" * 8 + end
    stream = CountingStream(message + message, long, 500, end + message)
    pieces = list(framing.number_messages(stream, 5_000))
    lines = [line for line, _ in pieces]
    assert lines == [1, 3, 3 + 2 + 2 * 500 + 1]
    assert [len(data) for _, data in pieces] == [len(message), 5_001, len(message)]
    assert max(looked_at) < 5_000 + 3 * 1_100


def test_a_message_of_too_many_lines_is_refused_and_the_next_is_read(read_hl7):
    data = ADMISSION + b"NTE|1||x\r" * 100_001 + ANOTHER
    refused, read = read_hl7(data)
    assert "max_message_lines" in refused.reason
    assert refused.origin.kind == "ADT^A08"
    assert isinstance(read, FeedMessage)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("1 Test Street", "1 Test Street"),
        ("1000&Hospital Lane", "1000 Hospital Lane"),
        ("&High Street&11", "High Street 11"),
        ("11 High Street&High Street&11", "11 High Street"),
        ("11 High Street&&1", "11 High Street 1"),
    ],
)
def test_a_street_in_parts_is_whole(read_hl7, of, sent, shown):
    data = ADMISSION.replace(b"PATEL^Asha", b"PATEL^Asha||||||" + sent.encode() + b"^^Testford")
    assert of(read_hl7(data)[0], "Patient")[0].fields["address"] == f"{shown}, Testford"


def delimiters():
    return segments.parse_message(ADMISSION).header.delimiters


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
        ADMISSION + b"OBX|1|TX|R||Line one\n# left neck of femur\nLine three||||||F\r"
    )
    obx = parsed.find_segment("OBX")
    assert obx.full_text(5) == "Line one\n# left neck of femur\nLine three"
    assert obx.text(11) == "F"


def test_a_comment_line_between_segments_is_left_out():
    parsed = segments.parse_message(ADMISSION + b"# interface restarted\rPV1|1|I\r")
    assert [segment.fields[0] for segment in parsed.segments] == ["MSH", "PID", "PV1"]


def test_what_is_no_message_says_so():
    with pytest.raises(UnusableMessageError, match="does not begin with an MSH"):
        segments.parse_message(b"PID|1||H1")


def test_an_empty_field_is_not_said_and_a_deleted_one_is_empty():
    pid = segments.parse_message(b'MSH|^~\\&|P|||||||1\rPID|1||""|x\r').find_segment("PID")
    assert [pid.get_raw_field(n) for n in (2, 3, 4, 40)] == ["", '""', "x", ""]
    assert [pid.text(n) for n in (2, 3, 4, 40)] == ["", "", "x", ""]
