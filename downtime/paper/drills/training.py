"""Lessons of five minutes, and who has practised them on which ward: seen in the records of drills, nobody notes it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from downtime.config import Home, data_folder
from downtime.errors import InputError
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.paper.drills.deeds import list_deeds
from downtime.paper.drills.model import Goal
from downtime.vault.vault import Vault

LESSON_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Lesson:
    """What somebody practises in five minutes: its steps, and by which goal it is seen to be done."""

    goal: Goal
    title: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PracticeRecord:
    """What one person has practised on a ward: the last time of each goal (UTC)."""

    person: str
    times: Mapping[Goal, str]

    @property
    def latest(self) -> str:
        """When they practised last."""
        return max(self.times.values())


def read_lessons(home: Home) -> list[Lesson]:
    """The site's own (`lessons.yaml` in its home), else those that come along; InputError when they cannot be read."""
    own_file = home.path / "lessons.yaml"
    path = own_file if own_file.exists() else data_folder("templates") / "web" / "lessons.yaml"
    try:
        return [_read_lesson(row) for row in yaml.safe_load(path.read_text(encoding="utf-8"))]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        raise InputError(
            "lesson.invalid",
            f"{path.name} cannot be read as lessons.",
            "Each lesson needs 'goal', 'title' and a list of 'steps'; compare with the original.",
        ) from None


def _read_lesson(row: Mapping[str, Any]) -> Lesson:
    return Lesson(Goal(row["goal"]), str(row["title"]), tuple(map(str, row["steps"])))


def list_practised(vault: Vault, outage: Outage | None, person: str) -> dict[Goal, str]:
    """What somebody has done in an outage or drill, with when they did it first (UTC)."""
    done: dict[Goal, str] = {}
    if outage is None:
        return done
    for goal in Goal:
        if times := [deed.at for deed in list_deeds(vault, outage, goal) if deed.person == person]:
            done[goal] = min(times)
    return done


def list_training(vault: Vault, *, counts_all: bool = False) -> dict[str, list[PracticeRecord]]:
    """By ward who has practised what in the drills of this machine, by name; `counts_all`: real outages too.

    What is of no ward stands under an empty one.
    """
    practised: dict[tuple[str, str], dict[Goal, str]] = defaultdict(dict)
    for outage in _list_practice(vault, counts_all):
        for goal in Goal:
            for deed in list_deeds(vault, outage, goal):
                if deed.person:
                    times = practised[deed.ward, deed.person]
                    times[goal] = max(times.get(goal, ""), deed.at)
    records: dict[str, list[PracticeRecord]] = {}
    for (ward, person), times in sorted(practised.items()):
        records.setdefault(ward, []).append(PracticeRecord(person, times))
    return records


def _list_practice(vault: Vault, counts_all: bool) -> Iterable[Outage]:
    return [item for item in outages.list_outages(vault) if item.drill or counts_all]
