"""Two laptops and the records station, all of which trust each other."""

import pytest

from tests.integration.sync.fleet import Machine


@pytest.fixture
def fleet(tmp_path):
    """`station, k7, m3`: the station has declared the outage too."""
    made = [Machine(tmp_path / code, code) for code in ("RS", "K7", "M3")]
    for machine in made:
        machine.trusts(*(other for other in made if other is not machine))
        machine.declare()
    yield made
    for machine in made:
        machine.vault.close()
