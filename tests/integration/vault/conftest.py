"""A home with key slots and an identity, below the accounts."""

import os

import pytest

from downtime.vault import device, keys, schema
from downtime.vault.vault import Vault

SECRETS = {"ann": "correct horse battery", "bob": "staple of another kind"}


@pytest.fixture
def keyed(home, clock, settings):
    """A migrated vault of device K7 that Ann and Bob can open."""
    data_key = os.urandom(32)
    keys.create_key_file(
        home, data_key, [(name, "person", s) for name, s in SECRETS.items()], settings.accounts
    )
    device.create_device(home, data_key, "K7", "Ward laptop 7")
    opened = Vault(home, data_key, clock)
    schema.create_schema(opened.db, clock)
    yield opened
    opened.close()
