"""One HL7 v2 message as its mappings read it, and what they say of each record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from downtime.clinical.identifiers import Identifier
from downtime.feeds import times
from downtime.feeds.context import FeedContext
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, Finding, FindingKind, Operation, Position, Value
from downtime.feeds.profiles import VisitKey

_NO_FIELDS: Mapping[str, Value] = {}


@dataclass(slots=True)
class MessageReader:
    """What all mappings of one message need, and where they leave what they found wrong."""

    message: Hl7Message
    context: FeedContext
    position: Position
    kind: str
    """Message type (MSH-9.1)."""
    trigger: str
    """The trigger event, such as `A01`; empty when the message does not name it."""
    source: str = ""
    sent: str = ""
    sequence: int = 0
    facility: str = ""
    """MSH-4."""
    findings: list[Finding] = field(default_factory=list)
    unused: str = ""
    """Why nothing of it is used, when a mapping knows."""

    def change(
        self,
        record: str,
        key: str,
        patient: tuple[Identifier, ...],
        fields: Mapping[str, Value],
        event: str = "",
        operation: Operation = Operation.SET,
        source: str = "",
        merged: tuple[Identifier, ...] = (),
    ) -> Change:
        """What the message says of one record; a deletion carries no fields."""
        if operation is Operation.DELETE:
            fields = _NO_FIELDS
        return Change(
            record, source or self.source, key, patient, fields,
            event, self.sent, self.sequence, operation, merged, self.position,
        )  # fmt: skip

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
        stored = times.parse_time(sent, self.context.zone) if sent else ""
        if stored:
            fields[name], fields[name + "_text"] = stored, sent
        elif sent.strip("0"):
            where = f"{segment.name}-{number}"
            self.note(FindingKind.TIME_UNREADABLE, f"{where} is no time that can be read", where)
        return stored

    def find_visit(self, pid: Segment | None, pv1: Segment | None) -> str:
        """The key of the stay, when the message names it by a number."""
        account = pid.text(18) if pid else ""
        visit = pv1.text(19) if pv1 else ""
        key = self.context.profile.visit_key
        if key == VisitKey.PATIENT:
            return ""
        return (account or visit) if key == VisitKey.ACCOUNT else (visit or account)
