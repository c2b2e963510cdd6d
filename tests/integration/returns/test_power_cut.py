"""The power fails at every step of sending: nothing is lost, every message has its effect once."""

import gc
import os

import pytest

from downtime.vault import audit
from downtime.vault.vault import Vault
from tests.conftest import new_home
from tests.night import sample

from .conftest import MARY, OLU, request
from .receiver import receiver
from .test_killed import STEPS, kill, sent_once


@pytest.fixture
def home(disk):
    """A home on a disk whose power can be cut."""
    return new_home(disk.folder / "home")


@pytest.mark.parametrize(("step", "after"), sample(STEPS, 3), ids=lambda word: word)
def test_a_power_cut_while_sending_loses_and_doubles_nothing(step, after, vault, decide, disk):
    decide(request("K7000001A", MARY), request("K7000002B", MARY), request("K7000004D", OLU))
    os.sync()
    key = vault.data_key
    with receiver() as lims:
        kill(vault, lims, step, after)
        vault.close()
        gc.collect()
        disk.cut()
        disk.restart()
        again = Vault(vault.home, key, vault.clock)
        assert len(sent_once(again, lims)) == 3
        assert audit.verify_chain(again.db).first_bad is None
        again.close()
        del again
