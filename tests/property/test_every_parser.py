"""Whatever bytes come in, each parser answers or refuses as its callers expect: nothing else is ever raised."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.fuzz import inputs
from tests.faults.parsers import PARSERS
from tests.night import by_night


@pytest.mark.parametrize("name", PARSERS)
def test_damaged_and_odd_input_is_read_or_refused(name):
    parser = PARSERS[name]

    @settings(
        max_examples=by_night(5000, 60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(inputs(parser))
    def take(data: bytes) -> None:
        parser.take(data)

    take()
