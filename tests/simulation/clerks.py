"""The records team of a simulated month: it keys, slips now and then, keys again, decides, compares, files."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from downtime.entry import double_keying, file_form, send_back_entry, verify_entry
from downtime.entry.model import Entry, Task
from downtime.entry.open_form import open_form
from downtime.vault.model import Actor
from tests.integration.keying_steps import submit_checked, submit_confirmed
from tests.simulation.machines import Machine
from tests.simulation.truth import Sheet, Truth

Answers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """What stands on one paper, and which of its fields are critical."""

    sheet: Sheet
    answers: Answers
    critical: frozenset[str]
    slip: Answers
    """What the first clerk misreads; empty for most papers."""

    @property
    def first(self) -> Answers:
        """What the first clerk keys."""
        return {key: text for key, text in {**self.answers, **self.slip}.items() if text}


def key_paper(machine: Machine, paper: Written, actor: Actor) -> Entry:
    """Key what was read. Who is asked about a misread value confirms it in haste; a second person sees it."""
    vault, settings, serial = machine.vault, machine.settings, paper.sheet.serial
    return submit_confirmed(vault, settings, serial, paper.first, actor)


@dataclass(frozen=True, slots=True)
class Clerks:
    """Three clerks at the records station, and the truth that they note."""

    station: Machine
    staff: Mapping[str, Actor]
    truth: Truth

    def enter(self, paper: Written) -> None:
        """Key a paper and see it through to its file."""
        entry = key_paper(self.station, paper, self.staff["clerk"])
        paper.sheet.fate, paper.sheet.entered = "returned", True
        self.see_through(paper, entry)

    def see_through(self, paper: Written, entry: Entry) -> None:
        """Do what an entry waits for until it is verified, then file the paper."""
        steps = {
            Task.KEY_AGAIN: self._key_second_time,
            Task.ADJUDICATE: self._decide,
            Task.COMPARE: self._compare,
        }
        while entry.waits:
            entry = steps[entry.waits](paper, entry)
        paper.sheet.verified = True
        self.file(paper.sheet)

    def file(self, sheet: Sheet) -> None:
        """The paper goes to its file."""
        station = self.station
        file_form.file_form(station.vault, station.settings, sheet.serial, self.staff["clerk2"])
        sheet.fate, sheet.filed = "returned", True

    def _key_second_time(self, paper: Written, entry: Entry) -> Entry:
        """A second clerk keys what the screen asks for, and sees nothing of the first."""
        vault, serial = self.station.vault, paper.sheet.serial
        second = self._second(entry)
        asked = self._asked(paper)
        answers = {key: text for key, text in paper.answers.items() if key in asked}
        after = double_keying.submit_second_keying(
            vault, self.station.settings, serial, answers, second
        )
        if after.waits != Task.ADJUDICATE:
            self._note_rekeyed(paper, entry, asked)
        return after

    def _decide(self, paper: Written, entry: Entry) -> Entry:
        asked = self._asked(paper)
        answers = {key: text for key, text in paper.answers.items() if key in asked}
        disputed = {key: answers.get(key, "") for key in asked}
        after = double_keying.adjudicate_entry(
            self.station.vault, self.station.settings, paper.sheet.serial, disputed,
            self.staff["clerk3"],
        )  # fmt: skip
        self._note_rekeyed(paper, entry, asked)
        return after

    def _asked(self, paper: Written) -> set[str]:
        """The fields that the second clerk finds on the screen: the critical ones among them."""
        form = open_form(self.station.vault, paper.sheet.serial, self.station.settings)
        asked = set(form.second_keys)
        assert {key for key in paper.critical if paper.answers.get(key)} <= asked
        return asked

    def _note_rekeyed(self, paper: Written, entry: Entry, asked: set[str]) -> None:
        filled = {key for key in asked if entry.answers.get(key) or paper.answers.get(key)}
        for method, keys in (
            ("critical", filled & paper.critical),
            ("checked", filled - paper.critical),
        ):
            wrong = [
                key for key in keys if entry.answers.get(key, "") != paper.answers.get(key, "")
            ]
            self._note(paper, method, len(keys), len(wrong))

    def _compare(self, paper: Written, entry: Entry) -> Entry:
        """A second clerk lays the entry beside the paper; a wrong one is keyed anew."""
        vault, serial = self.station.vault, paper.sheet.serial
        wrong = {k for k in paper.slip if entry.answers.get(k, "") != paper.answers.get(k, "")}
        if wrong:
            self._note(paper, "critical", len(wrong & paper.critical), len(wrong & paper.critical))
            self._note(paper, "checked", len(wrong - paper.critical), len(wrong - paper.critical))
            send_back_entry.send_back(
                vault, serial, self._second(entry), "The paper says otherwise"
            )
            paper.sheet.sent_back = True
            return submit_checked(
                vault, self.station.settings, serial, paper.answers, self.staff["clerk"]
            )
        return verify_entry.verify_entry(vault, serial, self._second(entry))

    def _second(self, entry: Entry) -> Actor:
        first = self.staff["clerk2"]
        return self.staff["clerk3"] if entry.transcriber == first.id else first

    def _note(self, paper: Written, method: str, fields: int, errors: int) -> None:
        """A paper counts once in each way: what it had wrong when it was first keyed."""
        if fields and method not in paper.sheet.checked:
            paper.sheet.checked.add(method)
            self.truth.checks.append((paper.sheet.form, method, fields, errors))


def slipped(dice: Random, answers: Answers, fields: Mapping[str, str], percent: int) -> Answers:
    """Now and then one of these fields misread, as its second value."""
    if dice.randrange(100) >= percent:
        return {}
    key = dice.choice(sorted(fields))
    return {key: fields[key]} if answers.get(key, "") != fields[key] else {}
