"""What a message must hold at least to be read: judged by its segments, before anything is mapped.

A listener answers by it: a message that cannot be read for its structure is refused with the reason at
once, whether or not what the others say is read before their answer.
"""

from collections.abc import Iterator
from itertools import chain
from typing import NoReturn

from downtime.feeds.hl7.codes import MessageType
from downtime.feeds.hl7.data_types import DELETED
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.segments import Hl7Message, Segment
from downtime.feeds.model import UnusableMessageError

DELETE_PERSON = "A29"
BED_STATUS = "A20"
_WITHOUT_PERSON = frozenset({DELETE_PERSON, BED_STATUS})
_RESULTS = frozenset({MessageType.ORU, MessageType.OUL})
_NUMBERS_OF_PERSON = (2, 3, 4, 18, 19)
_VISIT = 19


def check_structure(reader: MessageReader) -> None:
    """UnusableMessageError when its segments cannot say what a message of its kind says."""
    if reader.kind == MessageType.ADT and reader.trigger not in _WITHOUT_PERSON:
        check_has_person(reader.message)
    elif reader.kind in _RESULTS:
        check_has_report(reader.message)


def check_has_person(part: Hl7Message) -> None:
    """UnusableMessageError when an admission names nobody: no PID, or no number in it or in PV1."""
    pid, pv1 = part.find_segment("PID"), part.find_segment("PV1")
    if pid is None:
        raise UnusableMessageError(
            "PID", "the message has no PID segment: it does not say who it is about"
        )
    component, usual = pid.delimiters.component, pid.get_raw_field(3)
    if usual[:1].isalnum():
        return
    if any(number.split(component, 1)[0].strip(DELETED) for number in _list_numbers(pid)):
        return
    if pv1 is None or not pv1.get_raw_field(_VISIT):
        raise_without_number()


def _list_numbers(pid: Segment) -> Iterator[str]:
    """The repetitions of all fields of a PID that may hold a number."""
    return chain.from_iterable(map(pid.repetitions, _NUMBERS_OF_PERSON))


def raise_without_number() -> NoReturn:
    """UnusableMessageError: no number tells the person apart."""
    raise UnusableMessageError("PID", "PID-3 holds no identifier: the patient cannot be told apart")


def check_has_report(part: Hl7Message) -> None:
    """UnusableMessageError when results stand there without what was reported."""
    if "OBX" in part.by_name and "OBR" not in part.by_name:
        raise UnusableMessageError(
            "OBR", "OBX without an OBR before it: the results belong to no report"
        )
