"""A simulated year: its machines, its regular life, and the truth that is held against every screen."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from downtime.errors import UserError
from downtime.fleet.decide_quarantine import reject_snapshot, release_snapshot
from downtime.fleet.machine_list import read_list_bytes
from downtime.fleet.model import Direction
from downtime.fleet.outbox import MACHINES, list_published
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.fleet.pull_snapshot import Opener, pull_snapshot
from downtime.fleet.quarantine_snapshot import list_open
from downtime.fleet.run_state import RunState, read_run_state
from downtime.fleet.unlock_notices import list_notices
from downtime.outage.downtime_numbers import issue_numbers
from downtime.paper.take_serials import take_serials
from downtime.settings import Settings, SystemsSettings
from downtime.snapshot.model import AuditAction
from downtime.transport.pace import Pace
from downtime.vault.machines import read_own_machine
from downtime.vault.model import MachineRole
from downtime.vault.vault import Vault
from tests.year.clocks import FORGIVEN, TrueTime
from tests.year.computers import Computer
from tests.year.hospital import Beds, Hospital
from tests.year.record import Harm, Published, Record
from tests.year.shown import SYSTEM, Shown, check_age, look
from tests.year.site import WHY, Site

BEGIN = datetime(2026, 1, 5, 6, tzinfo=UTC)
REGULAR = timedelta(hours=12)
BUSY = timedelta(minutes=40)
MINUTE = timedelta(minutes=1)
Say = Callable[[str], None]
Happening = Callable[["Year"], None]


@dataclass(slots=True)
class Sent:
    """Messages of one moment, and how the hospital was after them."""

    moment: datetime
    text: str


class Year:
    """All of it while it passes."""

    def __init__(
        self,
        folder: Path,
        days: int,
        seed: int,
        say: Say,
        laptops: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.folder, self.seed, self.say = folder, seed, say
        self.true_time, self.end = TrueTime(BEGIN), BEGIN + timedelta(days=days)
        self.chance, self.record = Random(seed), Record(say=say)
        self.hospital = Hospital(self.chance, BEGIN)
        self.share, self.second, self.stick = (folder / n for n in ("share", "second", "stick"))
        for path in (self.share, self.second, self.stick, folder / "backups"):
            path.mkdir(parents=True)
        self.settings = Settings(systems=SystemsSettings(names=(SYSTEM,)))
        self._numbers, self._codes = count(), count()
        self._queue: list[tuple[datetime, int, Happening]] = []
        self.shown: dict[str, Shown] = {}
        self.sent: list[Sent] = []
        self.held: Beds = frozenset()
        self.behind = set[str]()
        """Machines that had an older list than lay at their places when they last asked."""
        self.is_held_up = False
        """Whether a snapshot waits at the publisher for a person."""
        self.publisher = self.make("PA", MachineRole.PUBLISHER)
        self.site = Site(folder / "keys", self.publisher)
        self.laptops: dict[str, Computer] = {}
        for code, wards in laptops.items():
            self.enrol(code, MachineRole.WARD_LAPTOP, wards)
        self.enrol("RA", MachineRole.RECORDS_STATION)
        self.strangers: list[Computer] = []
        """Machines that were revoked, and go on all the same."""

    # Time

    @property
    def now(self) -> datetime:
        """True time."""
        return self.true_time.now

    def at(self, moment: datetime, happening: Happening) -> None:
        """Let something happen then."""
        heapq.heappush(self._queue, (moment, next(self._numbers), happening))

    def after(self, pause: timedelta, happening: Happening) -> None:
        """Let something happen after a while."""
        self.at(self.now + pause, happening)

    def live(self) -> None:
        """From the first to the last minute."""
        self.at(self.now, Year._publish_regularly)
        for code in self.laptops:
            self.at(self.now + MINUTE, lambda year, code=code: year.pull_regularly(code))
        month = 0
        while self._queue and self._queue[0][0] < self.end:
            moment, _, happening = heapq.heappop(self._queue)
            self._pass_to(moment)
            happening(self)
            if (moment - BEGIN).days // 30 > month:
                month = (moment - BEGIN).days // 30
                self.say(f"day {month * 30}: {self.record.harms.total()} wrong")
        self._pass_to(self.end)

    def _pass_to(self, moment: datetime) -> None:
        """Minute by minute: nothing but ages changes on the screens meanwhile."""
        while self.now + MINUTE <= moment:
            self.true_time.now += MINUTE
            for code, shown in self.shown.items():
                if self.laptops[code].works:
                    check_age(self.laptops[code], shown, self.record, self.now)
        self.true_time.now = max(self.now, moment)

    # Machines

    def make(self, code: str, role: MachineRole, wards: tuple[str, ...] = ()) -> Computer:
        """A new computer, of no site yet."""
        made = Computer(self.folder / code, code, self.true_time, self.settings, role, wards)
        made.reach(self.share, self.second)
        return made

    def enrol(self, code: str, role: MachineRole, wards: tuple[str, ...] = ()) -> Computer:
        """A new computer in the list, and at its ward."""
        made = self.make(code, role, wards)
        self.site.add(self.publisher, made)
        self.laptops[code] = made
        return made

    def next_number(self) -> int:
        """For the name of a folder."""
        return next(self._numbers)

    def next_code(self) -> str:
        """A code that no machine ever had."""
        return f"M{'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[next(self._codes)]}"

    # Regular life

    def _publish_regularly(self) -> None:
        self.publish()
        self.after(REGULAR, Year._publish_regularly)

    def pull_regularly(self, code: str) -> None:
        """A machine runs from now on, until it is taken off the list."""
        if code not in self.laptops:
            return
        computer = self.laptops[code]
        if computer.works:
            is_somebody_there = self.chance.random() < 0.8
            (self.sign_in if is_somebody_there else self.pull_locked)(computer)
        share = self.chance.uniform(0.9, 1)
        self.after(REGULAR * share, lambda year: year.pull_regularly(code))

    def be_busy(self, span: timedelta) -> None:
        """Machines run often for a while, as they do all the time in a hospital."""
        for run in range(span // BUSY + 1):
            self.after(run * BUSY + MINUTE, lambda year: year.publish())
            for code in self.laptops:
                self.after(
                    run * BUSY + 2 * MINUTE, lambda year, code=code: year.sign_in_if_on(code)
                )

    def publish(self, by: Computer | None = None) -> None:
        """The hospital goes on, its systems send, the publisher builds and carries."""
        computer = by or self.publisher
        if not computer.works:
            return
        self.hospital.live(self.now)
        messages = self.hospital.take_messages()
        if messages:
            self.sent.append(Sent(self.hospital.newest, "".join(messages)))
        self.take_in(computer, "".join(messages))

    def publish_again(self, text: str) -> None:
        """Systems send again what came before, and what is new."""
        messages = self.hospital.take_messages()
        if messages:
            self.sent.append(Sent(self.hospital.newest, "".join(messages)))
        self.take_in(self.publisher, text + "".join(messages))

    def take_in(self, computer: Computer, text: str) -> None:
        """One run of a publisher with what has come in since the one before."""
        feed = self.folder / "adt.hl7"
        feed.write_text(text)
        before = self._published_number(computer)
        self.held = self.hospital.beds
        with computer.open() as vault, computer.as_its_version():
            state = publish_everywhere(
                vault, computer.settings, computer.actor, Pace(), down={},
                paths=[feed] if text else [], at_place=computer.exchanges(vault),
                every_seconds=300,
            )  # fmt: skip
            is_waiting = self.is_held_up = bool(list_open(vault))
        if state.fault and not is_waiting:
            self.record.harm(Harm.STUCK, self.now, f"publish: {state.fault}")
        self._note_published(computer, before)

    def _published_number(self, computer: Computer) -> tuple[int, int]:
        numbers = [p.pointer.number for p in list_published(computer.home)]
        return max(numbers, default=(0, 0))

    def _note_published(self, computer: Computer, before: tuple[int, int]) -> None:
        site = [p for p in list_published(computer.home) if not p.folder]
        if not site or site[0].pointer.number == before:
            return
        pointer = site[0].pointer
        key = read_own_machine(computer.home).key_id
        held = Published(
            self.now, pointer.created, self.held, self.sent[-1].moment, computer.code,
            computer.clock.is_right,
        )  # fmt: skip
        self.record.publish(self.now, (key, *pointer.number), held)

    def sign_in_if_on(self, code: str) -> None:
        """Somebody signs in, if the machine is there and works."""
        if (computer := self.laptops.get(code)) and computer.works:
            self.sign_in(computer)

    def sign_in(self, computer: Computer) -> None:
        """Somebody signs in: what can be fetched is, and opened; what waits for a person is decided."""
        with computer.open() as vault, computer.as_its_version():
            if computer.is_connected:
                self._pull(computer, Opener(vault, computer.actor, {}))
            notices = list(
                list_notices(vault, computer.settings, computer.actor, outage_open=False)
            )
            self.record.counts["notices"] += len(notices)
            released = self._decide(computer, vault)
            self.see(computer, vault)
            if not released:  # else what came after it is fetched with the next run
                self._check_newest(computer)

    def pull_locked(self, computer: Computer) -> None:
        """Nobody is signed in: it is fetched, and waits."""
        if computer.is_connected:
            with computer.as_its_version():
                self._pull(computer, None)

    def _pull(self, computer: Computer, opener: Opener | None) -> RunState:
        vault = opener.vault if opener else None
        state = pull_snapshot(
            computer.home, computer.settings, computer.clock, Pace(), opener,
            computer.exchanges(vault), every_seconds=300,
        )  # fmt: skip
        self.record.counts["pulls"] += 1
        return state

    def _decide(self, computer: Computer, vault: Vault) -> bool:
        """A person looks at what is in quarantine and knows what is true; so they release it."""
        waiting = list_open(vault)
        for entry in waiting:
            self.record.counts["quarantined on a laptop"] += 1
            done = release_snapshot(vault, computer.settings, entry.number, computer.actor, WHY)
            if done.info is None:
                text = f"{computer.code}: {done.sentence} {entry.sentences}"
                self.record.harm(Harm.STUCK, self.now, text)
        return bool(waiting)

    def decide_at_publisher(self, *, is_true: bool) -> None:
        """A person looks at what waits there."""
        with self.publisher.open() as vault:
            for entry in list_open(vault):
                self.record.counts["quarantined at the publisher"] += 1
                if is_true:
                    actor = self.publisher.actor
                    release_snapshot(vault, self.publisher.settings, entry.number, actor, WHY)
                else:
                    reject_snapshot(vault, entry.number, self.publisher.actor, WHY)

    # Looking

    def see(self, computer: Computer, vault: Vault) -> None:
        """Look at the screen, and hold it against the truth."""
        before = self.shown.get(computer.code)
        shown = look(computer, vault, self.record, self.now)
        self.shown.pop(computer.code, None)
        if shown is None:
            self.record.counts["screens that say that they have nothing"] += 1
            return
        if computer.code in self.laptops:
            self.shown[computer.code] = shown
        is_recent = self.now - shown.published.made <= FORGIVEN
        if is_recent and (before is None or before.number != shown.number):
            computer.clock.forgive()
        self._check_believed(computer, shown)

    def _check_newest(self, computer: Computer) -> None:
        """Who reaches a place has what the publisher published last, whatever its clock shows."""
        if not computer.is_connected or computer.code not in self.laptops or self.is_held_up:
            return
        carried = (self.second / MACHINES).read_bytes()
        if read_list_bytes(computer.home) != carried:
            if computer.code in self.behind:  # a new pointer of its old wards may hide it once
                text = f"{computer.code} has an older list of machines"
                self.record.harm(Harm.STUCK, self.now, text)
            self.behind.add(computer.code)
            return
        self.behind.discard(computer.code)
        newest = self._published_number(self.publisher)
        key = read_own_machine(self.publisher.home).key_id
        shown = self.shown.get(computer.code)
        scope = read_run_state(computer.home, Direction.PULL).scope
        if newest == (0, 0) or scope != read_own_machine(computer.home).scope:
            return  # with the next run it begins anew
        if shown is None or shown.number != (key, *newest):
            what = f"{computer.code} has {shown and shown.number[1:]}, {newest} of {self.publisher.code} is there"
            self.record.harm(Harm.STUCK, self.now, what, (computer.code, shown and shown.number))

    def _check_believed(self, computer: Computer, shown: Shown) -> None:
        """Nothing that a revoked publisher made after the list that says so had come."""
        own = read_list_bytes(computer.home)
        publisher = shown.published.publisher
        listed = self.site.list.find(publisher)
        knows = own == self.site.list.signed.data
        if knows and listed and listed.revoked and listed.revoked < shown.published.created:
            text = f"{computer.code} shows {shown.number[1:]} of {publisher}"
            self.record.harm(Harm.REVOKED, self.now, text)

    def give_out_numbers(self, computer: Computer, home: str = "") -> None:
        """Paper is printed: serials and a downtime number."""
        with computer.open() as vault:
            with vault.change(computer.actor, AuditAction.SNAPSHOT_PIN, reason=WHY) as db:
                serials = take_serials(vault, db, computer.code, self.chance.randint(1, 5))
            numbers = issue_numbers(vault, computer.settings, 1, computer.actor, WHY)
        given = [serial for serial, _ in serials] + numbers
        self.record.give_out(self.now, home or str(computer.home.path.name), given)

    def attempt(self, what: str, deed: Callable[[], Any]) -> None:
        """Something that has to work."""
        try:
            deed()
        except UserError as error:
            self.record.harm(Harm.STUCK, self.now, f"{what}: {error.code} {error.sentence}")
