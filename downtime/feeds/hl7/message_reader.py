"""One HL7 v2 message as its mappings read it, and what they say of each record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, Finding, FindingKind, Operation, Position, Value

_NO_FIELDS: Mapping[str, Value] = {}
_make_tuple = tuple.__new__
"""As `Change._make` does it: half the time of its constructor, which most of a feed's time is."""
_SET, _DELETE = Operation.SET, Operation.DELETE


@dataclass(slots=True)
class FieldReader:
    """What reading fields needs, and where it leaves what it found wrong."""

    context: FeedContext
    facility: str
    """MSH-4, to which numbers without an authority belong."""
    source: str = ""
    findings: list[Finding] = field(default_factory=list)

    def note(self, kind: FindingKind, text: str, segment: str = "") -> None:
        """Leave a finding, once however often it is met."""
        finding = Finding(kind, self.source, text, segment)
        if finding not in self.findings:
            self.findings.append(finding)

    def add_time(
        self, fields: dict[str, Value], name: str, segment: Segment, number: int, component: int = 1
    ) -> str:
        """Put a time into `name`, and as sent into `<name>_text`; its stored form, else empty."""
        sent = segment.text(number, component)
        if not sent:
            return ""
        stored = times.parse_time(sent, self.context.zone)
        if stored:
            fields[name], fields[name + "_text"] = stored, sent
        elif sent.strip("0"):
            where = f"{segment.name}-{number}"
            self.note(FindingKind.TIME_UNREADABLE, f"{where} is no time that can be read", where)
        return stored


@dataclass(slots=True, kw_only=True)
class MessageReader(FieldReader):
    """What all mappings of one message need."""

    message: Hl7Message
    position: Position
    kind: str
    """Message type (MSH-9.1)."""
    trigger: str
    """The trigger event, such as `A01`; empty when the message does not name it."""
    control_id: str = ""
    """MSH-10."""
    sender: str = ""
    """Sending application (MSH-3)."""
    processing: str = ""
    """MSH-11: whether it is a test."""
    sent: str = ""
    sequence: int = 0
    unused: str = ""
    """Why nothing of it is used, when a mapping knows."""

    def change(
        self,
        record: str,
        key: str,
        patient: tuple[Identifier, ...],
        fields: Mapping[str, Value],
        event: str = "",
        operation: Operation = _SET,
        source: str = "",
        merged: tuple[Identifier, ...] = (),
    ) -> Change:
        """What the message says of one record; a deletion carries no fields."""
        if operation is _DELETE:
            fields = _NO_FIELDS
        return _make_tuple(
            Change,
            (
                record, source or self.source, key, patient, fields,
                event, self.sent, self.sequence, operation, merged, self.position,
            ),
        )  # fmt: skip
