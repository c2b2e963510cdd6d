"""Some days with all that `scripts/simulate-year` lets happen in a year; a night lives through the year."""

from tests.night import by_night
from tests.year.live import live_through

DAYS, SEED = by_night(365, 6), 3


def test_at_every_minute_each_screen_is_true_or_says_that_it_has_nothing(tmp_path):
    record = live_through(tmp_path / "year", DAYS, SEED)
    assert record.sentences == []
    counts = record.counts
    assert min(
        counts[name]
        for name in ("homes copied", "homes restored", "publishers replaced", "attempts of thieves",
                     "quarantined at the publisher", "ages compared", "numbers given out")
    )  # fmt: skip
