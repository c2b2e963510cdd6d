"""Which segments of a message are read, and why of some messages nothing is used.

'Used' means that something was taken; a segment that carried data and is not read makes it 'used in
part'. Billing, insurance, next of kin and what only an interface needs are left out on purpose.
"""

from functools import lru_cache

from downtime.feeds.hl7.codes import MEDICINE_TYPES, MessageType
from downtime.feeds.hl7.message_reader import MessageReader
from downtime.feeds.model import FindingKind

_PERSON = frozenset({"PID", "PD1", "PV1", "PV2", "NTE", "AL1", "IAM", "IAR", "DG1", "PRB"})
_ORDERS = _PERSON | {"ORC", "OBR", "OBX", "SPM", "TQ1"}
_MEDICINES = _PERSON | {"ORC", "RXO", "RXE", "RXR", "RXC", "RXA", "TQ1"}
READ: dict[str, frozenset[str]] = {
    MessageType.ADT: _PERSON | {"MRG", "NPU", "OBX"},
    MessageType.SIU: _PERSON | {"SCH", "RGS", "AIS", "AIL", "AIP", "AIG", "TQ1"},
    MessageType.MDM: _PERSON | {"TXA", "OBX", "ORC", "OBR"},
    MessageType.PPR: _PERSON,
    MessageType.VXU: _MEDICINES,
    **dict.fromkeys(sorted(MEDICINE_TYPES), _MEDICINES),
}
"""The segments that are read of each type of message; of all other types those of orders."""
_READ_OF_ORDERS = _ORDERS | _MEDICINES
NOT_NEEDED = frozenset(
    {"MSH", "EVN", "SFT", "UAC", "MSA", "ERR", "QRD", "QRF", "QPD", "QAK", "DSC", "PSH", "INV"}
    | {"NK1", "GT1", "IN1", "IN2", "IN3", "ACC", "UB1", "UB2", "DRG", "FT1", "BLG", "CON", "AUT"}
    | {"DB1", "PDA", "ROL", "PRT", "ARV", "CTD", "CTI", "RF1", "SAC", "CNS", "SHP", "PAC", "TQ2"}
)
"""Segments that are left out on purpose: billing, insurance, next of kin, interfaces."""
_TESTS = frozenset({"T", "D"})
_REASONS = {
    "ACK": "an acknowledgement says nothing of a patient",
    "BAR": "billing is not used",
    "DFT": "billing is not used",
    "MFN": "changes of master files are not used",
    "MFK": "changes of master files are not used",
    "QRY": "questions are not used",
    "QBP": "questions are not used",
}


def is_left_out(reader: MessageReader) -> bool:
    """Whether a message is a test, or of a kind that the profile of the source leaves out."""
    if _is_test(reader):
        return True
    not_used = reader.context.profile.not_used
    return bool(not_used) and (
        reader.kind in not_used or f"{reader.kind}^{reader.trigger}" in not_used
    )


def _is_test(reader: MessageReader) -> bool:
    """Whether MSH-11 (HL7 table 0103) says training or debugging: its patients are invented."""
    return reader.processing in _TESTS and not reader.context.profile.test_messages


def note_unread(reader: MessageReader) -> None:
    """A finding for each sort of segment that is not read; Z segments have theirs already."""
    for name in _list_unread(reader.kind, tuple(reader.message.by_name)):
        if name not in reader.context.profile.not_used:
            reader.note(FindingKind.NOT_READ, f"{name} is not read", name)


@lru_cache(maxsize=4096)
def _list_unread(kind: str, names: tuple[str, ...]) -> list[str]:
    unread = set(names) - READ.get(kind, _READ_OF_ORDERS) - NOT_NEEDED
    return sorted(name for name in unread if name[0] != "Z")


def describe_unused(reader: MessageReader, *, is_known: bool) -> str:
    """Why nothing of a message is used."""
    if _is_test(reader):
        return "a message of a test or training (MSH-11)"
    if is_left_out(reader):
        return f"left out on purpose by the profile '{reader.context.profile.name}'"
    if reader.unused:
        return reader.unused
    if is_known:
        return "it holds nothing that is read"
    return _REASONS.get(reader.kind, "messages of this type are not used")
