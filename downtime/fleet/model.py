"""What the fleet's audit says was done."""

from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    MACHINE_ADD = "machine.add"
    MACHINE_JOIN = "machine.join"
    MACHINE_REPLACE = "machine.replace"
    MACHINE_REVOKE = "machine.revoke"
    ROOT_ADOPT = "root.adopt"
    ROOT_ROTATE = "root.rotate"
    SNAPSHOT_CLOSE = "snapshot.close"
