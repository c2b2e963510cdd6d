"""The demonstration: one hospital through one outage, each step done as a user would do it."""

import shutil
import time
from contextlib import closing
from datetime import timedelta
from enum import StrEnum
from typing import Any

import orjson

from downtime.clock import Clock
from downtime.config import Home
from downtime.demo import half_way, machines, shelf, steps
from downtime.demo.context import FOLDER, Say, Story, StoryClock
from downtime.demo.plan import plan
from downtime.demo.staff import ACCOUNTS
from downtime.vault.files import write_atomic

SUMMARY = "summary.json"


class Ending(StrEnum):
    """How far the story is told."""

    HALF_WAY = "half-way"
    """One outage is being recovered, and systems have failed again: what is served for trying."""
    CLOSED = "closed"
    """All is keyed, decided, returned, signed and closed."""


def run(
    home: Home, size: str, seed: int, clock: Clock, say: Say, ending: Ending = Ending.CLOSED
) -> dict[str, Any]:
    """Tell the story in `home` and return its summary, which also lies there as `summary.json`.

    The story ends now: the outage began some hours ago. A home that holds an earlier
    demonstration is made anew; any other folder that is not empty is refused.
    """
    _clear(home)
    now = clock().replace(second=0, microsecond=0)
    lasts = plan(size, seed, now).after - now
    lasts += half_way.LASTS if ending == Ending.HALF_WAY else timedelta()
    story = Story(home, size, seed, say, StoryClock(now - lasts), plan(size, seed, now - lasts))
    started = time.perf_counter()
    _live_through(story, ending)
    story.facts["seconds"] = {**story.seconds, "total": round(time.perf_counter() - started, 3)}
    write_atomic(home.path / SUMMARY, orjson.dumps(story.facts, option=orjson.OPT_INDENT_2))
    return story.facts


def _clear(home: Home) -> None:
    if (home.path / FOLDER / ACCOUNTS).exists():
        shutil.rmtree(home.path)


def _live_through(story: Story, ending: Ending) -> None:
    publisher = machines.prepare(story)
    with closing(publisher.vault), closing(story.laptop):
        machines.deliver(story, publisher, "before")
        if ending == Ending.HALF_WAY:
            shelf.fill_shelf(story, publisher)
        steps.check_readiness(story)
        steps.declare_outage(story)
        steps.print_packs(story)
        steps.work_on_paper(story)
        steps.end_outage(story)
        machines.deliver(story, publisher, "after")
        if ending == Ending.HALF_WAY:
            half_way.begin_recovery(story)
            half_way.fail_again(story)
            half_way.work_on_wards(story)
        else:
            _finish(story)
        steps.seal_audit_chain(story)
        machines.exchange_heartbeats(story, publisher)


def _finish(story: Story) -> None:
    """The recovery to its end."""
    steps.key_forms(story)
    items = steps.compare_forms(story)
    steps.decide_items(story, items)
    steps.return_decisions(story)
    steps.sign_statement(story)
