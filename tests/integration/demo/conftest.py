"""The demonstration as it is, with a key derivation that costs nothing: its people sign in often."""

import pytest

from downtime.demo import machines
from downtime.demo.settings import settings_text
from tests.integration.cli.conftest import CHEAP


@pytest.fixture(scope="module", autouse=True)
def _cheap_passwords():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machines, "settings_text", lambda size: settings_text(size) + CHEAP)
        yield
