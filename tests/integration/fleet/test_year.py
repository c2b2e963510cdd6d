"""Some days in a small hospital of `scripts/simulate-year`; a night lives through its whole year."""

from tests.night import by_night
from tests.year.live import live_through
from tests.year.plan import SMALL, WHOLE

DAYS, SEED, EXTENT = by_night((365, 1, WHOLE), (4, 3, SMALL))


def test_at_every_minute_each_screen_is_true_or_says_that_it_has_nothing(tmp_path):
    record = live_through(tmp_path / "year", DAYS, SEED, extent=EXTENT)
    assert record.sentences == []
    counts = record.counts
    assert min(
        counts[name]
        for name in ("homes copied", "homes restored", "publishers replaced", "attempts of thieves",
                     "quarantined at the publisher", "ages compared", "numbers given out")
    )  # fmt: skip
