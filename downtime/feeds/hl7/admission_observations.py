"""The OBX of an admission: an infection or resuscitation status is an alert, all else a value.

Height, weight and the vital signs of an emergency department come so. A value belongs to no report;
one without a time of its own (OBX-14) takes the place of the one before it.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.alerts import find_category, is_positive, make_alert
from downtime.feeds.hl7.codes import REMOVED
from downtime.feeds.hl7.data_types import coded_text
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.observations import observation_status, read_test, value_text
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, FindingKind, Operation, Value


def read_admission_observations(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """What the OBX of one person say."""
    changes: list[Change] = []
    for segment in part.list_segments("OBX"):
        name = coded_text(segment.get_raw_field(3), segment.delimiters)
        value = coded_text(segment.get_raw_field(5), segment.delimiters)
        text = f"{name}: {value}" if value else name
        if category := find_category(text):
            is_active = is_positive([value])
            changes.append(
                make_alert(reader, numbers, category, text, event, is_active=is_active, name=name)
            )
        elif name and (shown := value_text(segment)):
            changes.append(_read_value(reader, segment, shown, numbers, event))
        else:
            reader.note(FindingKind.NOT_READ, "an OBX without a value is not read", "OBX")
    return changes


def _read_value(
    reader: MessageReader,
    segment: Segment,
    value: str,
    numbers: tuple[Identifier, ...],
    event: str,
) -> Change:
    raw = segment.pad_fields(14)
    test = read_test(raw[3], raw[6], raw[7], segment.delimiters)
    status = segment.text(11).upper()
    fields: dict[str, Value] = {
        "code": test.code,
        "display": test.display,
        "value": value,
        "units": test.units,
        "reference_range": test.reference_range,
        "flag": segment.text(8),
        "status": observation_status(status),
    }
    measured = reader.add_time(fields, "effective", segment, 14)
    if not measured:
        fields["effective"] = event or reader.sent
    operation = Operation.DELETE if status in REMOVED else Operation.SET
    key = f"{numbers[0]}|{test.key}|{segment.text(4)}|{measured}"
    return reader.change("Observation", key, numbers, fields, event, operation)
