"""The demonstration's people: they arrive with accounts, and know what they have written on paper."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import orjson

from downtime.accounts import people
from downtime.accounts.confirm_person import PasswordProof, confirm_person
from downtime.accounts.people import Credentials
from downtime.demo.plan import Paper
from downtime.settings import Settings
from downtime.vault import device
from downtime.vault.files import write_atomic
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

ACCOUNTS = "accounts.json"
WHY = "Demonstration"

PEOPLE = (
    ("nurse", "Blessing Eze", "ward"),
    ("site", "Siobhán Duffy", "site"),
    ("clerk", "Marek Kowalski", "records-clerk"),
    ("clerk2", "Farah Aziz", "records-clerk"),
    ("records", "Owen Pritchard", "records-supervisor"),
    ("records2", "Gwen Harries", "records-supervisor"),
    ("admin", "Ngozi Adeyemi", "administrator"),
    ("auditor", "Ruth Lindqvist", "auditor"),
)


@dataclass(slots=True)
class Staff:
    """Who does what, and the forms they have written on: serial to answers."""

    actors: dict[str, Actor]
    written: dict[str, Paper] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def arrive(cls, vault: Vault, settings: Settings, installer: Actor, folder: Path) -> Self:
        """Make their accounts; passwords and second factors go to a file in `folder`."""
        code, actors, accounts = device.read_own_code(vault.home), {}, []
        passwords = {}
        for username, name, role in PEOPLE:
            password = people.make_password()
            credentials = people.create_person(
                vault, settings, username, name, role, password, installer, WHY, initial=False
            )
            actors[username] = credentials.person.make_actor(code)
            passwords[username] = password
            accounts.append(_account(credentials, password))
        content = orjson.dumps(accounts, option=orjson.OPT_INDENT_2)
        write_atomic(folder / ACCOUNTS, content)
        return cls(actors, passwords=passwords)

    def confirm(self, vault: Vault, settings: Settings, username: str) -> PasswordProof:
        """They type their password once more."""
        actor, password = self.actors[username], self.passwords[username]
        return confirm_person(vault, settings, actor, password)


def _account(credentials: Credentials, password: str) -> dict[str, str]:
    return {
        "username": credentials.person.username,
        "name": credentials.person.name,
        "role": credentials.person.role,
        "password": password,
        "one_time_code_secret": credentials.totp_secret,
    }
