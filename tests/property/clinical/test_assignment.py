"""The assignment is the best of all there are: laid beside every way in which rows may get keys."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from downtime.clinical.assignment import assign
from tests.night import by_night

costs = st.integers(0, 6) | st.integers(0, 10**7)
rows = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("abcdef"), costs, max_size=6), costs), max_size=6
)


def price(choices, nothing, keys):
    """The sum of what was assigned; None when a key was given twice."""
    used = [key for key in keys if key is not None]
    if len(used) != len(set(used)):
        return None
    pairs = zip(choices, nothing, keys, strict=True)
    return sum(none if key is None else choice[key] for choice, none, key in pairs)


def cheapest(choices, nothing):
    """By brute force."""
    ways = product(*([None, *choice] for choice in choices))
    sums = (price(choices, nothing, keys) for keys in ways)
    return min(total for total in sums if total is not None)


@settings(max_examples=by_night(600, 150))
@given(rows)
def test_no_other_way_costs_less(drawn):
    choices, nothing = [choice for choice, _ in drawn], [none for _, none in drawn]
    keys = assign(choices, nothing)
    assert price(choices, nothing, keys) == cheapest(choices, nothing)
    assert keys == assign(choices, nothing)


@given(rows, st.randoms(use_true_random=False))
def test_the_sum_does_not_hang_on_the_order(drawn, order):
    choices, nothing = [choice for choice, _ in drawn], [none for _, none in drawn]
    total = price(choices, nothing, assign(choices, nothing))
    order.shuffle(drawn)
    choices, nothing = [choice for choice, _ in drawn], [none for _, none in drawn]
    assert price(choices, nothing, assign(choices, nothing)) == total


def test_the_first_that_fits_would_be_wrong():
    choices = [{"a": 4, "b": 5}, {"a": 1, "b": 9}]
    assert assign(choices, [20, 20]) == ["b", "a"]


def test_what_costs_more_than_nothing_is_not_taken():
    assert assign([{"a": 9}], [8]) == [None]
    assert assign([{"a": 8}], [9]) == ["a"]
    assert assign([{"a": 1}, {"a": 2}], [9, 9]) == ["a", None]
    assert assign([], []) == []
