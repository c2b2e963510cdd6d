"""The sum of who is in hospital, in words."""

from downtime.snapshot.bed_board import BoardCounts, word_counts


def test_nobody_of_a_system_that_did_not_say_is_not_counted_as_none():
    silent = BoardCounts(0, 0, 0, 0, unavailable=("PAS",))
    assert word_counts(silent) == "Admitted: not known, PAS unavailable"
    assert word_counts(BoardCounts(0, 0, 0, 0)).startswith("Admitted 0 =")
