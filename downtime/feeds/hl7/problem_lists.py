"""HL7 v2 PPR messages (problem lists) to Condition."""

from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.hl7.patient import identify, read_person
from downtime.feeds.model import Change, UnusableMessageError


def read_problem_list(reader: MessageReader) -> list[Change]:
    """All that one message of a problem list says; UnusableMessageError when it names nobody."""
    changes: list[Change] = []
    for part in reader.message.split_patients():
        numbers = identify(reader, part)
        if not numbers:
            raise UnusableMessageError("PID", "the message does not say whose problems these are")
        changes += read_person(reader, part, numbers)
    return changes
