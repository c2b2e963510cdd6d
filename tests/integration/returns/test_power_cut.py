"""The power fails at every step of sending: nothing is lost, every message has its effect once."""

import gc
import os

import pytest

from downtime.config import Home
from downtime.returns import store
from downtime.vault import audit
from downtime.vault.vault import Vault
from tests.integration.vault.power import Disk

from .conftest import MARY, OLU, request
from .receiver import receiver
from .test_killed import KILLED, STEPS, run


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path)
    yield made
    gc.collect()  # connections that nobody holds any more
    made.close()


@pytest.fixture
def home(disk):
    """A home on a disk whose power can be cut."""
    folder = disk.folder / "home"
    for part in (folder, folder / "keys", folder / "bundles", folder / "snapshots"):
        part.mkdir()
    (folder / "config.toml").write_text("")
    return Home(folder)


@pytest.mark.parametrize(("step", "after"), STEPS, ids=lambda word: word)
def test_a_power_cut_while_sending_loses_and_doubles_nothing(step, after, vault, decide, disk):
    decide(request("K7000001A", MARY), request("K7000002B", MARY), request("K7000004D", OLU))
    os.sync()
    key = vault.data_key
    with receiver() as lims:
        there = {"LIMS": {"channel": "mllp", "host": "127.0.0.1", "port": lims.port}}
        nth = 1 if step in ("queue", "connect") else 2
        assert run(vault, there, step, after, nth) == KILLED
        vault.close()
        gc.collect()
        disk.cut()
        disk.restart()
        again = Vault(vault.home, key, vault.clock)
        assert run(again, there) == 0
        messages = list(store.messages(again.db))
        assert {one.state for one in messages} == {"acknowledged"}
        assert sorted(lims.effects) == sorted(one.control_id for one in messages)
        assert len(messages) == 3
        assert audit.verify(again.db).first_bad is None
        again.close()
        del again
