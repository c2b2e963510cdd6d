"""Once a system's outage is declared, what it sends waits until it is marked as restored."""

import pytest

from downtime.settings import Settings
from downtime.snapshot.build_snapshot import build_snapshot
from downtime.snapshot.replay_ledger import replay_ledger

PAS = (
    "MSH|^~\\&|PAS|DEMO|||2026110210{minute}00||ADT^A01|{number}|P|2.4\r"
    "EVN|A01|2026110210{minute}00\r"
    "PID|1||H{number}^^^DEMO^MR||Eze^Ada||19600102|F\r"
    "PV1|1|I|W1^A^{number}||||||||||||||||V{number}|||||||||||||||||||||||||2026110210{minute}00\r"
)
DOWN = {"PAS": "2026-11-02T14:00:00Z"}


@pytest.fixture
def build(me, actor, tmp_path):
    def from_number(number=0, down=()):
        feeds = []
        if number:
            feeds = [tmp_path / f"{number}.hl7"]
            feeds[0].write_text(PAS.format(number=number, minute=f"{number:02}"))
        return build_snapshot(me, Settings(), feeds, actor, "test", down=dict(down))

    return from_number


def count(built):
    return built.header.counts["Encounter"], built.header.systems["PAS"]


def test_what_comes_after_the_declaration_waits_and_makes_nothing_newer(build):
    before = count(build(1))
    held = build(2, DOWN)
    assert count(held) == before == (1, "2026-11-02T10:01:00Z")
    assert (held.header.held, dict(held.intake.held)) == (DOWN, {"PAS": 1})
    assert count(build(0, DOWN)) == before  # and goes on waiting
    assert count(build()) == (2, "2026-11-02T10:02:00Z")
    assert count(build()) == (2, "2026-11-02T10:02:00Z")


def test_other_systems_go_on(build):
    assert count(build(1, {"LIMS": "2026-11-02T14:00:00Z"})) == (1, "2026-11-02T10:01:00Z")


def test_what_came_before_the_declaration_counts(build):
    assert count(build(1, {"PAS": "2026-11-02T15:00:00Z"})) == (1, "2026-11-02T10:01:00Z")


def test_a_replay_lets_it_wait_too(me, actor, build):
    before = count(build(1))
    build(2, DOWN)
    replay_ledger(me, Settings(), actor, "a mapping was mended")
    assert count(build(0, DOWN)) == before
    assert count(build()) == (2, "2026-11-02T10:02:00Z")
