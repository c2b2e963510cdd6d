"""Make a home, and open one with a file for programs that run without a person."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from downtime import config
from downtime.accounts import own_secrets, people, totp
from downtime.accounts.model import AuditAction, Person, Role
from downtime.accounts.read_only import change_accounts, find_account, works_read_only
from downtime.accounts.sign_in import SignedIn
from downtime.accounts.store import accounts
from downtime.clock import Clock
from downtime.config import Home
from downtime.errors import ConflictError, UserError
from downtime.settings import Settings
from downtime.vault import device, keys, recovery, schema
from downtime.vault.database import transaction
from downtime.vault.files import make_private_folder, read_secret, write_atomic
from downtime.vault.migrate_vault import open_vault
from downtime.vault.model import Actor
from downtime.vault.raise_marks import follow_marks
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class NewHome:
    """What is shown once, when a home has been made."""

    home: Home
    device_code: str
    username: str
    password: str
    totp_secret: str
    totp_uri: str
    recovery_code: str


def create_home(
    home: Home,
    clock: Clock,
    *,
    site_name: str = "Demonstration Hospital",
    site_code: str = "DEMO",
    device_code: str = "",
    device_name: str = "laptop",
    administrator: str = "admin",
    administrator_name: str = "First Administrator",
    password: str = "",
    unlock_file: Path | None = None,
    settings_text: str = "",
) -> NewHome:
    """Folders, settings, keys, a migrated vault, this machine's identity, the first administrator.

    Without `settings_text` (the whole `config.toml`) the site's name and code are its settings;
    without a password or device code random ones are made. With `unlock_file` there is a service
    account that this file opens; the file is written when it does not exist. The key file comes
    last: until then there is no home, and the folder can be removed and made again. A word that
    cannot be used leaves nothing behind.
    """
    _check_empty(home)
    with _remove_on_error(home):
        return _make_home(
            home,
            clock,
            settings_text or _settings_text(site_name, site_code),
            device_code or device.choose_code(),
            device_name,
            people.make_person(administrator, administrator_name, "administrator", not password),
            password or people.make_password(),
            unlock_file,
        )


@contextmanager
def _remove_on_error(home: Home) -> Iterator[None]:
    try:
        yield
    except UserError:
        shutil.rmtree(home.path, ignore_errors=True)
        raise


def _make_home(
    home: Home,
    clock: Clock,
    settings_text: str,
    device_code: str,
    device_name: str,
    first: Person,
    password: str,
    unlock_file: Path | None,
) -> NewHome:
    settings = _make_folders(home, settings_text)
    people.check_new_password(settings, first, password)
    slots = [(first.username, "person", password)]
    secret = totp.make_secret()
    if unlock_file is not None:
        slots.append((Role.SERVICE, "file", _read_or_write_secret(unlock_file)))
    code = recovery.make_code()
    slots.append((keys.RECOVERY, "recovery", recovery.parse_code(code)))
    data_key = secrets.token_bytes(32)
    key_file = keys.make_key_file(data_key, slots, settings.accounts)
    first_people = [(first, own_secrets.seal_secret(key_file.slots[0], secret))]
    if unlock_file is not None:
        service = people.make_person(Role.SERVICE, "Service", Role.SERVICE, False)
        first_people.append((service, ""))
    card = device.create_device(home, data_key, device_code, device_name)
    vault = Vault(home, data_key, clock)
    _fill_vault(vault, first_people, card.code)
    keys.write_key_file(home, key_file)
    with transaction(vault.db) as db:  # from here on a copy of the home knows that it is one
        follow_marks(vault, db)
    vault.close()
    uri = totp.make_uri(secret, first.username, settings.site.name)
    return NewHome(home, card.code, first.username, password, secret, uri, code)


def open_with_file(home: Home, settings: Settings, clock: Clock, file: Path) -> SignedIn:
    """Sign a program in by its unlock file; it has no second factor and the role `service`."""
    name, data_key = keys.open_with_file(home, file)
    vault = open_vault(home, settings, data_key, clock)
    try:
        person = _note_opening(vault, name)
    except BaseException:
        vault.close()
        raise
    return SignedIn(vault, person, person.make_actor(device.read_own_code(home)))


@works_read_only
def _note_opening(vault: Vault, name: str) -> Person:
    person = find_account(vault, name, Role.SERVICE)
    if person is None or not person.is_active:
        raise keys.refused_error()
    actor = person.make_actor(device.read_own_code(vault.home))
    with change_accounts(vault, actor, AuditAction.SESSION_OPEN_FILE, person.id):
        pass
    return person


def _check_empty(home: Home) -> None:
    if keys.home_exists(home):
        raise ConflictError(
            "home.exists",
            f"There is a Downtime home at {home.path}.",
            "Use it, or name another folder with --home.",
        )
    if home.path.is_file():
        raise ConflictError("home.file", f"{home.path} is a file.", "Name a folder with --home.")
    if keys.holds_data(home):
        keys.check_home_exists(home)
    if home.path.exists() and any(home.path.iterdir()):
        raise ConflictError(
            "home.not-empty",
            f"The folder {home.path} is not empty, and is no complete Downtime home.",
            "Choose an empty folder; if making a home was cut short there, remove it first.",
        )


def _make_folders(home: Home, settings_text: str) -> Settings:
    for folder in (home.path, home.keys_folder, home.bundles_folder, home.snapshots_folder):
        make_private_folder(folder)
    write_atomic(home.config_file, settings_text.encode())
    return config.load_settings(home.config_file)


def _settings_text(site_name: str, site_code: str) -> str:
    return f"[site]\nname = {_quote_toml(site_name)}\ncode = {_quote_toml(site_code)}\n"


def _quote_toml(text: str) -> str:
    """A TOML string; control characters have no place in a hospital's name."""
    printable = "".join(c for c in text if c.isprintable())
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _fill_vault(vault: Vault, first_people: list[tuple[Person, str]], device_code: str) -> None:
    installer = Actor("install", "Installation", device_code)
    schema.create_schema(vault.db, vault.clock)
    with vault.change(installer, AuditAction.HOME_CREATE, target=device_code):
        pass
    for person, totp_secret in first_people:
        with vault.change(installer, AuditAction.PERSON_CREATE, target=person.id) as db:
            accounts.add_person(db, person, totp_secret, vault.now())


def _read_or_write_secret(path: Path) -> str:
    """The file's secret; a new file with 256 random bits when there is none."""
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    return read_secret(path)
