"""An outage with issued forms, as in the tests of recovery."""

from tests.integration.recovery.conftest import (  # noqa: F401 - fixtures of an outage on paper
    checker,
    hold,
    identity,
    issue,
    outage,
    settings,
    t0,
)
