"""The list of machines at a place: a newer one is taken, an older one is replaced."""

from contextlib import suppress

from downtime.config import Home
from downtime.errors import UserError
from downtime.fleet.machine_list import read_list_bytes, receive_list
from downtime.fleet.outbox import MACHINES
from downtime.transport.carrier import PacedCarrier, SmallFile
from downtime.vault.signed_list import MAX_BYTES


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
