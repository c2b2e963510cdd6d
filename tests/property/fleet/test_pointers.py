"""Whatever lies where a pointer should: a sentence, or a pointer that names nothing outside its folder."""

import contextlib
import re

import orjson
from hypothesis import given
from hypothesis import strategies as st

from downtime.clock import from_text
from downtime.errors import InputError
from downtime.transport.pointer import CarriedFile, Pointer, parse_recent, write_recent

FULL = CarriedFile("DEMO-1-000042-ab12cd34-0123456789ab.downtime", "0" * 64, 15_300_000, 42)
DELTA = CarriedFile(
    "DEMO-1-000043-ab12cd34-after-000042-0123456789ab.downtime", "1" * 64, 2848, 43, 42
)
POINTER = Pointer(1, 43, "2026-11-02T14:30:00Z", FULL, DELTA, "2" * 64)
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def check(content: bytes) -> None:
    try:
        pointer = Pointer.parse(content)
    except InputError:
        return
    from_text(pointer.created)  # pages show it
    for file in filter(None, (pointer.full, pointer.delta)):
        assert SAFE.fullmatch(file.name)
        assert file.size >= 0
        assert file.sequence >= 0


def test_a_pointer_comes_back_as_it_was_written():
    assert Pointer.parse(POINTER.to_bytes()) == POINTER
    assert parse_recent(write_recent([DELTA])) == [DELTA]


@given(st.data())
def test_a_pointer_of_which_a_byte_was_changed_or_lost(data):
    content = bytearray(POINTER.to_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    check(bytes(content[: data.draw(st.integers(place, len(content)))]))


@given(st.sampled_from(["full", "delta", "epoch", "sequence", "created", "machines"]), json_values)
def test_a_pointer_with_another_value_in_a_field(name, value):
    check(orjson.dumps(orjson.loads(POINTER.to_bytes()) | {name: _shrink(value)}))


@given(st.sampled_from(["name", "sha256", "size", "sequence", "base"]), json_values)
def test_a_file_with_another_value_in_a_field(name, value):
    document = orjson.loads(POINTER.to_bytes())
    document["full"][name] = _shrink(value)
    check(orjson.dumps(document))
    with contextlib.suppress(InputError):
        parse_recent(orjson.dumps(document | {"deltas": [document["full"], _shrink(value)]}))


def _shrink(value):
    """orjson writes integers of 64 bits only."""
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-(2**63), min(value, 2**64 - 1))
    if isinstance(value, list):
        return [_shrink(item) for item in value]
    if isinstance(value, dict):
        return {key: _shrink(item) for key, item in value.items()}
    return value
