"""A hospital's day through the listener, in order and shuffled, killed on the way: one snapshot.

For a night: `NIGHT=1 HOSPITAL=large KILL_ROUNDS=100 scripts/test tests/integration/ingest/test_hospital_day.py`.
"""

import random
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from downtime.demo.feeds import write_feeds
from tests.night import by_night

from .hospital_day import KILLS, SIZE, Delivery, publisher, read_in_order

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
MEMORY_MB = 300
"""Of a listener, whatever the number of messages."""


@pytest.fixture(scope="module")
def feeds(tmp_path_factory):
    """A day's files; the HL7 ones apart from the others."""
    folder = tmp_path_factory.mktemp("feeds")
    write_feeds(folder, SIZE, 1, "before", START)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    hl7 = [path for path in paths if path.suffix == ".hl7"]
    return hl7, [path for path in paths if path not in hl7]


@pytest.fixture
def report(capsys):
    """Shows a line whether or not the test fails, where tests are run with -s or -v."""

    def show(line: str) -> None:
        with capsys.disabled():
            sys.stderr.write(f"\n{line}\n")

    return show if SIZE != "small" else lambda line: None


def test_a_day_sent_in_any_order_and_cut_off_again_and_again_gives_the_snapshot_of_its_files(
    feeds, tmp_path, report
):
    hl7, others = feeds
    in_order = read_in_order(hl7)
    orders = {"chance": random.Random(7).sample(in_order, len(in_order))}
    orders |= by_night({"order": in_order}, {})
    with ExitStack() as stack:
        by_file, *receivers = (
            stack.enter_context(
                publisher(tmp_path / name, SIZE, lambda: START + timedelta(hours=1))
            )
            for name in ("files", *orders)
        )
        expected = by_file.build([*hl7, *others])
        for owner, messages in zip(receivers, orders.values(), strict=True):
            delivery = Delivery(messages).run(owner, KILLS)
            report(
                f"{delivery.acknowledged} of {len(messages)} acknowledged, {delivery.kills} kills,"
                f" {delivery.seconds:.0f} s, peak {delivery.peak_memory} MB"
            )
            assert delivery.acknowledged == len(messages)
            assert delivery.kills == KILLS
            assert delivery.peak_memory < MEMORY_MB
            assert owner.count_kept() == len(set(messages))  # nothing lost, nothing twice
            owner.use_ids_of(by_file)
            assert owner.build(others) == expected
    assert len(expected.records) > 500
