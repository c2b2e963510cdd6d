"""How far the list of machines had come here: in the vault, in its marks, and in a copy of the newest list.

The list lies in clear on the disk, and an older one that is put back is signed as well: it would bring
a revoked machine or a withdrawn package back. The copy knows what came while nobody was signed in; vault
and marks know it from then on, and whoever puts an older vault or copy back has not put back the marks.
"""

from contextlib import suppress

import sqlcipher3

from downtime.config import Home
from downtime.errors import ConflictError, UntrustedError
from downtime.fleet.store.list_seen import fetch_highest_rank, save_highest_rank
from downtime.vault import machines
from downtime.vault.database import transaction
from downtime.vault.marks import read_marks
from downtime.vault.raise_marks import raise_list_mark
from downtime.vault.vault import Vault

NONE = (0, 0)


def find_highest_outside(home: Home) -> tuple[int, int]:
    """Versions of root and list as marks and copy have them; works while locked.

    UntrustedError when the marks are missing on a machine that believes a list: each unlocking writes them.
    """
    outside = read_marks(home)
    if outside is None and machines.read_list(home) is not None:
        raise UntrustedError(
            "marks.missing",
            "The marks of this machine are missing or were changed: nobody knows how new its list of"
            " machines has to be.",
            "Sign in here once, take the newest list ('downtime pull'), and tell security.",
        )
    return max(outside.machines if outside else NONE, machines.read_newest_rank(home))


def raise_highest(vault: Vault) -> tuple[int, int]:
    """The highest versions that were ever believed here; vault and marks know them from now on."""
    listed, outside = machines.read_list(vault.home), read_marks(vault.home)
    known, marked = fetch_highest_rank(vault.db), outside.machines if outside else NONE
    rank = listed.signed.rank if listed else NONE
    highest = max(known, marked, rank, machines.read_newest_rank(vault.home))
    if highest > min(known, marked):  # marks that were lost and written anew know none
        with transaction(vault.db) as db:
            save_highest_rank(db, highest)
            raise_list_mark(vault, db, highest)
    return highest


def note_list(vault: Vault) -> None:
    """As `raise_highest`, right after a list was taken; what hinders it is said at the next sign-in."""
    with suppress(OSError, sqlcipher3.OperationalError, ConflictError, UntrustedError):
        raise_highest(vault)
