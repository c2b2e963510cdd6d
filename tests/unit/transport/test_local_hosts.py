"""In clear without being asked for: only to this machine."""

import pytest

from downtime.errors import InputError
from downtime.fleet.model import Direction
from downtime.fleet.places import read_places
from downtime.fleet_settings import FleetSettings
from downtime.ingest.sources.read_sources import read_source
from downtime.settings import Settings
from downtime.transport.local_hosts import is_local


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.9", "::1"])
def test_this_machine_is_local(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["127.example.org", "127.0.0.1.example.org", "10.0.0.1", "", None])
def test_another_machine_is_not(host):
    assert not is_local(host)


@pytest.mark.parametrize("endpoint", ["http://127.example.org", "HTTP://s3.example.org"])
def test_nothing_is_carried_or_fetched_in_clear_over_the_network(endpoint):
    table = {"kind": "s3", "path": "bucket", "endpoint": endpoint}
    with pytest.raises(InputError, match=r"ingest\.sources\.store\.endpoint.*has no TLS"):
        read_source("store", table)
    settings = Settings(fleet=FleetSettings(places={"store": table}))
    with pytest.raises(InputError, match=r"fleet\.places\.store\.endpoint.*has no TLS"):
        read_places(settings, Direction.PULL)
