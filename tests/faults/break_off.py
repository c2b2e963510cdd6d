"""Every step of a small site's day is broken off, looked at, and done again."""

import random
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from tests.faults.breaks import Child, Fault
from tests.faults.deeds import DEEDS
from tests.faults.examine import Finding, Harm, examine
from tests.faults.hospital import Hospital
from tests.faults.tally import Row

LEARNT = 2
ALWAYS = ("build and publish", "pull", "open")


def break_off(
    make_fault: Callable[[Path], Fault],
    folder: Path,
    rounds: int,
    seed: int,
    deeds: Iterable[str] = tuple(DEEDS),
) -> list[Row]:
    """So many faults, dealt out to the steps in turn; a row for each step."""
    chance, names = random.Random(seed), list(deeds)
    folder.mkdir(exist_ok=True)
    with closing(make_fault(folder)) as fault:
        hospital = Hospital(fault.folder)
        rows = {name: Row(f"{fault.name}: {name}") for name in names}
        seconds = _learn(hospital, names)
        for number in range(rounds):
            name = names[number % len(names)]
            hospital.go_on()
            if name in ("pull", "open"):  # there has to be something to fetch, or to open
                _do(hospital, "build and publish")
            if name == "open":
                _do(hospital, "pull")
            done, lines = fault.run(hospital, DEEDS[name], seconds[name], chance)
            hospital.acknowledge(lines)
            findings = examine(hospital)
            hospital.go_on()
            findings += [*_do(hospital, name), *examine(hospital)]
            rows[name].note(findings, hit=not done)
    return list(rows.values())


def _learn(hospital: Hospital, names: list[str]) -> dict[str, float]:
    """How long each step takes when nothing breaks it off."""
    seconds = {}
    needed = [name for name in DEEDS if name in names or name in ALWAYS or "restore" in names]
    for _ in range(LEARNT):
        hospital.go_on()
        for name in needed:
            begun = time.monotonic()
            if findings := _do(hospital, name):
                raise AssertionError(findings[0].text)
            seconds[name] = time.monotonic() - begun
        examine(hospital)
    if findings := examine(hospital):
        raise AssertionError(findings)
    if len(set(hospital.published.values()) - {""}) < LEARNT:
        raise AssertionError("the hospital's turns cannot be told apart")
    return seconds


def _do(hospital: Hospital, name: str) -> list[Finding]:
    """A step without a fault: whoever had one goes on afterwards without a hand on it."""
    done, lines, trouble = Child(hospital, DEEDS[name]).end()
    hospital.acknowledge(lines)
    return [] if done else [Finding(Harm.STUCK, f"{name}: {trouble[-1500:]}")]
