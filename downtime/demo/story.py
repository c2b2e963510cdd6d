"""The demonstration: one hospital through one outage, each step done as a user would do it."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from downtime import config
from downtime.accounts import opening
from downtime.accounts.signin import SignedIn
from downtime.clock import Clock, to_text
from downtime.config import Home
from downtime.demo.clerks import Clerks
from downtime.demo.deciding import Deciding
from downtime.demo.feeds import write_feeds
from downtime.demo.nursing import Wards
from downtime.demo.plan import DowntimePlan, plan
from downtime.demo.settings import settings_text
from downtime.demo.staff import ACCOUNTS, Staff
from downtime.handover import reports
from downtime.outage import outages
from downtime.paper import ledger
from downtime.paper.packs import pack
from downtime.reconcile import run as comparison
from downtime.reconcile.harm import review
from downtime.reconcile.states import ALREADY_THERE, CONFLICT, HELD, NEW, NEWER_LIVE, UNMATCHED
from downtime.returns import export
from downtime.returns.statement import statement_file
from downtime.settings import Settings
from downtime.snapshot import load, publish
from downtime.vault import audit, checkpoint, device
from downtime.vault.files import replacing, write_atomic
from downtime.vault.vault import Vault

SYSTEMS = ("PAS", "EPR", "LIMS")
SUMMARY = "summary.json"
FOLDER = "demonstration"
WHY = "Demonstration"

MEANS = {
    ALREADY_THERE: "the system knows it by now",
    NEW: "on paper only",
    NEWER_LIVE: "the system knows something later",
    CONFLICT: "paper and system disagree",
    UNMATCHED: "nobody in the system is surely this patient",
    HELD: "kept as a document, or told with another item",
}
"""What the states of the comparison mean, for somebody who sees them first."""

Say = Callable[[str], None]


@dataclass(slots=True)
class StoryClock:
    """The time in the story; it moves on only when the story says so."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Story:
    """What the story knows while it is told."""

    home: Home
    size: str
    seed: int
    say: Say
    clock: StoryClock
    plan: DowntimePlan
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the demonstration puts its feeds, packs and returns: a hospital would not."""
        return self.home.path / FOLDER

    @property
    def unlock_file(self) -> Path:
        """Opens the laptop for commands, as a program."""
        return self.home.path / "laptop.unlock"

    @contextmanager
    def step(self, name: str, sentence: str) -> Iterator[None]:
        """One step with its seconds."""
        self.say(f"\n{self.clock.now:%d-%b %H:%M}  {sentence}")
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)
        self.say(f"              ({self.seconds[name]:.1f} s)")

    def told(self, sentence: str) -> None:
        """A detail of the step at hand."""
        self.say(f"              {sentence}")


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
    publisher, laptop, staff = _prepare(story)
    with closing(publisher.vault), closing(laptop):
        settings = config.load(story.home.config)
        _publish(story, publisher, laptop, settings, staff, "before")
        _fail(story, laptop, settings, staff)
        _print(story, laptop, settings, staff)
        _work_on_paper(story, laptop, settings, staff)
        _recover(story, publisher, laptop, settings, staff)
        _key(story, laptop, settings, staff)
        _reconcile(story, laptop, settings, staff)
        _return(story, laptop, settings, staff)
        _state(story, laptop, settings, staff)
        _seal(story, laptop)


def _prepare(story: Story) -> tuple[SignedIn, Vault, Staff]:
    with story.step(
        "prepare", "A publisher in the hospital's network and a laptop for the wards are set up."
    ):
        laptop = _machine(story, story.home, "ward laptop", story.unlock_file)
        story.folder.mkdir()
        hospital = Home(story.folder / "publisher")
        publisher = _machine(story, hospital, "publisher", hospital.path / "publisher.unlock")
        settings = config.load(story.home.config)
        staff = Staff.arrive(laptop.vault, settings, laptop.actor, story.folder)
        device.trust(publisher.vault, device.card(laptop.vault), publisher.actor, WHY)
        device.trust(laptop.vault, device.card(publisher.vault), laptop.actor, WHY)
        publishing = device.code(hospital)
        reports.excuse(laptop.vault, publishing, laptop.actor, "It publishes and prints nothing")
        story.told("Each trusts the other's card: the laptop opens what the publisher seals.")
    return publisher, laptop.vault, staff


def _machine(story: Story, home: Home, name: str, unlock_file: Path) -> SignedIn:
    opening.create_home(
        home,
        story.clock,
        device_name=name,
        administrator="install",
        unlock_file=unlock_file,
        settings_text=settings_text(story.size),
    )
    return opening.open_with_file(home, config.load(home.config), story.clock, unlock_file)


def _publish(
    story: Story, publisher: SignedIn, laptop: Vault, settings: Settings, staff: Staff, phase: str
) -> None:
    feeds, bundles = story.folder / "feeds" / phase, story.folder / "bundles"
    with story.step(f"feeds_{phase}", "The hospital's systems send what they know."):
        written = write_feeds(feeds, story.size, story.seed, phase, story.plan.start)
        story.told(
            f"{written.inpatients} inpatients on {written.wards} wards, {written.requests} requests,"
            f" {written.appointments} appointments in {len(written.files)} files."
        )
    with story.step(f"build_{phase}", "The publisher reads them and seals a snapshot."):
        built = publish.build(publisher.vault, settings, [feeds], bundles, publisher.actor, WHY)
        story.told(
            f"{built.accepted} of {built.messages} messages accepted; "
            f"{len(built.rejected)} rejected, each with its file, place and reason."
        )
        for reject in built.rejected:
            story.told(
                f"  {Path(reject.position.file).name} {reject.position.number}: {reject.reason}"
            )
    with story.step(f"load_{phase}", "The laptop checks the seal, opens it, and puts it in use."):
        info = load.load(laptop, settings, built.bundle, staff.actors["site"], WHY)
        story.told(f"Snapshot {info.header.sequence}, {sum(info.header.counts.values())} records.")
    story.facts[f"snapshot_{phase}"] = {
        "id": info.id,
        "bundle": str(built.bundle),
        "messages": built.messages,
        "accepted": built.accepted,
        "rejected": len(built.rejected),
        "records": info.header.counts,
    }


def _fail(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    with story.step(
        "declare", f"{', '.join(SYSTEMS)} stop answering. The site team declares an outage."
    ):
        declared = outages.declare(
            laptop, SYSTEMS, staff.actors["site"], "Ransomware", known=settings.systems.names,
            snapshot=load.pin_current(laptop, staff.actors["site"], WHY),
        )  # fmt: skip
        with closing(load.current(laptop)) as snapshot:
            waiting = snapshot.outstanding()
        story.told(
            f"{declared.label}. {len(waiting)} requests still wait for a result: the list is at hand."
        )
    story.facts["outage"] = {"id": declared.id, "systems": list(SYSTEMS), "waiting": len(waiting)}


def _print(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    story.clock.now += timedelta(minutes=4)
    out = story.folder / "ward-packs.pdf"
    with (
        story.step("print", "Downtime packs are printed for every ward."),
        closing(load.current(laptop)) as snapshot,
        replacing(out) as file,
    ):
        made = pack.site_pack(laptop, snapshot, settings, staff.actors["nurse"], WHY, file)
        story.told(
            f"{made.pages} pages: lists, patient summaries, {made.forms} forms for patients and"
            f" {made.blank_forms} blank ones."
        )
    story.facts["pack"] = {
        "path": str(out),
        "pages": made.pages,
        "forms": made.forms,
        "blank_forms": made.blank_forms,
    }


def _work_on_paper(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    with (
        story.step("paper", "For six hours the wards work on paper."),
        closing(load.current(laptop)) as snapshot,
    ):
        Wards(laptop, snapshot, settings, staff).write(story.plan.papers)
        story.told(f"{len(staff.written)} forms are filled in; results come by telephone.")


def _recover(
    story: Story, publisher: SignedIn, laptop: Vault, settings: Settings, staff: Staff
) -> None:
    story.clock.now = story.plan.end
    with story.step("end", "The systems are back."):
        outages.end(laptop, SYSTEMS, staff.actors["site"], "Restored and checked")
    story.clock.now = story.plan.after
    _publish(story, publisher, laptop, settings, staff, "after")


def _key(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    with story.step("key", "The paper comes back. Clerks key it; nobody checks their own entry."):
        clerks = Clerks(laptop, settings, staff)
        clerks.key_all()
        unused, lost = clerks.account_for_the_rest(str(story.facts["outage"]["id"]))
        story.told(f"{clerks.keyed} forms are keyed and verified, {clerks.filed} filed as paper.")
        story.told(
            f"Critical fields of {clerks.twice} are keyed by two people, neither seeing the other's;"
            f" {clerks.disputed} differs, and a third person decides."
        )
        story.told(f"{clerks.compared} are laid beside their paper by a second person.")
        story.told(f"{unused} unused forms are void; {lost} cannot be found and is declared lost.")
    story.facts["forms"] = {
        "keyed": clerks.keyed,
        "keyed_twice": clerks.twice,
        "disputed": clerks.disputed,
        "compared": clerks.compared,
        "filed": clerks.filed,
        "void": unused,
        "lost": lost,
    }


def _reconcile(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    deciding, records = Deciding(laptop, settings, staff), staff.actors["records"]
    with story.step(
        "compare", "The paper is compared with the hospital as it was, and as it is now."
    ):
        compared = comparison.run(laptop, settings, records, WHY)
        for state, count in sorted(compared.states.items()):
            story.told(f"{count:>6}  {state:<14} {MEANS[state]}")
    story.facts["comparison"] = {"items": compared.items, **compared.states}
    with story.step(
        "link", "Who came on a downtime number? One person proposes, another confirms."
    ):
        linked, left = deciding.link_people(comparison.latest(laptop))
        again = comparison.run(laptop, settings, records, WHY)
        story.told(f"{linked} are patients of the recovered systems; {left} is in none of them.")
        story.told(f"Compared again: {again.states.get(UNMATCHED, 0)} items have no patient.")
    story.facts["links"] = {"confirmed": linked, "unknown": left}
    with story.step(
        "decide", "The records supervisor decides each item that is open, with reasons."
    ):
        decided, by_two = deciding.decide_all(comparison.latest(laptop))
        story.told(f"{decided} of {again.items} are decided, {by_two} of them by two people.")
    story.facts["comparison"] |= {"decided": decided, "decided_by_two": by_two}
    with story.step("harm", "What did the outage do to patients? Leads look at every finding."):
        review.run(laptop, settings, records, WHY)
        explained, reviewed = deciding.look_for_harm()
        story.told(f"{explained} requests without a result are explained, {reviewed} reviewed.")
    story.facts["harm"] = {"explained": explained, "reviewed": reviewed}


def _return(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    to, records = story.folder / "returns", staff.actors["records"]
    with story.step(
        "return", "What was decided goes back to the systems; a second run sends nothing."
    ):
        sent = export.export(laptop, settings, "hl7v2", to, records)
        again = export.export(laptop, settings, "hl7v2", to, records)
        messages = [path for path in sent.files if path.suffix == ".hl7"]
        story.told(
            f"{sent.messages} items in {len(messages)} HL7 messages are handed over;"
            f" the second run: {again.messages}."
        )
        lists = export.export(laptop, settings, "worklist", to, records)
        ticked = Deciding(laptop, settings, staff).tick_worklists(comparison.latest(laptop))
        story.told(f"{ticked} lines that no message carries are keyed by hand and ticked off.")
    story.facts["returns"] = {
        "path": str(to),
        "items": sent.messages,
        "messages": len(messages),
        "again": again.messages,
        "worklists": [str(path) for path in lists.files],
        "ticked": ticked,
    }


def _state(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    with story.step("statement", "The completeness statement is made and signed by three leads."):
        made = Deciding(laptop, settings, staff).sign()
        paths = statement_file.save(made, settings, story.folder / "statement.pdf")
        story.told(
            f"{made.verdict}. Every form is accounted for." if made.is_complete else made.verdict
        )
        if made.is_complete:
            outages.close(laptop, made.outage, staff.actors["site"], "Statement signed")
    totals = ledger.counts(laptop, made.outage)
    story.facts["statement"] = {
        "pdf": str(paths[0]),
        "json": str(paths[1]),
        "verdict": made.verdict,
        "issued": sum(count.n for count in totals),
    }


def _seal(story: Story, laptop: Vault) -> None:
    checkpoint.make(laptop)
    found = audit.verify(laptop.db)
    story.told(f"The audit chain has {found.entries} entries, and every link of it holds.")
    story.facts["audit"] = {"entries": found.entries, "sound": found.first_bad is None}
    story.facts |= {
        "demonstration": True,
        "home": str(story.home.path),
        "size": story.size,
        "seed": story.seed,
        "made": to_text(story.clock.now),
        "accounts": str(story.folder / ACCOUNTS),
        "unlock_file": str(story.unlock_file),
    }
