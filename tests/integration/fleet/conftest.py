"""A publisher and a laptop of one site."""

import pytest

from tests.integration.fleet.carrying import Machine
from tests.site import enrol_all


@pytest.fixture
def publisher(tmp_path):
    made = Machine(tmp_path / "PB", "PB")
    yield made
    made.vault.close()


@pytest.fixture
def laptop(tmp_path, publisher):
    made = Machine(tmp_path / "WD", "WD")
    made.site = enrol_all(publisher.vault, made.vault)
    yield made
    made.vault.close()
