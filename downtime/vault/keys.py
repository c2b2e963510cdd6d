"""The data key of a home, and the slots in `keys/slots.json` that open it.

Whatever writes the file from an open vault does so inside `vault.change`, whose lock on the
database keeps two programs from overwriting each other's slots. Without the file nobody could open
anything any more, so a copy lies in another folder: it is used, and put back, when the file is
missing or damaged.
"""

import os
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from downtime.config import Home
from downtime.errors import ConflictError, LockedError, NotFoundError, UntrustedError
from downtime.settings import AccountsSettings
from downtime.vault import key_rotation, slots
from downtime.vault.files import read_secret, write_atomic
from downtime.vault.recovery import parse_code
from downtime.vault.slots import Slot, SlotFile
from downtime.vault.vault import Vault

RECOVERY = "recovery code"  # no user name has a space


class OpenedSlot(NamedTuple):
    """The data key, which every slot opens, and the identity that is in this one alone."""

    data_key: bytes
    identity: pyrage.x25519.Identity


class NewKeyFile(NamedTuple):
    """A key file that is not written yet."""

    slots: tuple[Slot, ...]
    content: bytes


def home_exists(home: Home) -> bool:
    """Whether there is a home here: its settings and its key file."""
    return home.config_file.is_file() and _has_slots(home)


def check_home_exists(home: Home) -> None:
    """NotFoundError when there is no home here."""
    if home_exists(home):
        return
    if holds_data(home):
        missing = _path(home) if home.config_file.is_file() else home.config_file
        raise NotFoundError(
            "home.incomplete",
            f"The home at {home.path} has lost {missing.relative_to(home.path)}. What it holds is"
            " still there.",
            "Keep the folder and make no new home in it. Put that file back from the last backup, or"
            " the whole backup into a new folder: 'downtime restore'.",
        )
    raise NotFoundError(
        "home.missing",
        f"There is no Downtime home at {home.path}.",
        "Run 'downtime init', or name the right folder with --home.",
    )


def holds_data(home: Home) -> bool:
    """Whether a home lies here that was in use, whatever it has lost: nobody should make a new one over it.

    One that was cut short while it was made has a vault and nothing else of these.
    """
    parts = (
        home.vault_file.is_file(),
        home.marks_file.is_file(),
        _has_slots(home),
        any(home.snapshots_folder.glob("*.db")),
        any(home.bundles_folder.glob("*")),
    )
    return parts.count(True) > 1


def create_key_file(
    home: Home, data_key: bytes, secrets: list[tuple[str, str, str]], cost: AccountsSettings
) -> None:
    """Write the first key file: one slot for each (name, kind, secret)."""
    write_key_file(home, make_key_file(data_key, secrets, cost))


def write_key_file(home: Home, file: NewKeyFile) -> None:
    """Write the first key file; from here on it opens the home."""
    _write(home, file.content)


def make_key_file(
    data_key: bytes, secrets: list[tuple[str, str, str]], cost: AccountsSettings
) -> NewKeyFile:
    """The first key file: one slot for each (name, kind, secret)."""
    signer = Ed25519PrivateKey.generate()
    public = b64encode(signer.public_key().public_bytes_raw()).decode()
    new_slots = tuple(slots.new_slot(public, *secret, cost) for secret in secrets)
    sealed = slots.seal_data_key(new_slots, data_key, signer)
    content = slots.encode_slot_file(SlotFile(public, new_slots, sealed), signer)
    return NewKeyFile(new_slots, content)


def find_slot(home: Home, name: str) -> Slot | None:
    """The slot of a name."""
    return next((slot for slot in load_slot_file(home).slots if slot.name == name), None)


def add_slot(
    home: Home, data_key: bytes, name: str, kind: str, secret: str, cost: AccountsSettings
) -> Slot:
    """Let `secret` open the data key under `name`, in place of a slot of that name; the new slot."""
    file = load_slot_file(home)
    slot = slots.new_slot(file.signer, name, kind, secret, cost)
    others = tuple(s for s in file.slots if s.name != name)
    following = os.urandom(32) if file.next else None
    _write_resealed(home, data_key, file, (*others, slot), following)
    return slot


def remove_slot(home: Home, data_key: bytes, name: str) -> bytes | None:
    """Take a slot away and begin to renew the data key; None when there is none of that name.

    The next data key is returned for `renew_data_key`. From the moment this returns the slot opens nothing.
    """
    file = load_slot_file(home)
    others = tuple(slot for slot in file.slots if slot.name != name)
    if len(others) == len(file.slots):
        return None
    if not others:
        raise ConflictError(
            "keys.last", "The last way into this vault is never removed.", "Add another one first."
        )
    following = os.urandom(32)
    _write_resealed(home, data_key, file, others, following)
    return following


def open_slot(home: Home, name: str, secret: str) -> bytes:
    """The data key by a person's password or a recovery code; LockedError as `open_own_slot`."""
    return open_own_slot(home, name, secret).data_key


def open_own_slot(home: Home, name: str, secret: str) -> OpenedSlot:
    """What a person's password or a recovery code opens.

    LockedError with one sentence, after the same work, for an unknown name and a wrong secret.
    """
    file = load_slot_file(home)
    slot = next((s for s in file.slots if s.name == name and s.kind != "file"), None)
    opener = slots.open_identity(slot or file.slots[0], secret)
    if slot is None or opener is None:
        raise refused_error()
    return OpenedSlot(_open(home, file, opener), opener)


def open_with_recovery(home: Home, code: str) -> bytes:
    """The data key by the code printed when the home was made; InputError names a mistyped group."""
    return open_slot(home, RECOVERY, parse_code(code))


def open_with_file(home: Home, path: Path) -> tuple[str, bytes]:
    """The name of the slot that an unlock file opens, and the data key."""
    secret = read_secret(path)
    file = load_slot_file(home)
    for slot in file.slots:
        if slot.kind == "file" and (opener := slots.open_identity(slot, secret)):
            return slot.name, _open(home, file, opener)
    raise LockedError(
        "unlock.refused",
        f"The unlock file {path.name} does not open this home.",
        "Name the file that was made for it, or make a new service account.",
    )


def renew_data_key(vault: Vault, following: bytes) -> bool:
    """Re-encrypt the home under the data key that `remove_slot` returned.

    False while something else has a database open: no harm, the slot is gone already and the next
    opening tries again.
    """
    file = load_slot_file(vault.home)
    vault.replace_key(lambda current: _finish_renewal(vault.home, file, current, following))
    return vault.data_key == following


def refused_error() -> LockedError:
    """The one sentence for every sign-in that fails."""
    return LockedError(
        "signin.refused",
        "The user name, password or one-time code is not right.",
        "Check all three and try again. An administrator can set a new password.",
    )


def load_slot_file(home: Home) -> SlotFile:
    """The checked key file of a home, else its copy, which is put back then."""
    check_home_exists(home)
    try:
        return slots.decode_slot_file(_path(home).read_bytes())
    except (OSError, UntrustedError) as error:
        try:
            content = _copy_path(home).read_bytes()
            file = slots.decode_slot_file(content)
        except (OSError, UntrustedError):
            raise slots.damaged_error() from error
    with suppress(OSError):  # on a disk that takes nothing the copy serves
        write_atomic(_path(home), content)
    return file


def _open(home: Home, file: SlotFile, opener: pyrage.x25519.Identity) -> bytes:
    data_key = slots.unseal(file.current, opener)
    if file.next is None:
        return data_key
    return _finish_renewal(home, file, data_key, slots.unseal(file.next, opener))


def _finish_renewal(home: Home, file: SlotFile, current: bytes, following: bytes) -> bytes:
    """Renew all or nothing (rotation.py); the data key that is valid afterwards."""
    with key_rotation.hold_databases(home, current, following) as held_databases:
        if held_databases is None or file.next is None or load_slot_file(home) != file:
            return current
        key_rotation.rekey_databases(home, held_databases, current, following)
        signer = slots.open_signing_key(file.next, following)
        done = SlotFile(file.signer, file.slots, file.next)
        _write(home, slots.encode_slot_file(done, signer))
    return following


def _write_resealed(
    home: Home, data_key: bytes, file: SlotFile, keep: tuple[Slot, ...], following: bytes | None
) -> None:
    signer = slots.open_signing_key(file.current, data_key)
    changed = SlotFile(
        file.signer,
        keep,
        slots.seal_data_key(keep, data_key, signer),
        slots.seal_data_key(keep, following, signer) if following else None,
    )
    _write(home, slots.encode_slot_file(changed, signer))


def _write(home: Home, content: bytes) -> None:
    """The file first: whoever is removed from it is removed, also when the copy cannot be written."""
    write_atomic(_path(home), content)
    try:
        write_atomic(_copy_path(home), content)
    except OSError:
        with suppress(OSError):  # none is better than an older one
            _copy_path(home).unlink()


def _has_slots(home: Home) -> bool:
    return _path(home).is_file() or _copy_path(home).is_file()


def list_key_files(home: Home) -> list[Path]:
    """What opens a home, and what its machine signs with: all that has to be destroyed first."""
    files = (path for path in sorted(home.keys_folder.rglob("*")) if path.is_file())
    return [path for path in (_path(home), _copy_path(home)) if path.is_file()] + [
        path for path in files if path != _path(home)
    ]


def _copy_path(home: Home) -> Path:
    return home.path / "slots.copy"


def _path(home: Home) -> Path:
    return home.keys_folder / "slots.json"
