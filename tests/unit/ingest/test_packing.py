"""Raw messages go into small blocks and come out as they were."""

from hypothesis import given
from hypothesis import strategies as st

from downtime.ingest.packing import BLOCK_MESSAGES, Packer, split_blocks, train_dictionary

MESSAGES = [
    b"MSH|^~\\&|PAS|RXH|||2026110210%04d||ADT^A08|%d|P|2.4\rPID|1||%d^^^RXH^MR||Quill^Ada"
    % (n, n, n)
    for n in range(1_500)
]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=200))
def test_every_message_comes_out_as_it_went_in(messages):
    packer = Packer()
    blocks = list(split_blocks(messages))
    assert all(len(block) <= BLOCK_MESSAGES for block in blocks)
    assert [m for block in blocks for m in packer.unpack(packer.pack(block))] == messages


def test_a_dictionary_makes_a_message_that_came_alone_small_and_older_ones_stay_readable():
    before = Packer()
    old = before.pack(MESSAGES[:1])
    trained = Packer(train_dictionary(MESSAGES))
    assert len(trained.pack(MESSAGES[-1:])) < len(before.pack(MESSAGES[-1:])) / 2
    assert list(trained.unpack(old)) == MESSAGES[:1]
    assert list(trained.unpack(trained.pack(MESSAGES[-1:]))) == MESSAGES[-1:]


def test_what_has_nothing_in_common_gives_no_dictionary():
    assert train_dictionary([b"x", b"y"]) == b""
