"""HL7 v2 events that join persons, or move and rename stays: the MRG segment.

A number of MRG-1 that names no authority is one of the authority of the person who survives.
"""

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import EncounterStatus
from downtime.feeds.hl7.identifiers import parse_identifiers
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import Change, FindingKind, Operation, UnusableMessageError, Value

MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47", "A48"})
"""Two persons, or two numbers of one, become one."""
_MOVE_PERSON = "A43"
_ACCOUNT, _VISIT = 3, 5
_PRIOR_FIELDS = {
    **dict.fromkeys(("A35", "A41", "A44", "A49"), _ACCOUNT),
    **dict.fromkeys(("A42", "A45", "A50"), _VISIT),
}
"""Where in MRG the account or visit stands that is merged, moved or renamed."""
ACCOUNT_EVENTS = frozenset(_PRIOR_FIELDS) | {_MOVE_PERSON}
_RENAMES = frozenset({"A49", "A50"})


def read_merge(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """Who is merged into the person of PID; UnusableMessageError when nobody is named."""
    merged: list[Identifier] = []
    for mrg in part.list_segments("MRG"):
        merged += _read_prior_numbers(reader, mrg, 1, numbers)
    if not merged:
        raise UnusableMessageError(
            "MRG", "MRG-1 holds no other identifier: there is nobody to merge"
        )
    operation = Operation.MERGE
    return [reader.change("Patient", "", numbers, {}, event, operation, merged=tuple(merged))]


def _read_prior_numbers(
    reader: MessageReader, mrg: Segment, field: int, numbers: tuple[Identifier, ...]
) -> list[Identifier]:
    prior = parse_identifiers(mrg, field, reader, authority=numbers[0].authority)
    return [number for number in prior if number not in numbers]


def read_account_event(
    reader: MessageReader, part: Hl7Message, numbers: tuple[Identifier, ...], event: str
) -> list[Change]:
    """A stay or account that goes to another person, or into one of another number."""
    if reader.trigger == _MOVE_PERSON:
        reader.note(FindingKind.NOT_READ, "identifiers that move (A43) are not read", "MRG")
        return []
    pid, visits, changes = part.find_segment("PID"), part.list_segments("PV1"), []
    for place, mrg in enumerate(part.list_segments("MRG")):
        pv1 = visits[min(place, len(visits) - 1)] if visits else None
        present = reader.find_visit(pid, pv1)
        merged = tuple(_read_prior_numbers(reader, mrg, 1, numbers))
        prior = _find_prior_visit(reader.trigger, mrg, pv1)
        if merged and (prior or present):
            key, operation = prior or present, Operation.MOVE
            changes.append(
                reader.change("Encounter", key, numbers, {}, event, operation, merged=merged)
            )
        elif prior and prior != present and _says_where(reader.trigger, pv1):
            fields: dict[str, Value] = {"status": EncounterStatus.CANCELLED}
            changes.append(
                reader.change("Encounter", prior, numbers, fields, event, Operation.CANCEL)
            )
        elif not merged:
            reader.note(FindingKind.MERGE_UNMATCHED, "MRG names no stay that could move", "MRG")
    return changes


def _find_prior_visit(trigger: str, mrg: Segment, pv1: Segment | None) -> str:
    """The number in MRG under which the stay was known; an account is none where visits have one."""
    field = _PRIOR_FIELDS[trigger]
    if field == _ACCOUNT and pv1 is not None and pv1.text(19):
        return mrg.text(_VISIT)
    return mrg.text(field)


def _says_where(trigger: str, pv1: Segment | None) -> bool:
    """Whether a stay may take another number: not when nothing says where the patient then is."""
    if trigger not in _RENAMES:
        return True
    return pv1 is not None and bool(pv1.get_raw_field(3) or pv1.get_raw_field(45))
