"""Whatever bytes come in: nothing is raised, nothing hangs, and line ends change nothing."""

import io
from contextlib import suppress

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from downtime.feeds.context import feed_context
from downtime.feeds.fhir import resources
from downtime.feeds.hl7 import framing, segments
from downtime.feeds.hl7 import messages as hl7_messages
from downtime.feeds.model import FeedMessage, Position, Reject, UnusableMessageError
from downtime.feeds.tables import files
from downtime.settings import FeedsSettings, Settings

CONTEXT = feed_context(Settings())
HEAD = "MSH|^~\\&|PAS|DEMO|DT|DEMO|202611021405||{kind}|C1|P|2.4"
KINDS = ["ADT^A01", "ADT^A40", "ADT^A60", "ADT^A20", "ORM^O01", "ORU^R01", "SIU^S12", "ADT", "^"]
KINDS += ["ADT^A37", "ADT^A44", "ADT^A50", "RDE^O11", "RAS^O17", "VXU^V04", "MDM^T10", "OUL^R22"]
KINDS += ["PPR^PC1", "ORM^O01", "OMD^O03", "ADT^A11", "ADT^A25"]
NAMES = ["PID", "PV1", "PV2", "EVN", "PD1", "MRG", "AL1", "IAM", "NPU", "ORC", "OBR", "OBX", "NTE"]
NAMES += ["SPM", "TQ1", "SCH", "AIS", "AIL", "AIP", "AIG", "DG1"]
NAMES += ["RXE", "RXO", "RXA", "RXR", "RXC", "TXA", "PRB", "IAR", "ZRS", "ODS"]
PIECES = st.sampled_from(
    [
        "",
        "1",
        "A",
        '""',
        "^",
        "~",
        "&",
        "\\",
        "\\.br\\",
        "\\X",
        "#",
        "é",
        "20261102",
        "202611021405",
    ]
    + ["NM", "TX", "SN", "CWE", "ED", "TS", "DT", "H1^^^DEMO^MR", "9990000018^^^NHS^NH", "F", "D"]
)
FIELDS = st.lists(st.lists(PIECES, max_size=3).map("".join), max_size=30).map("|".join)
SEGMENTS = st.lists(st.tuples(st.sampled_from(NAMES), FIELDS).map("|".join), max_size=8)
MESSAGES = st.tuples(st.sampled_from(KINDS), SEGMENTS).map(
    lambda parts: "\r".join([HEAD.format(kind=parts[0]), *parts[1]]) + "\r"
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "identifier", "system", "value", "type", "coding", "code", "text", "display"]
                + ["period", "end", "use", "extension", "url", "concept", "medication", "content"]
                + ["attachment", "data", "contentType", "basedOn", "specimen", "class", "reason"]
                + ["reference", "subject", "patient", "name", "given", "status", "period", "start"]
                + [
                    "participant",
                    "actor",
                    "location",
                    "result",
                    "link",
                    "other",
                    "contained",
                    "meta",
                ]
                + [
                    "valueQuantity",
                    "component",
                    "dosageInstruction",
                    "timing",
                    "repeat",
                    "category",
                ]
                + ["resourceType", "entry", "resource", "request", "address", "line", "reaction"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def read_one(data):
    """Without the last line of defence, so that a fault of the program is seen."""
    for piece in framing.split_messages(io.BytesIO(data), 1 << 20):
        with suppress(UnusableMessageError):
            hl7_messages.read_message(piece, Position("x", 1), CONTEXT)


@given(MESSAGES)
def test_odd_messages_are_read_or_refused(message):
    read_one(message.encode())


@given(st.binary(max_size=400))
@example(b"MSH|")
@example(b"MSH|^~\\&|" * 3)
def test_any_bytes_after_a_header_are_read_or_refused(data):
    read_one(b"MSH|^~\\&|A|B|C|D|2026||ADT^A01|1\rPID|" + data)
    read_one(b"MSH" + data)


@given(st.binary(max_size=400))
def test_any_bytes_of_any_format_end_in_messages_and_rejects(data):
    settings = Settings(
        feeds=FeedsSettings(
            tables={"t": {"match": "*", "record": "Location", "columns": {"0": "ward"}}}
        )
    )
    known = feed_context(settings)
    messages = [
        *hl7_messages.read_hl7(io.BytesIO(data), "x", known),
        *resources.read_fhir(io.BytesIO(data), "x", known),
        *files.read_csv(io.BytesIO(b"0,1\n" + data), "x", "2026-11-02T14:30:00Z", known),
    ]
    for item in messages:
        assert isinstance(item, (FeedMessage, Reject))
        assert "fault in Downtime" not in getattr(item, "reason", "")


@given(st.sampled_from(sorted(resources.RESOURCE_MAPPINGS) + ["Bundle"]), JSON)
def test_odd_resources_are_read_or_refused(kind, body):
    resource = {**body, "resourceType": kind} if isinstance(body, dict) else body
    with suppress(UnusableMessageError):
        resources.read_resource(resource, Position("x", 1), CONTEXT, "2026-11-02T14:30:00Z")
    for item in resources.read_fhir(io.BytesIO(orjson.dumps(resource, default=str)), "x", CONTEXT):
        assert "fault in Downtime" not in getattr(item, "reason", "")


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85"),
    max_size=40,
)
ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}


@given(TEXT)
@example('""')
@example("\\.br\\ and \\F\\")
def test_what_was_escaped_is_read_back(text):
    sent = "".join(ESCAPES.get(letter, letter) for letter in text)
    parsed = segments.parse_message(f"MSH|^~\\&|A|||||||1\rNTE|1||x{sent}x|after".encode())
    assert parsed.find_segment("NTE").text(3) == f"x{text}x"
    assert parsed.find_segment("NTE").text(4) == "after"


@given(st.lists(MESSAGES, min_size=1, max_size=6), st.integers(min_value=24, max_value=200))
def test_the_size_of_blocks_changes_nothing(messages, size):
    data = "".join(messages).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "BLOCK", size)
        small = list(framing.split_messages(io.BytesIO(data), 1 << 20))
    assert small == list(framing.split_messages(io.BytesIO(data), 1 << 20))
    assert b"".join(small) == data


@given(st.lists(MESSAGES, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_line_ends_change_nothing(messages, end):
    plain = "".join(messages)
    first = list(hl7_messages.read_hl7(io.BytesIO(plain.encode()), "x", CONTEXT))
    other = plain.replace("\r", end).encode()
    assert list(hl7_messages.read_hl7(io.BytesIO(other), "x", CONTEXT)) == first
    assert len(first) == len(messages)
