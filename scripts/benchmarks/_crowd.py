"""Many clerks before one server that compares, or prints, meanwhile."""

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from _clerk import Clerk
from _disk import Disk
from _records import WHO, answers_of

from downtime.config import Home
from downtime.entry.facts import PERSON_CHECK, PersonCheck
from downtime.paper.packs.model import PrintChannel
from downtime.paper.packs.ward_pack import WardPack
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.store import comparison_runs
from downtime.vault import jobs
from downtime.vault.vault import Vault
from downtime.web.job_kinds import name_print_job

SAVES_A_FORM = 9
_HIDDEN_FIELD = re.compile(r'name="(changed|page|step|seen)"[^>]*? value="([^"]*)"')
"""What a page says of itself with each save."""
PACKS = 3
SETS = "\n[reconcile]\nforms_at_once = {}\n"
"""What a comparison rests on: when it differs from the last time, every form is compared anew. In
sets of about 200, which the setting is there for while many key."""


@dataclass
class Keyed:
    """What a crowd of clerks did: how long, how long each save took, what it cost the server."""

    disk: list[float]
    seconds: float = 0
    cpu: float = 0
    compared_forms: int = 0
    milliseconds: list[float] = field(default_factory=list)


@dataclass
class Site:
    """The running server and everybody before it."""

    vault: Vault
    folder: Path
    server: int
    crowd: list[Clerk]
    records: Clerk
    waiting: list[str]
    settings_text: str
    saved_answers: dict[str, str] = field(default_factory=dict)
    """What each form last said when its save was acknowledged."""
    sets: int = 200
    failed: list[str] = field(default_factory=list)

    def keyed(self, seconds: float, think: tuple[float, float]) -> Keyed:
        """Everybody saves for so long, with such pauses, while comparisons run."""
        before, cpu = self._compared(), _cpu_seconds(self.server)
        for clerk in self.crowd:
            clerk.milliseconds.clear()
        with Disk(self.folder) as disk, self._comparing():
            started = time.perf_counter()
            threads = [
                threading.Thread(target=self._work, args=(clerk, number, started + seconds, think))
                for number, clerk in enumerate(self.crowd)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            keyed = Keyed(disk.milliseconds, time.perf_counter() - started)
        if self.failed:
            raise RuntimeError(self.failed[0])
        keyed.milliseconds = [ms for clerk in self.crowd for ms in clerk.milliseconds]
        keyed.cpu = _cpu_seconds(self.server) - cpu
        keyed.comparisons = self._compared() - before
        return keyed

    def measure_find(self) -> list[float]:
        """Milliseconds of each look at `/find` while packs are printed and comparisons run."""
        order = {
            "order": WardPack(recall=True).to_json(),
            "to": PrintChannel.SCREEN,
            "why": "bench",
        }
        clerk, taken = self.crowd[0], []
        with self._comparing():
            asked = [
                jobs.submit_job(self.vault, name_print_job(WardPack.kind), order, WHO, "bench")
                for _ in range(PACKS)
            ]
            while not all(jobs.get_job(self.vault, job.id).is_over for job in asked):
                started = time.perf_counter()
                clerk.get("/find")
                taken.append((time.perf_counter() - started) * 1000)
                time.sleep(0.05)
        if not all(jobs.get_job(self.vault, job.id).state == "done" for job in asked):
            raise RuntimeError("a pack was not printed")
        return taken

    @contextmanager
    def _comparing(self) -> Iterator[None]:
        """Ask the server for a comparison of everything again and again."""
        over = threading.Event()
        thread = threading.Thread(target=self._compare_until, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _compare_until(self, over: threading.Event) -> None:
        config = Home(self.folder / "home").config_file
        while not over.is_set():
            self.sets += 1
            config.write_text(self.settings_text + SETS.format(self.sets))
            self.records.read_token("/comparison")
            _, job, _ = self.records.post("/comparison/run", {})
            while "<progress" in self.records.get(f"{job}/part")[2] and not over.is_set():
                time.sleep(0.2)
            if over.is_set():
                self.records.post(f"{job}/cancel", {})

    def _compared(self) -> int:
        return len(comparison_runs.fetch_runs(self.vault.db, find_latest_outage(self.vault).id))

    def _work(self, clerk: Clerk, number: int, end: float, think: tuple[float, float]) -> None:
        chance = random.Random(f"{number} {end}")  # noqa: S311 - how long somebody thinks
        share = len(self.waiting) // len(self.crowd)
        serials = self.waiting[number * share : (number + 1) * share]
        fresh = [serial for serial in serials if serial not in self.saved_answers]
        try:
            time.sleep(chance.uniform(0, sum(think)))
            for serial in fresh:
                if time.perf_counter() > end or not self._key(clerk, serial, end, chance, think):
                    return
        except Exception as error:
            self.failed.append(f"{clerk.username}: {error!r}")

    def _key(
        self,
        clerk: Clerk,
        serial: str,
        end: float,
        chance: random.Random,
        think: tuple[float, float],
    ) -> bool:
        """Key a form in drafts and submit it; False when the time was over before."""
        hidden_fields = dict(_HIDDEN_FIELD.findall(clerk.read_token(f"/key/{serial}")))
        for part in range(1, SAVES_A_FORM + 1):
            time.sleep(chance.uniform(*think))
            answer = f"Bleeding, part {part} of {serial}"
            fields = hidden_fields | {"step": str(part), "reason": answer}
            self._save(clerk, f"/key/{serial}/part", fields, 200)
            self.saved_answers[serial] = answer
            if time.perf_counter() > end:
                return False
        time.sleep(chance.uniform(*think))
        answer = f"Bleeding, all of {serial}"
        checked = {PERSON_CHECK: PersonCheck.SAME}
        fields = hidden_fields | {"step": str(SAVES_A_FORM + 1)} | checked | answers_of(answer)
        self._save(clerk, f"/key/{serial}", fields, 303)
        self.saved_answers[serial] = answer
        return True

    def _save(self, clerk: Clerk, path: str, fields: dict[str, str], wanted: int) -> None:
        status, _, page = clerk.save(path, fields)
        if status != wanted:
            raise RuntimeError(f"{path}: {status} {_read_errors(page)}")


def _read_errors(page: str) -> str:
    """What a page says is wrong, else how it ends."""
    _, _, errors = page.partition("error-summary")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", errors[:2000]))
    return words or page[-300:]


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, without its children; 0 where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / 100
