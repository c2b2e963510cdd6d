"""What all tests share: a moment in time, a home, an unlocked vault, somebody who acts."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from downtime.config import Home
from downtime.settings import AccountsSettings, Settings
from downtime.vault import schema
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


@pytest.fixture
def clock():
    return lambda: NOW


@pytest.fixture
def actor() -> Actor:
    return Actor("u-1", "Amina Ward", "laptop-1")


@pytest.fixture
def settings() -> Settings:
    """The defaults, with a key derivation that costs nothing."""
    return Settings(
        accounts=AccountsSettings(argon2_memory_kib=64, argon2_time_cost=1, argon2_parallelism=1)
    )


def new_home(folder: Path) -> Home:
    """The folders of a home, with default settings."""
    for part in (folder, folder / "keys", folder / "bundles", folder / "snapshots"):
        part.mkdir()
    (folder / "config.toml").write_text("")
    return Home(folder)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


@pytest.fixture
def vault(home, clock):
    """A migrated vault under a random key."""
    opened = Vault(home, os.urandom(32), clock)
    schema.create_schema(opened.db, clock)
    yield opened
    opened.close()
