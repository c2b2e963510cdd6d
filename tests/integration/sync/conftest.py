"""Two laptops and the records station, all of which trust each other."""

import pytest

from tests.integration.sync.fleet import Machine
from tests.site import enrol_all


@pytest.fixture
def fleet(tmp_path):
    """`station, k7, m3`: the station has declared the outage too."""
    made = [Machine(tmp_path / code, code) for code in ("RS", "K7", "M3")]
    site = enrol_all(*(machine.vault for machine in made))
    for machine in made:
        machine.site = site
        machine.declare()
    yield made
    for machine in made:
        machine.vault.close()
