"""HL7 v2 events that join persons, or move and rename stays: the MRG segment.

A stay that takes another number goes on under it with all that is known of it (`continued_as`), and
so does one that is merged into another, or that a change of class (A06, A07) follows. A number of MRG-1 that names no authority is one of the authority of the person who survives.
"""

from downtime.clinical.identifiers import Identifier
from downtime.feeds.hl7.encounters import find_visit
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
    **dict.fromkeys(("A42", "A45", "A50", "A06", "A07"), _VISIT),
}
"""Where in MRG the account or visit stands that is merged, moved or renamed."""
RECLASSIFICATIONS = frozenset({"A06", "A07"})
"""A change of class, which may come with another visit number."""
ACCOUNT_EVENTS = frozenset(_PRIOR_FIELDS) - RECLASSIFICATIONS | {_MOVE_PERSON}


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
    visits = part.list_segments("PV1")
    changes: list[Change] = []
    for place, mrg in enumerate(part.list_segments("MRG")):
        pv1 = visits[min(place, len(visits) - 1)] if visits else None
        merged = tuple(_read_prior_numbers(reader, mrg, 1, numbers))
        prior = _find_prior_visit(reader.trigger, mrg, pv1)
        present = find_visit(reader, part, pv1)
        continued = _continue_stay(reader, numbers, event, merged, prior, present)
        if not continued and not present and reader.trigger not in RECLASSIFICATIONS:
            reader.note(FindingKind.MERGE_UNMATCHED, "MRG names no stay that could move", "MRG")
        changes += continued
    return changes


def _continue_stay(
    reader: MessageReader,
    numbers: tuple[Identifier, ...],
    event: str,
    merged: tuple[Identifier, ...],
    prior: str,
    present: str,
) -> list[Change]:
    """The stay or account `prior` goes to the person of PID, and on under the number `present`."""
    changes = []
    if merged and (prior or present):
        key, move = prior or present, Operation.MOVE
        changes.append(reader.change("Encounter", key, numbers, {}, event, move, merged=merged))
    if prior and present and prior != present:
        fields: dict[str, Value] = {"continued_as": present}
        changes.append(reader.change("Encounter", prior, numbers, fields, event))
    return changes


def _find_prior_visit(trigger: str, mrg: Segment, pv1: Segment | None) -> str:
    """The number in MRG under which the stay was known; an account is none where visits have one."""
    field = _PRIOR_FIELDS[trigger]
    if field == _ACCOUNT and pv1 is not None and pv1.text(19):
        return mrg.text(_VISIT)
    return mrg.text(field)
