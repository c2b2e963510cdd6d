"""Connect to a place where sealed files are carried, with the library of its kind."""

from downtime.transport.carrier import Carrier, PacedCarrier
from downtime.transport.faults import faults_as_os_errors
from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.pace import Pace


def open_carrier(address: FolderAddress, pace: Pace) -> PacedCarrier:
    """Connect to a place; OSError when it cannot be reached, InputError for a secret's file.

    Each library is loaded when it is needed: together they take a second.
    """
    with faults_as_os_errors():
        return PacedCarrier(_connect(address), pace)


def _connect(address: FolderAddress) -> Carrier:
    match address.kind:
        case FolderKind.SFTP:
            from downtime.transport.sftp_carrier import SftpCarrier

            return SftpCarrier(address)
        case FolderKind.SMB:
            from downtime.transport.smb_carrier import SmbCarrier

            return SmbCarrier(address)
        case FolderKind.S3:
            from downtime.transport.s3_carrier import S3Carrier

            return S3Carrier(address)
        case FolderKind.LOCAL:
            from downtime.transport.local_carrier import LocalCarrier

            return LocalCarrier(address)
