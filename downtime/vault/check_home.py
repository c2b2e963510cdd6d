"""Look at everything that lies in a home: pages, chain, checkpoints, marks, keys, identity, list of machines.

Nothing is changed. What is damaged is named, with the way out.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlcipher3

from downtime.config import Home
from downtime.errors import LockedError, UserError
from downtime.vault import checkpoint, device, keys, machines, reading_copy
from downtime.vault.copied_home import list_sentences
from downtime.vault.database import open_with_key
from downtime.vault.find_copies import MarkFinding, compare_marks
from downtime.vault.key_rotation import list_databases
from downtime.vault.slots import derive_key
from downtime.vault.store import tables
from downtime.vault.vault import Vault
from downtime.vault.write_access import ReadOnlyReason

RESTORE = (
    "Print what is needed now; then keep this home as it is, and put the last backup back into a new"
    " folder: 'downtime restore FILE --home DIR'. What was entered since lies on paper and at the"
    " records station."
)
_STEPS = {
    "vault.db": RESTORE,
    "state.db": "Remove it: the next build makes it again from the ledger. Keep the ledger.",
    "base.db": "Put the last backup back: what has left the ledger is only in it.",
}
_LEDGER_STEP = "Keep the file. The other days go on; ask the systems to send that day again."


@dataclass(frozen=True, slots=True)
class CheckedPart:
    """One thing that was looked at; `fault` is empty when it is as it should be."""

    name: str
    fault: str = ""
    next_step: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.fault

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.name}: {self.fault} {self.next_step}" if self.fault else f"{self.name}: sound"
        )


def check_home(vault: Vault) -> list[CheckedPart]:
    """All parts of a home but its opened snapshots (`snapshot.heal_snapshots`).

    Of a vault that is damaged or missing the chain and the marks say nothing.
    """
    if vault.write_access.reason in (ReadOnlyReason.DAMAGED, ReadOnlyReason.LOST):
        return [*_check_databases(vault.home, vault.derive_key), *_check_keys(vault)]
    return [
        *_check_databases(vault.home, vault.derive_key),
        *_check_chain(vault),
        *_check_marks(vault),
        *_check_keys(vault),
    ]


def check_closed_home(home: Home, data_key: bytes) -> list[CheckedPart]:
    """The databases of a home whose vault does not open any more."""
    return list(_check_databases(home, lambda purpose: derive_key(data_key, purpose)))


def find_damage(path: Path, key: bytes) -> str:
    """What is wrong with an encrypted database; empty when every page is as it was written."""
    if not path.exists() or not path.stat().st_size:
        return "it is missing."
    try:
        with _open_to_read(path, key) as connection:
            return _find_damaged_pages(connection)
    except LockedError:
        return "it does not open with this home's key: its first page is damaged."
    except (OSError, sqlcipher3.Error) as error:
        return f"it cannot be opened ({type(error).__name__})."


@contextmanager
def _open_to_read(path: Path, key: bytes) -> Iterator[sqlcipher3.Connection]:
    """A connection to it, or, on a disk that takes nothing, to it as it is, or to a copy in memory."""
    source = None
    try:
        connection = open_with_key(path, key, read_only=True)
    except sqlcipher3.OperationalError:
        source = reading_copy.find_source(path, is_shared=False)
        connection = open_with_key(source.path, key, is_immutable=source.is_immutable)
    try:
        yield connection
    finally:
        connection.close()
        reading_copy.remove_copy(source)


def _find_damaged_pages(connection: sqlcipher3.Connection) -> str:
    try:
        if damaged := tables.count_damaged_pages(connection):
            return f"{damaged} of its pages are damaged."
        return "" if tables.is_intact(connection) else "its rows and indexes do not fit together."
    except sqlcipher3.Error as error:
        return f"it cannot be read to its end ({type(error).__name__})."


def _check_databases(home: Home, find_key: Callable[[str], bytes]) -> Iterator[CheckedPart]:
    for path, purpose in list_databases(home):
        if path.parent == home.snapshots_folder:
            continue
        name = path.relative_to(home.path).as_posix()
        fault = find_damage(path, find_key(purpose))
        step = _STEPS.get(name, _LEDGER_STEP if path.parent == home.ingest_folder else "Remove it.")
        yield CheckedPart(name, fault, step if fault else "")


def _check_chain(vault: Vault) -> Iterator[CheckedPart]:
    try:
        problems = checkpoint.verify_checkpoints(vault).problems
    except sqlcipher3.DatabaseError:
        problems = ("The audit cannot be read to its end.",)
    except UserError:  # without the identity no checkpoint can be checked; it is named by itself
        return
    yield from (
        CheckedPart("audit", problem, "Tell security, and keep this home.") for problem in problems
    )
    if not problems:
        yield CheckedPart("audit")


def _check_marks(vault: Vault) -> Iterator[CheckedPart]:
    try:
        device.check_own_card(vault.home)
    except (UserError, OSError):  # without it no mark can be checked; it is named by itself
        return
    finding, _ = compare_marks(vault, vault.db)
    if sentences := list_sentences(vault):
        yield CheckedPart(
            "marks", sentences[-1], "Say what happened: 'downtime marks read --reason TEXT'."
        )
    elif finding in (MarkFinding.FITS, MarkFinding.NEW, MarkFinding.INTERRUPTED):
        yield CheckedPart("marks")
    else:
        fault = "they do not fit this vault, and could not be written."
        yield CheckedPart("marks", fault, "Make room on the disk.")


def _check_keys(vault: Vault) -> Iterator[CheckedPart]:
    parts: Mapping[str, Callable[[], object]] = {
        "key slots": lambda: keys.load_slot_file(vault.home),
        "identity": lambda: device.load_device(vault),
        "list of machines": lambda: machines.list_machines(vault.home),
    }
    for name, read in parts.items():
        try:
            read()
        except UserError as error:
            yield CheckedPart(name, error.sentence, error.next_step)
        else:
            yield CheckedPart(name)
