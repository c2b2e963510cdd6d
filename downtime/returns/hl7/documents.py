"""A scanned form as a document: MDM^T02 with the PDF in an OBX (HL7 v2 chapter 9). Pure."""

import base64

from downtime.entry.facts import Fact, PaperPerson
from downtime.returns.hl7.segment_writer import (
    DOWNTIME,
    SegmentWriter,
    Value,
    build_segment,
    fit_coded,
    text_only,
)

_TYPES = {
    "application/pdf": ("AP", "PDF"),
    "image/jpeg": ("IM", "JPEG"),
    "image/png": ("IM", "PNG"),
}
"""Type and subtype of the data (tables 0191 and 0291)."""


def build_document(
    fact: Fact, person: PaperPerson, file: tuple[str, bytes], writer: SegmentWriter
) -> list[str]:
    """The form as it came back; `file` is media type and content.

    Its number in TXA-12 is the serial, so that a replay is the same.
    """
    author = text_only(fact.author)
    happened = writer.format_time(fact.event)
    kind, subtype = _TYPES[file[0]]
    txa: dict[int, Value] = {
        1: "1",
        2: fit_coded(fact.form),
        3: kind,
        4: happened,
        5: author,
        6: writer.format_time(fact.entered),
        9: author,
        11: text_only(fact.transcriber),
        12: (fact.serial, DOWNTIME),
        16: f"{fact.serial}.{subtype.lower()}",
        17: "DO",
        19: "AV",
    }
    encoded = base64.b64encode(file[1]).decode("ascii")
    obx: dict[int, Value] = {
        1: "1",
        2: "ED",
        3: (fact.form, fact.title, "L"),
        4: writer.sub_id,
        5: ("", kind, subtype, "Base64", encoded),
        11: "F",
        14: happened,
    }
    return [
        writer.evn(fact, "T02"),
        writer.pid(person),
        writer.pv1(fact, other="U"),
        build_segment("TXA", txa),
        build_segment("OBX", obx),
    ]
