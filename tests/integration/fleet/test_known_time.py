"""A clock that is set back, stands still or lost its battery makes no data look younger than it is."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from downtime.entry.plausibility.judge_response import judge_response
from downtime.entry.plausibility.model import Rule, Situation
from downtime.entry.validation import read_latest
from downtime.fleet.close_unheard import assess_silence
from downtime.fleet.known_time import describe_clock, find_known_time, list_ages
from downtime.fleet.outbox import put_in_folder
from downtime.fleet.pull_snapshot import Opener, pull_snapshot
from downtime.paper.forms.load_form import load_form
from downtime.plausibility_settings import PlausibilitySettings
from downtime.snapshot.freshness import FreshnessLevel
from downtime.snapshot.header import SystemTime
from downtime.transport.pace import Pace
from downtime.vault.model import MachineRole
from tests.conftest import NOW
from tests.integration.fleet.carrying import make_settings
from tests.year.clocks import MachineClock, TrueTime

MADE = NOW + timedelta(minutes=1)
"""When the snapshot was made that everybody has."""


class Laptop:
    """A laptop that has just put the snapshot in use, a minute after it was made."""

    def __init__(self, machine, settings, actor) -> None:
        self.true_time = TrueTime(MADE + timedelta(minutes=1))
        self.clock = machine.vault.clock = MachineClock(self.true_time)
        self.vault, self.settings = machine.vault, settings
        self._opener = Opener(machine.vault, actor, {})
        self.pull(self._opener)

    def pull(self, opener=None) -> None:
        pull_snapshot(self.vault.home, self.settings, self.clock, Pace(), opener)

    def wait(self, **span) -> None:
        self.true_time.now += timedelta(**span)

    @property
    def age(self):
        systems = [SystemTime("PAS", f"{MADE:%Y-%m-%dT%H:%M:%SZ}")]
        return list_ages(self.vault, systems, self.settings)[0]

    @property
    def banner(self) -> str:
        known = find_known_time(self.vault, self.settings)
        return describe_clock(known, self.clock(), self.settings)


@pytest.fixture
def lived(publisher, laptop, tmp_path, actor):
    settings = make_settings({"a": {"kind": "folder", "path": str(tmp_path / "a")}})
    put_in_folder(publisher.home, tmp_path / "a", settings, [publisher.seal(1, laptop)])
    return Laptop(laptop, settings, actor)


def test_a_right_clock_raises_no_doubt(lived):
    lived.wait(hours=5)
    assert (lived.age.age, lived.age.level) == (timedelta(hours=5, minutes=1), FreshnessLevel.STALE)
    assert "at least" not in lived.age.sentence
    assert lived.banner == ""


@pytest.mark.parametrize("spoil", [
    lambda clock: clock.set_off(timedelta(hours=-1, minutes=-30)),
    lambda clock: clock.stop(),
])  # fmt: skip
def test_while_it_runs_a_clock_that_is_wrong_hides_no_age(lived, spoil):
    spoil(lived.clock)
    lived.wait(hours=2)
    assert lived.age.age >= timedelta(hours=2)
    assert lived.age.level is FreshnessLevel.STALE
    assert "at least" in lived.age.sentence
    assert "earlier than" in lived.banner


def test_a_clock_that_stood_still_while_it_was_off_is_doubted_until_the_next_snapshot(
    lived, publisher, laptop, tmp_path
):
    lived.wait(minutes=3)
    lived.pull()
    went_off = lived.clock()
    lived.wait(days=3)
    lived.clock.restart(went_off)
    assert lived.age.level is FreshnessLevel.STALE
    assert "at least" in lived.age.sentence
    assert "was off for some minutes only" in lived.banner
    lived.clock.correct()
    put_in_folder(
        publisher.home, tmp_path / "a", lived.settings, [publisher.seal(3 * 1440, laptop)]
    )
    lived.pull(lived._opener)
    assert lived.banner == ""


def test_an_old_snapshot_takes_no_doubt_away(lived, publisher, laptop, tmp_path):
    """Its publisher is dead, and bears no witness that the clock is right."""
    lived.wait(hours=1)
    lived.pull()
    went_off = lived.clock()
    lived.wait(hours=5)
    lived.clock.restart(went_off)
    put_in_folder(publisher.home, tmp_path / "a", lived.settings, [publisher.seal(2, laptop)])
    lived.pull(lived._opener)
    assert "at least" in lived.age.sentence


def test_one_that_was_off_for_long_by_its_clock_is_not_doubted(lived):
    lived.wait(minutes=3)
    lived.pull()
    lived.wait(hours=1)
    lived.clock.restart()
    assert lived.banner == ""
    assert "at least" not in lived.age.sentence


def test_a_clock_a_year_ahead_closes_nothing_on_a_machine_that_has_just_heard(lived, laptop):
    laptop.site.enrol(lived.vault, MachineRole.WARD_LAPTOP)
    lived.clock.set_off(timedelta(days=365))
    lived.wait(hours=1)
    assert not assess_silence(lived.vault, lived.settings).is_over
    lived.wait(days=31)
    assert assess_silence(lived.vault, lived.settings).is_over


def test_on_a_clock_that_is_known_to_be_behind_nothing_that_happened_lies_in_the_future(lived):
    lived.wait(hours=2)
    lived.clock.set_off(timedelta(hours=-5))
    happened = lived.true_time() - timedelta(minutes=10)
    zone = ZoneInfo(lived.settings.site.time_zone)
    typed = {"event.date": f"{happened.astimezone(zone):%Y-%m-%d}",
             "event.time": f"{happened.astimezone(zone):%H:%M}"}  # fmt: skip
    form = load_form("observations")

    fields = {key: form.field(key) for key in typed}

    def list_problems(now):
        situation = Situation(now=now, zone=zone, settings=PlausibilitySettings())
        findings = judge_response(form, fields, typed, [], situation)
        return [finding.rule for finding in findings if finding.is_hard]

    assert list_problems(lived.clock()) == [Rule.FUTURE]
    assert list_problems(read_latest(lived.vault, lived.settings)) == []
