"""The demonstration: one hospital through one outage, each step done as a user would do it."""

import shutil
import time
from contextlib import closing
from typing import Any

import orjson

from downtime import config
from downtime.accounts.sign_in import SignedIn
from downtime.clock import Clock
from downtime.config import Home
from downtime.demo import close_outage, machines, run_outage, run_recovery
from downtime.demo.context import FOLDER, Say, Story, StoryClock
from downtime.demo.plan import plan
from downtime.demo.run_outage import SYSTEMS
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
    _live_through(story)
    story.facts["seconds"] = {**story.seconds, "total": round(time.perf_counter() - started, 3)}
    write_atomic(home.path / SUMMARY, orjson.dumps(story.facts, option=orjson.OPT_INDENT_2))
    return story.facts


def _clear(home: Home) -> None:
    if (home.path / FOLDER / ACCOUNTS).exists():
        shutil.rmtree(home.path)


def _live_through(story: Story) -> None:
    publisher, laptop, staff = machines.prepare(story)
    with closing(publisher.vault), closing(laptop):
        settings = config.load_settings(story.home.config_file)
        machines.deliver(story, publisher, laptop, settings, staff, "before")
        run_outage.declare_outage(story, laptop, settings, staff)
        run_outage.print_packs(story, laptop, settings, staff)
        run_outage.work_on_paper(story, laptop, settings, staff)
        _recover(story, publisher, laptop, settings, staff)
        run_recovery.key_forms(story, laptop, settings, staff)
        run_recovery.reconcile_forms(story, laptop, settings, staff)
        close_outage.return_decisions(story, laptop, settings, staff)
        close_outage.sign_statement(story, laptop, settings, staff)
        close_outage.seal_audit_chain(story, laptop)


def _recover(
    story: Story, publisher: SignedIn, laptop: Vault, settings: Settings, staff: Staff
) -> None:
    story.clock.now = story.plan.end
    with story.step("end", "The systems are back."):
        outages.mark_restored(laptop, SYSTEMS, staff.actors["site"], "Restored and checked")
    story.clock.now = story.plan.after
    machines.deliver(story, publisher, laptop, settings, staff, "after")
