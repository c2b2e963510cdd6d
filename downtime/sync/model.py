"""What the transfer between laptops and the records station records."""

from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    HANDOVER_EXCUSE = "handover.excuse"
    HANDOVER_EXPECT = "handover.expect"
    HANDOVER_JOIN = "handover.join"
    HANDOVER_OPEN_BOOKS = "handover.open-books"
    HANDOVER_SEAL = "handover.seal"
    HANDOVER_SEAL_BROKEN = "handover.seal-broken"
    HANDOVER_SETTLE_CLASH = "handover.settle-clash"
    HANDOVER_TAKE = "handover.take"
    HANDOVER_TAKE_OVER = "handover.take-over"
