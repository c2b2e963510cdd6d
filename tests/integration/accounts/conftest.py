"""A home as `downtime init` makes it, with a clock that can be moved."""

from datetime import datetime, timedelta

import pytest

from downtime import config
from downtime.accounts import homes, people, totp
from downtime.accounts.sign_in import SignedIn, sign_in
from downtime.config import Home
from tests.conftest import NOW

CHEAP = "[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"
PASSWORD = "correct horse battery"


class MovingClock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: int) -> None:
        self.now += timedelta(**span)


class Hospital:
    """The home, its clock, and short ways to sign in."""

    def __init__(self, folder, unlock_file) -> None:
        self.home, self.clock, self.unlock_file = Home(folder), MovingClock(), unlock_file
        self.made = homes.create_home(
            self.home,
            self.clock,
            device_code="K7",
            password=PASSWORD,
            unlock_file=unlock_file,
            settings_text=CHEAP,
        )
        self.settings = config.load_settings(self.home.config_file)
        self.secrets = {"admin": self.made.totp_secret}

    def code(self, username: str) -> str:
        """A fresh one-time code: a step is taken only once, so time moves on first."""
        self.clock.forward(seconds=30)
        return totp.make_code(self.secrets[username], self.clock())

    def sign_in(self, username="admin", password=PASSWORD, code=None, vault=None) -> SignedIn:
        code = self.code(username) if code is None else code
        return sign_in(self.home, self.settings, self.clock, username, password, code, vault=vault)

    def add(self, admin: SignedIn, username: str, role: str = "ward", name: str = "Bo Nurse"):
        made = people.create_person(
            admin.vault,
            self.settings,
            username,
            name,
            role,
            PASSWORD,
            admin.actor,
            "new colleague",
        )
        self.secrets[username] = made.totp_secret
        return made.person


@pytest.fixture
def hospital(tmp_path):
    return Hospital(tmp_path / "hospital", tmp_path / "unlock")


@pytest.fixture
def admin(hospital):
    signed_in = hospital.sign_in()
    yield signed_in
    signed_in.vault.close()


@pytest.fixture
def actions():
    """What the audit of a vault says, oldest first."""
    return lambda vault: [row["action"] for row in vault.db.query("SELECT * FROM audit")]
