"""Which requests are one order, as tables."""

import pytest

from downtime.snapshot.link_orders import OrderNumbers, link_orders


def order(key, placer="", filler="", code="GLU", stage="requested", **more):
    return OrderNumbers(key, placer, filler, code, stage=stage, is_ordered=True, **more)


def answer(key, placer="", filler="", code="GLU", stage="resulted", **more):
    return OrderNumbers(key, placer, filler, code, stage=stage, **more)


@pytest.mark.parametrize(
    ("requests", "same"),
    [
        # The laboratory's own number was told by an acceptance before.
        ([order("o", "P7", "L7"), answer("a", "", "L7")], {"a": "o"}),
        # Another code under the same placer number, and only one order of it.
        ([order("o", "P7"), answer("a", "P7", "L7", "14749-6")], {"a": "o"}),
        ([order("o", "P7", "L7"), answer("a", "", "L7", "14749-6")], {"a": "o"}),
        # Two orders under one number: which one is answered is not guessed.
        ([order("o", "P7"), order("p", "P7", code="K"), answer("a", "P7", "L7", "X")], {}),
        # The order has an answer of its own; the other test was added by the laboratory.
        ([order("o", "P7", "L7", stage="resulted"), answer("a", "P7", "L7", "ADDED")], {}),
        ([order("o", "P7", "L7"), answer("a", "", "L7"), answer("b", "", "L7", "ADDED")], {"a": "o"}),
        # A laboratory's number that came back for another order a year later.
        ([order("o", "P7", "L7"), order("p", "P8", "L7")], {}),
        # Nothing in common.
        ([order("o", "P7"), answer("a", "P8", "L8")], {}),
    ],
)  # fmt: skip
def test_same(requests, same):
    for listed in (requests, requests[::-1]):
        assert link_orders(listed).same == same


@pytest.mark.parametrize(
    ("requests", "closed"),
    [
        # A profile is ordered, and its parts are resulted under its number.
        (
            [order("o", "P7", code="BONE"), answer("a", "P7", "L7", "CA"), answer("b", "P7", "L7", "ALP")],
            {"o": "resulted"},
        ),
        (
            [
                order("o", "P7", code="BONE"),
                answer("a", "P7", "L7", "CA"),
                answer("b", "P7", "L7", "ALP", "in-progress"),
            ],
            {"o": "in-progress"},
        ),
        # The parts name it as their parent, or as the number of their group.
        ([order("o", "P7"), answer("a", "P8", parent="P7"), answer("b", "P9", parent="P7")], {"o": "resulted"}),
        ([order("o", "P7"), answer("a", "P8", group="P7", stage="cancelled")], {"o": "cancelled"}),
        # A group that is only a number closes nothing.
        ([order("o", "P7", group="G1"), answer("a", "P8", group="G1")], {}),
    ],
)  # fmt: skip
def test_closed(requests, closed):
    for listed in (requests, requests[::-1]):
        assert link_orders(listed).closed == closed
