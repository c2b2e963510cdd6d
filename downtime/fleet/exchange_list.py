"""The list of machines at a place: a newer one is taken, an older one is replaced."""

from contextlib import suppress
from pathlib import Path

from downtime.config import Home
from downtime.errors import UserError
from downtime.fleet.machine_list import FILE_NAME, read_list_bytes, receive_list
from downtime.fleet.outbox import MACHINES
from downtime.transport.carrier import PacedCarrier, SmallFile
from downtime.transport.folder import read_file
from downtime.vault.signed_list import MAX_BYTES

_FOLDERS_UP = 2
"""From a ward's folder to the top of a place, where the list lies."""


def exchange_list(home: Home, carrier: PacedCarrier, known: str = "") -> str:
    """Leave this machine's list where it is the newer one; by what the server knows what lies there.

    An administrator may have added a machine elsewhere: a list that this site's root vouches for and
    that is newer than the one here is taken, never written over. Empty when it was written anew.
    """
    try:
        file = carrier.read_small(MACHINES, MAX_BYTES, known)
    except FileNotFoundError:
        file = SmallFile(b"")
    if file is None:
        return known
    with suppress(UserError):
        receive_list(home, file.content)
    own_list = read_list_bytes(home)
    if own_list is None or own_list == file.content:
        return file.version
    carrier.replace_file(MACHINES, own_list)
    return ""


def take_list_beside(home: Home, source: Path) -> None:
    """Take a newer list that lies where a bundle was carried by hand: a file, or its folder.

    Whom it revokes is believed no longer, before the bundle is looked at. What is older, of another
    site, or none at all changes nothing.
    """
    folder = (source if source.is_dir() else source.parent).absolute()
    for place in [folder, *folder.parents][: _FOLDERS_UP + 1]:
        for path in (place / FILE_NAME, place / MACHINES):
            with suppress(UserError, OSError):
                if path.is_file():  # a named pipe would never end
                    receive_list(home, read_file(path, MAX_BYTES, "MAX_BYTES of signed_list"))
