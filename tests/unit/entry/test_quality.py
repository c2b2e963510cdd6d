"""The share of wrong fields: Wilson's interval against published values, and what follows from it."""

import pytest

from downtime.entry.quality import wilson_interval


@pytest.mark.parametrize(
    ("errors", "fields", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 1998;17:857-872, table I, method 3 (score).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(errors, fields, low, high):
    assert wilson_interval(errors, fields) == pytest.approx((low, high), abs=0.00006)


def test_nothing_looked_at_means_everything_may_be_wrong():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(0, 1)[1] > 0.75
