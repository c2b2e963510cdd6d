"""Publishing to and pulling from real servers, broken off: the client is killed, the server is, it is full."""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tests.faults.breaks import Child, Deed
from tests.faults.deeds import open_fetched, publish, pull
from tests.faults.examine import Finding, Harm, examine
from tests.faults.hospital import Hospital
from tests.faults.servers import SERVERS, Server
from tests.faults.tally import Row
from tests.integration.fleet.carrying import make_settings

STEPS: dict[str, Deed] = {"publish": publish, "pull": pull}
PLACE_BYTES = 4 << 20
CONNECT_SECONDS = 4.0


class RemoteSite:
    """A small site whose share lies on a server."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.folder = name, folder
        folder.mkdir(parents=True)
        self.disk = folder / "disk"
        self.disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={PLACE_BYTES}", "place", self.disk]
        subprocess.run(command, check=True, capture_output=True)
        (self.disk / "site").mkdir()
        (folder / "server").mkdir()
        self.server: Server = SERVERS[name](folder / "server", self.disk)
        self.hospital = Hospital(folder / "site")
        (self.hospital.folder / "share").rmdir()
        (self.hospital.folder / "share").symlink_to(self.disk / "site")
        keys = self.server.keys | {"connect_seconds": CONNECT_SECONDS}
        self.hospital.settings = make_settings({"share": keys}, place_seconds=60.0)

    def close(self) -> None:
        """Leave nothing running or mounted."""
        self.server.close()
        subprocess.run(["umount", self.disk], check=True)

    def examine(self) -> list[Finding]:
        """What lies at the place and on the machines."""
        self.server.mirror(self.disk)
        return examine(self.hospital)

    def do(self, deed: Deed) -> list[Finding]:
        """A step without a fault."""
        done, lines, trouble = Child(self.hospital, deed).end()
        self.hospital.acknowledge(lines)
        return [] if done else [Finding(Harm.STUCK, trouble[-1500:])]


Fault = Callable[[RemoteSite, Deed, float, random.Random], tuple[bool, list[str]]]
"""Breaks a step off; whether it came to its end all the same, and what it acknowledged."""


def break_remote(folder: Path, rounds: int, seed: int) -> list[Row]:
    """So many faults, dealt out to servers, faults and steps; a row for each."""
    folder.mkdir(exist_ok=True)
    chance = random.Random(seed)
    return [
        row
        for number, name in enumerate(SERVERS)
        for row in break_server(folder / name, name, _share(rounds, number), chance)
    ]


def _share(rounds: int, number: int) -> int:
    return (rounds + len(SERVERS) - 1 - number) // len(SERVERS)


def break_server(folder: Path, name: str, rounds: int, chance: random.Random) -> list[Row]:
    """Everything that may happen with one kind of server."""
    with closing(RemoteSite(folder, name)) as site:
        seconds = _learn(site)
        faults: dict[str, Fault] = {"client killed": _kill_client, "server gone": _stop_server}
        # A few rounds have each fault and each step once.
        kinds = [*zip(faults, STEPS, strict=True), *zip(faults, reversed(STEPS), strict=True)]
        if name != "S3":  # a bucket has no disk that could be full
            faults["place full"] = _fill_place
            kinds.append(("place full", "publish"))
        rows = {kind: Row(f"{name}, {kind[0]}: {kind[1]}") for kind in kinds}
        for number in range(rounds):
            fault, step = kinds[number % len(kinds)]
            findings, hit = _break_once(site, faults[fault], step, seconds[step], chance)
            rows[fault, step].note(findings, hit=hit)
    return [row for row in rows.values() if row.rounds]


def _learn(site: RemoteSite) -> dict[str, float]:
    seconds = {}
    for _ in range(2):
        site.hospital.go_on()
        for name, deed in (*STEPS.items(), ("open", open_fetched)):
            begun = time.monotonic()
            if findings := site.do(deed):
                raise AssertionError(findings[0].text)
            seconds[name] = time.monotonic() - begun
        if findings := site.examine():
            raise AssertionError(findings)
    return seconds


def _break_once(
    site: RemoteSite, fault: Fault, step: str, seconds: float, chance: random.Random
) -> tuple[list[Finding], bool]:
    """Break a step, look, let all go on, and look again; what was wrong, and whether the fault hit."""
    hospital = site.hospital
    hospital.go_on()
    findings: list[Finding] = []
    if step == "pull":
        findings += site.do(publish)
    done, lines = fault(site, STEPS[step], seconds, chance)
    hospital.acknowledge(lines)
    findings += site.examine()
    hospital.go_on()
    findings += list(_go_on(site))
    return findings, not done


def _go_on(site: RemoteSite) -> Iterator[Finding]:
    """With the place back the next runs bring all up to date, without a hand on them."""
    for deed in (publish, pull, open_fetched):
        yield from site.do(deed)
    yield from site.examine()
    if site.hospital.newest("opened") != site.hospital.newest("published"):
        yield Finding(Harm.STUCK, "the laptop does not have what was published")


def _kill_client(
    site: RemoteSite, deed: Deed, seconds: float, chance: random.Random
) -> tuple[bool, list[str]]:
    child = Child(site.hospital, deed)
    time.sleep(chance.uniform(0, seconds))
    child.kill()
    done, lines, _ = child.end()
    return done, lines


def _stop_server(
    site: RemoteSite, deed: Deed, seconds: float, chance: random.Random
) -> tuple[bool, list[str]]:
    child = Child(site.hospital, deed)
    time.sleep(chance.uniform(0, seconds))
    site.server.stop()
    done, lines, _ = child.end()
    site.server.start()
    return done, lines


def _fill_place(
    site: RemoteSite, deed: Deed, _seconds: float, chance: random.Random
) -> tuple[bool, list[str]]:
    """A random part of what a step needs is left at the place."""
    left, ballast = int(65_536 ** chance.random()), site.disk / "ballast"
    state = os.statvfs(site.disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, state.f_bavail * state.f_frsize - left))
    done, lines, _ = Child(site.hospital, deed).end()
    ballast.unlink()
    return done, lines
