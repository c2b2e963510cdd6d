"""The demonstration: one hospital through one outage, each step done as a user would do it."""

import shutil
import time
from contextlib import closing
from typing import Any

import orjson

from downtime import config
from downtime.accounts.signin import SignedIn
from downtime.clock import Clock
from downtime.config import Home
from downtime.demo import ending, machines, outage_begins, recovering
from downtime.demo.outage_begins import SYSTEMS
from downtime.demo.plan import plan
from downtime.demo.scene import FOLDER, Say, Story, StoryClock
from downtime.demo.staff import ACCOUNTS, Staff
from downtime.outage import outages
from downtime.settings import Settings
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault

SUMMARY = "summary.json"


def run(home: Home, size: str, seed: int, clock: Clock, say: Say) -> dict[str, Any]:
    """Tell the story in `home` and return its summary, which also lies there as `summary.json`.

    The story ends now: the outage began some hours ago. A home that holds an earlier
    demonstration is made anew; any other folder that is not empty is refused.
    """
    _clear(home)
    now = clock().replace(second=0, microsecond=0)
    lasts = plan(size, seed, now).after - now
    story = Story(home, size, seed, say, StoryClock(now - lasts), plan(size, seed, now - lasts))
    started = time.perf_counter()
    _tell(story)
    story.facts["seconds"] = {**story.seconds, "total": round(time.perf_counter() - started, 3)}
    write_atomic(home.path / SUMMARY, orjson.dumps(story.facts, option=orjson.OPT_INDENT_2))
    return story.facts


def _clear(home: Home) -> None:
    if (home.path / FOLDER / ACCOUNTS).exists():
        shutil.rmtree(home.path)


def _tell(story: Story) -> None:
    publisher, laptop, staff = machines.prepare(story)
    with closing(publisher.vault), closing(laptop):
        settings = config.load(story.home.config)
        machines.deliver(story, publisher, laptop, settings, staff, "before")
        outage_begins.declare(story, laptop, settings, staff)
        outage_begins.print_packs(story, laptop, settings, staff)
        outage_begins.work_on_paper(story, laptop, settings, staff)
        _recover(story, publisher, laptop, settings, staff)
        recovering.key(story, laptop, settings, staff)
        recovering.reconcile(story, laptop, settings, staff)
        ending.give_back(story, laptop, settings, staff)
        ending.state(story, laptop, settings, staff)
        ending.seal(story, laptop)


def _recover(
    story: Story, publisher: SignedIn, laptop: Vault, settings: Settings, staff: Staff
) -> None:
    story.clock.now = story.plan.end
    with story.step("end", "The systems are back."):
        outages.mark_restored(laptop, SYSTEMS, staff.actors["site"], "Restored and checked")
    story.clock.now = story.plan.after
    machines.deliver(story, publisher, laptop, settings, staff, "after")
