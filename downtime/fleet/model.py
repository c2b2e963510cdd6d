"""What the fleet's audit says was done, and how places are reached and did."""

from enum import StrEnum


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    MACHINE_ADD = "machine.add"
    MACHINE_JOIN = "machine.join"
    MACHINE_REPLACE = "machine.replace"
    MACHINE_REVOKE = "machine.revoke"
    PACKAGE_APPROVE = "package.approve"
    PACKAGE_WITHDRAW = "package.withdraw"
    ROOT_ADOPT = "root.adopt"
    ROOT_ROTATE = "root.rotate"
    SNAPSHOT_CLOSE = "snapshot.close"
    SNAPSHOT_QUARANTINE = "snapshot.quarantine"
    SNAPSHOT_REJECT = "snapshot.reject"
    SNAPSHOT_RELEASE = "snapshot.release"
    SNAPSHOT_REOPEN = "snapshot.reopen"
    TLS_ADOPT = "tls.adopt"
    TLS_ISSUE = "tls.issue"


class Direction(StrEnum):
    """Which way snapshots are carried."""

    PUBLISH = "publish"
    PULL = "pull"


class PlaceKind(StrEnum):
    """How a place is reached."""

    FOLDER = "folder"
    SMB = "smb"
    SFTP = "sftp"
    S3 = "s3"
