"""What is shown of a message to those who may not see patients: how it is built, and no value."""

import pytest

from downtime.feeds.file_format import FileFormat
from downtime.feeds.masking import mask_raw, mask_segment


def test_segments_keep_their_names_separators_and_lengths():
    data = (
        b"MSH|^~\\&|PAS|RXH|||20261102101500||ADT^A08|77|P|2.4\r"
        b"PID|1||55021^^^RXH^MR||Quill^Ada \xc3\x89||19600102|F\r"
        b"ZPI||rare thing\rsecond line of a note: Quill\r"
    )
    assert mask_raw(data, FileFormat.HL7).split("\n") == [
        "MSH|^~\\&|PAS|RXH|||20261102101500||ADT^A08|77|P|2.4",
        "PID|9||99999^^^xxx^xx||xxxxx^xxx x||99999999|x",
        "ZPI||xxxx xxxxx",
        "xxxxxx xxxx xx x xxxx: xxxxx",
    ]


def test_what_only_begins_like_a_segment_is_masked():
    assert mask_segment("ADAMSON ELIZABETH|1") == "xxxxxxx xxxxxxxxx|9"
    assert mask_segment("PIDGEON") == "xxxxxxx"
    assert mask_segment("ANN was seen") == "xxx xxx xxxx"


def test_json_keeps_its_elements_and_the_type_of_a_resource():
    data = (
        b'{"resourceType":"Patient","name":[{"family":"Quill"}],"active":true,"n":12.5,"none":null}'
    )
    masked = mask_raw(data, FileFormat.JSON)
    assert '"resourceType": "Patient"' in masked
    assert '"family": "xxxxx"' in masked
    assert '"99.9"' in masked
    assert "Quill" not in masked


@pytest.mark.parametrize(
    ("data", "file_format"),
    [
        (b'{"family": "Quill"', FileFormat.JSON),
        (b"Quill,H1\nReed,H2\n", FileFormat.TABLE),
        (b"PK\x03\x04 Quill", FileFormat.WORKBOOK),
        (b"Quill", FileFormat.UNKNOWN),
        ("Quill\u2028PID|Quill".encode(), FileFormat.HL7),
        (b"\xff\xfeQ\x00u\x00i\x00l\x00l\x00", FileFormat.HL7),
    ],
)
def test_no_value_of_a_damaged_message_is_shown(data, file_format):
    masked = mask_raw(data, file_format)
    assert "Quill" not in masked
    assert "H1" not in masked
