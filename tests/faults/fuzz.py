"""Any bytes, and samples that were damaged in many ways, into everything that reads what somebody else wrote.

Hypothesis makes the inputs, another set with each round, until the time is over (`FUZZ_SECONDS`, for all together).
"""

import os
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.faults.examine import Finding, Harm
from tests.faults.parsers import PARSERS, Parser
from tests.faults.tally import Row

FUZZ_SECONDS = float(os.environ.get("FUZZ_SECONDS", "3600"))
INPUTS = 200
"""Of one round of one parser."""
_MARKS = (b"", b"|", b"^", b"~", b"&", b"\\", b"\r", b"\n", b",", b'"', b"{", b"}", b"[", b"]", b":", b"\x00", b"\xff",
          b"\xef\xbb\xbf", b"-1", b"1e999", b"99999999999999999999", b"NaN", b"null", b"\xf0\x9f\x92\x89",
          "\u202e".encode(), "\u0660".encode(), b"=1+1", b"%s%n", b"../", b"{{7*7}}", b"' OR 1=1")  # fmt: skip


def damaged(samples: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """One of the samples, in which up to eight pieces were put in, left out, doubled or exchanged."""
    piece = st.sampled_from(_MARKS) | st.binary(max_size=6) | st.sampled_from(samples)
    edit = st.tuples(st.floats(0, 1), st.floats(0, 0.3), piece)
    return st.tuples(st.sampled_from(samples), st.lists(edit, max_size=8)).map(_edit)


def _edit(drawn: tuple[bytes, list[tuple[float, float, bytes]]]) -> bytes:
    data, edits = drawn
    for place, length, piece in edits:
        start = int(place * len(data))
        data = data[:start] + piece + data[start + int(length * len(data)) :]
    return data[:20_000]


def inputs(parser: Parser) -> st.SearchStrategy[bytes]:
    """What is tried with a parser."""
    return damaged(parser.samples) | st.binary(max_size=300)


def fuzz_parsers(
    _folder: Path, rounds: int = 0, first_seed: int = 1, seconds: float = FUZZ_SECONDS
) -> list[Row]:
    """A row for each parser; so many `rounds`, or as many as there is time for."""
    rows = [Row(f"{name}: inputs") for name in PARSERS]
    until, turn = time.monotonic() + seconds, 0
    while turn < rounds if rounds else time.monotonic() < until:
        for row, parser in zip(rows, PARSERS.values(), strict=True):
            if not row.findings:
                _fuzz(row, parser, first_seed + turn)
        turn += 1
    return rows


def _fuzz(row: Row, parser: Parser, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=INPUTS, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(inputs(parser))
    def take(data: bytes) -> None:
        row.note([], hit=True)
        parser.take(data)

    try:
        take()
    except Exception as error:
        text = f"{type(error).__name__} (seed {number})"
        row.note([Finding(Harm.STUCK, text)])
