"""Bundles, lists, marks and pointers with bits turned, cut short, or exchanged: none is believed."""

import hashlib
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import orjson

from downtime.config import Home
from downtime.errors import UserError
from downtime.fleet import machine_list
from downtime.sync import bundle as handover
from downtime.transport.pointer import POINTER, RECENT
from downtime.vault import machines
from downtime.vault.back_up_home import SUFFIX as BACKUP
from downtime.vault.marks import read_marks
from downtime.vault.restore_home import restore_home
from tests.faults.breaks import Child, Deed
from tests.faults.deeds import DEEDS
from tests.faults.examine import Finding, Harm
from tests.faults.hospital import Hospital
from tests.faults.tally import Row
from tests.integration.fleet.carrying import fetch

TURNS = 4


@dataclass(frozen=True, slots=True)
class Target:
    """Content that is damaged, and whether something wrong was believed of it."""

    name: str
    content: bytes
    others: tuple[bytes, ...]
    """Genuine ones that are not it: older, another machine's, another kind's."""
    is_believed: Callable[[bytes], bool]
    share: int = 1
    """How often it is tried beside the others."""


def damage(content: bytes, others: tuple[bytes, ...], chance: random.Random) -> bytes:
    """Another content: some bits turned, cut short, parts exchanged, or a genuine other one."""
    while True:
        match chance.randrange(5):
            case 0 | 1:
                changed = bytearray(content)
                for _ in range(chance.choice((1, 1, 1, 2, 8))):
                    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            case 2:
                changed = bytearray(content[: chance.randrange(len(content))])
            case 3:
                changed, other = bytearray(content), chance.choice((content, *others))
                size = chance.randint(1, max(1, len(other) // 4))
                begin = chance.randrange(len(changed))
                source = chance.randrange(max(1, len(other) - size))
                changed[begin : begin + size] = other[source : source + size]
            case _:
                changed = bytearray(chance.choice((*others, content + b"\n", content * 2)))
        if changed != content:
            return bytes(changed)


def damage_everything(folder: Path, rounds: int, seed: int) -> list[Row]:
    """So many changes, dealt out to all that a machine may be shown."""
    hospital, chance = Hospital(folder), random.Random(seed)
    for _ in range(TURNS):
        hospital.go_on()
        for name in DEEDS:
            _do(hospital, DEEDS[name])
    with hospital.open("RS") as station:
        targets = _list_targets(hospital, station)
        rows = {target.name: Row(f"damaged {target.name}") for target in targets}
        dealt = [target for target in targets for _ in range(target.share)]
        for number in range(rounds):
            target = dealt[number % len(dealt)]
            changed = damage(target.content, target.others, chance)
            is_wrong = target.is_believed(changed)
            text = hashlib.sha256(changed).hexdigest()
            findings = [Finding(Harm.BELIEVED, text)] if is_wrong else []
            rows[target.name].note(findings, hit=not is_wrong)
    return list(rows.values())


def _do(hospital: Hospital, deed: Deed) -> None:
    done, lines, trouble = Child(hospital, deed).end()
    if not done:
        raise AssertionError(trouble)
    hospital.acknowledge(lines)


def _list_targets(hospital: Hospital, station) -> list[Target]:
    laptop, share = hospital.machines["WD"].home, hospital.folder / "share"
    pointer = orjson.loads((share / POINTER).read_bytes())
    signed, older = _sign_lists(hospital, laptop)
    with hospital.open("WD"):
        exported = hospital.machines["WD"].export(hospital.machines["RS"]).data
    with hospital.open("WD"):
        exported_later = hospital.machines["WD"].export(hospital.machines["RS"]).data
    backup = max((hospital.folder / "backups").glob(f"*{BACKUP}"))
    copy = _copy(hospital, laptop)
    bundles = {path.name: path.read_bytes() for path in share.glob("*.downtime")}
    at_share = _Share(hospital, copy, share, bundles)
    for part in ("full", "delta"):
        at_share.believes_bundle(part, bundles[pointer[part]["name"]])
        if not at_share.is_newest_fetched:
            raise AssertionError("what is not damaged is refused")
    targets = [
        Target(
            f"bundle ({part})", bundles[pointer[part]["name"]],
            tuple(data for name, data in bundles.items() if name != pointer[part]["name"]),
            lambda data, part=part: at_share.believes_bundle(part, data), share=6,
        )
        for part in ("full", "delta")
    ]  # fmt: skip
    marks = laptop.marks_file.read_bytes()
    others = tuple(
        hospital.machines[code].home.marks_file.read_bytes()
        for code in ("PB", "RS")
        if hospital.machines[code].home.marks_file.exists()
    )
    return [
        *targets,
        Target("pointer", (share / POINTER).read_bytes(), tuple(bundles.values()),
               lambda data: at_share.believes(POINTER, data), share=6),
        Target("list of deltas", (share / RECENT).read_bytes(), ((share / POINTER).read_bytes(),),
               lambda data: at_share.believes(RECENT, data), share=3),
        Target("list of machines", signed, older, lambda data: _believes_list(copy, signed, data),
               share=6),
        Target("marks", marks, others, lambda data: _believes_marks(copy, marks, data), share=6),
        Target("handover bundle", exported, (backup.read_bytes(),),
               lambda data: _believes_export(station, hospital, (exported, exported_later), data),
               share=4),
        Target("backup", backup.read_bytes(), (exported,),
               lambda data: _believes_backup(hospital, backup.read_bytes(), data)),
    ]  # fmt: skip


def _copy(hospital: Hospital, laptop: Home) -> Home:
    """The laptop's home again, of which nothing is opened: only what works locked."""
    copy = Home(hospital.folder / "copy")
    shutil.copytree(laptop.path, copy.path)
    return copy


def _sign_lists(hospital: Hospital, laptop: Home) -> tuple[bytes, tuple[bytes, ...]]:
    """The list that the laptop believes, and others: older, unsigned by half, of another site."""
    current = machines.read_list(laptop)
    other = type(hospital.site)()
    other.machines = hospital.site.machines
    strange = other.sign().signed.data
    fewer = orjson.loads(current.signed.data)
    fewer["roots"] = fewer["roots"][:0]
    return current.signed.data, (strange, orjson.dumps(fewer))


class _Share:
    """The share as a place that somebody can write in; each look begins as the one before."""

    def __init__(self, hospital: Hospital, home: Home, share: Path, bundles: dict) -> None:
        self._hospital, self._home, self._bundles = hospital, home, bundles
        self._share = share
        self._runs = {path.name: path.read_bytes() for path in home.runs_folder.iterdir()}
        self._pointer = orjson.loads((share / POINTER).read_bytes())
        self._newest = self._pointer["sequence"]
        self.is_newest_fetched = False

    def believes_bundle(self, part: str, data: bytes) -> bool:
        """With a pointer that fits what lies there: whoever can write there writes both."""
        named = self._pointer[part] | {
            "sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
        }  # fmt: skip
        pointer = self._pointer | {part: named}
        (self._share / POINTER).write_bytes(orjson.dumps(pointer))
        try:
            return self.believes(named["name"], data, knows=part == "delta")
        finally:
            (self._share / POINTER).write_bytes(orjson.dumps(self._pointer))

    def believes(self, name: str, data: bytes, *, knows: bool = False) -> bool:
        """Whether a laptop keeps anything but what the publisher made, or a number of nobody."""
        path = self._share / name
        genuine = path.read_bytes()
        path.write_bytes(data)
        try:
            return self._fetch(knows=knows)
        finally:
            path.write_bytes(genuine)

    def _fetch(self, *, knows: bool) -> bool:
        shutil.rmtree(self._home.inbox_folder, ignore_errors=True)
        for path in self._home.runs_folder.iterdir():
            path.unlink()
        laptop = SimpleNamespace(home=self._home, now=self._hospital.clock.now)
        if knows:
            self._know_the_one_before()
        _, state = fetch(laptop, self._hospital.settings)
        self.is_newest_fetched = state.sequence == self._newest
        kept = {path.name: path.read_bytes() for path in self._home.inbox_folder.glob("*.downtime")}
        return state.sequence > self._newest or any(
            self._bundles.get(name) != content for name, content in kept.items()
        )

    def _know_the_one_before(self) -> None:
        for name, content in self._runs.items():
            if content:  # a lock has none
                before = {"sequence": self._newest - 1, "waiting": [], "places": {}}
                content = orjson.dumps(orjson.loads(content) | before)
            (self._home.runs_folder / name).write_bytes(content)


def _believes_list(copy: Home, genuine: bytes, data: bytes) -> bool:
    try:
        machine_list.receive_list(copy, data)
    except UserError:
        return False
    return data != genuine


def _believes_marks(copy: Home, genuine: bytes, data: bytes) -> bool:
    """Other bytes may say the same, as of a signature's last character; another mark is not believed."""
    copy.marks_file.write_bytes(data)
    read = read_marks(copy)
    copy.marks_file.write_bytes(genuine)
    return read is not None and read.signed_bytes != read_marks(copy).signed_bytes


def _believes_export(station, hospital: Hospital, genuine: tuple[bytes, ...], data: bytes) -> bool:
    try:
        handover.open_bundle(station, hospital.settings, data)
    except UserError:
        return False
    return data not in genuine


def _believes_backup(hospital: Hospital, genuine: bytes, data: bytes) -> bool:
    home, file = Home(hospital.folder / "damaged"), hospital.folder / "damaged.backup"
    file.write_bytes(data)
    try:
        restore_home(file, home, hospital.recovery)
    except UserError:
        return home.path.exists()
    shutil.rmtree(home.path)
    return data != genuine
