"""A publisher and a laptop of one site, and a place that both reach."""

import pytest

from downtime.transport.folder_address import FolderAddress, FolderKind
from downtime.transport.open_carrier import open_carrier
from downtime.transport.pace import Pace
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


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "place"
    folder.mkdir()
    address = FolderAddress(kind=FolderKind.LOCAL, path=str(folder))
    with open_carrier(address, Pace()) as carrier:
        carrier.folder = folder
        yield carrier
