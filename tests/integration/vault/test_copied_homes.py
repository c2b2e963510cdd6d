"""A thousand homes are copied, put back, cut off and robbed of their marks: no number comes twice."""

import contextlib
import os
import random
import shutil
from pathlib import Path

from downtime.config import Home
from downtime.outage.downtime_numbers import issue_numbers
from downtime.paper.serials import make_serial
from downtime.paper.take_serials import take_serials
from downtime.settings import Settings
from downtime.vault import copied_home, device, raise_marks, schema
from downtime.vault.database import transaction
from downtime.vault.marks import MarkName
from downtime.vault.model import Actor
from downtime.vault.vault import Vault
from tests.conftest import NOW, new_home

ROUNDS = int(os.environ.get("COPY_ROUNDS", "40"))
ACTOR = Actor("u-1", "Amina Ward", "K7")


class Fleet:
    """Homes of one machine code, all of them alive, and copies in a cupboard."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.key, self.count = folder, os.urandom(32), 0
        self.random = random.Random(seed)
        self.given: list[str] = []
        first = new_home(folder / "first")
        device.create_device(first, self.key, "K7", "Ward laptop 7")
        with self.open(first, check=False) as vault:
            schema.create_schema(vault.db, vault.clock)
        self.homes, self.cupboard = [first], []

    @contextlib.contextmanager
    def open(self, home: Home, *, check: bool = True):
        vault = Vault(home, self.key, lambda: NOW)
        try:
            if check:
                copied_home.check_at_opening(vault)
            yield vault
            vault.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            vault.close()

    def new_folder(self) -> Path:
        self.count += 1
        return self.folder / f"home-{self.count}"

    def give_out(self, home: Home) -> None:
        """Some numbers of each kind, as a pack and the page of numbers take them."""
        with self.open(home) as vault:
            count = self.random.choice((1, 3, 40, 700))
            with transaction(vault.db) as db:
                ranges = raise_marks.take_numbers(vault, db, MarkName.SERIAL, count, 0, 999_999)
            self.given += [
                f"serial {block} {first + n}" for block, first, size in ranges for n in range(size)
            ]
            with vault.change(ACTOR, "snapshot.build") as db:
                number = raise_marks.take_snapshot_number(vault, db, (1, 0))
            if number.epoch == 1:
                self.given.append(f"snapshot {number}")
            self.given += issue_numbers(vault, Settings(), 1, ACTOR, "")

    def cut_off(self, home: Home) -> None:
        """A program that dies between the mark and its commit: its paper may be printed already."""
        with (
            self.open(home) as vault,
            contextlib.suppress(InterruptedError),
            transaction(vault.db) as db,
        ):
            raise_marks.take_numbers(vault, db, MarkName.SERIAL, 5, 0, 999_999)
            raise InterruptedError

    def keep(self, home: Home) -> None:
        self.cupboard.append(Path(shutil.copytree(home.path, self.new_folder())))

    def put_vault_back(self, home: Home) -> None:
        if self.cupboard:
            shutil.copy2(self.random.choice(self.cupboard) / "vault.db", home.vault_file)

    def put_home_back(self, home: Home) -> None:
        """As `cp -a` does it: into the files that are there."""
        if self.cupboard:
            source = self.random.choice(self.cupboard)
            for name in ("vault.db", "marks"):
                if (source / name).exists():
                    shutil.copy2(source / name, home.path / name)

    def put_home_anew(self, home: Home) -> None:
        """As rsync does it: each file aside, then renamed."""
        if self.cupboard:
            source = self.random.choice(self.cupboard)
            for name in ("vault.db", "marks"):
                if (source / name).exists():
                    shutil.copy2(source / name, home.path / ".aside")
                    (home.path / ".aside").replace(home.path / name)

    def copy(self, home: Home) -> None:
        """Another machine goes on from here, as does this one."""
        self.homes.append(Home(Path(shutil.copytree(home.path, self.new_folder()))))
        if len(self.homes) > 6:
            self.homes.pop(self.random.randrange(6))

    def start_from_the_cupboard(self, _: Home) -> None:
        if self.cupboard:
            source = self.random.choice(self.cupboard)
            self.homes.append(Home(Path(shutil.copytree(source, self.new_folder()))))

    def lose_marks(self, home: Home) -> None:
        home.marks_file.unlink(missing_ok=True)

    def put_marks_back(self, home: Home) -> None:
        if self.cupboard and (marks_file := self.random.choice(self.cupboard) / "marks").exists():
            shutil.copy2(marks_file, home.marks_file)


DEEDS = (
    *[Fleet.keep] * 3, Fleet.put_vault_back, Fleet.put_home_back, Fleet.put_home_anew,
    Fleet.copy, Fleet.start_from_the_cupboard, Fleet.lose_marks, Fleet.put_marks_back,
    Fleet.cut_off,
)  # fmt: skip


def test_no_number_comes_twice(tmp_path):
    fleet = Fleet(tmp_path, seed=ROUNDS)
    fleet.give_out(fleet.homes[0])
    for _ in range(ROUNDS):
        home = fleet.random.choice(fleet.homes)
        fleet.random.choice(DEEDS)(fleet, home)
        fleet.give_out(fleet.random.choice(fleet.homes))
        fleet.give_out(home if home in fleet.homes else fleet.homes[-1])
        for stale in fleet.cupboard[:-8]:
            shutil.rmtree(stale)
            fleet.cupboard.remove(stale)
    assert len(fleet.given) > ROUNDS * 100
    assert len(set(fleet.given)) == len(fleet.given)


def test_the_check_has_teeth(tmp_path, monkeypatch):
    """Without the marks, the same deeds give numbers twice."""
    monkeypatch.setattr(raise_marks, "follow_marks", _forget)
    fleet = Fleet(tmp_path, seed=1)
    fleet.give_out(fleet.homes[0])
    fleet.keep(fleet.homes[0])
    fleet.give_out(fleet.homes[0])
    fleet.put_vault_back(fleet.homes[0])
    fleet.give_out(fleet.homes[0])
    assert len(set(fleet.given)) < len(fleet.given)


def _forget(vault, db):
    """What an allocator without a file beside the vault knows."""
    return raise_marks._read_own_memory(vault, db)


def test_serials_say_their_block(tmp_path):
    fleet = Fleet(tmp_path, seed=1)
    with fleet.open(fleet.homes[0]) as vault, transaction(vault.db) as db:
        assert take_serials(vault, db, "K7", 2)[1] == (make_serial("K7", 2), 2)
    fleet.copy(fleet.homes[0])
    with fleet.open(fleet.homes[1]) as vault, transaction(vault.db) as db:
        ((serial, position),) = take_serials(vault, db, "K7", 1)
        assert (len(serial), position) == (12, 1)
