"""Messages of one time: the sequence numbers of a sender count among its own messages alone."""

from itertools import permutations

import pytest

from downtime.snapshot.sender_sequences import SenderSequences

MINUTE = "2026-11-02T10:00:00Z"


def arrange(messages):
    """`messages` are sender and sequence, as they arrive; as they count."""
    sequences = SenderSequences()
    places = {}
    for arrival, (sender, sequence) in enumerate(messages, start=1):
        places[sequences.find_place(sender, MINUTE, sequence, arrival)] = (sender, sequence)
        sequences = SenderSequences(sequences.sent)  # as it is after a build
    return [places[place] for place in sorted(places)]


@pytest.mark.parametrize("numbers", list(permutations((7, 8, 9, 10))))
def test_of_one_sender_the_sequence_decides_whatever_order_they_come_in(numbers):
    assert arrange([("A", number) for number in numbers]) == [("A", n) for n in (7, 8, 9, 10)]


def test_of_two_senders_arrival_decides():
    as_they_came = [("A", 900), ("B", 5), ("A", 901), ("B", 6)]
    assert arrange(as_they_came) == as_they_came


def test_a_message_that_came_too_late_stands_before_what_its_sender_made_after_it():
    assert arrange([("A", 901), ("B", 5), ("A", 900)]) == [("A", 900), ("A", 901), ("B", 5)]


def test_a_message_without_a_number_stands_where_it_came():
    assert SenderSequences().find_place("A", MINUTE, 0, 7).arrival == 7
