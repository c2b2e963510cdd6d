"""Machines of a simulated year that are lost, copied, put back, rebuilt and replaced."""

import shutil
from contextlib import suppress
from datetime import timedelta

from downtime.config import Home
from downtime.errors import UserError
from downtime.fleet.machine_list import describe_revocation
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.snapshot import local_snapshots
from downtime.transport.pace import Pace
from downtime.vault.back_up_home import back_up_home
from downtime.vault.model import MachineRole
from downtime.vault.restore_home import restore_home
from tests.year.choose import DAY, HOUR, any_laptop, any_ward_laptop
from tests.year.computers import Computer
from tests.year.record import Harm
from tests.year.site import WHY
from tests.year.year import MINUTE, Year


def lose_laptop(year: Year) -> None:
    """A laptop is stolen, revoked a day later, and replaced; the thief's goes on asking."""
    lost = any_ward_laptop(year)
    lost.is_stolen = True

    def revoke(y: Year) -> None:
        if lost.code not in y.laptops:
            return
        del y.laptops[lost.code]
        y.shown.pop(lost.code, None)
        y.attempt("revoke", lambda: y.site.revoke(y.publisher, lost.code))
        y.publish()
        y.strangers.append(lost)
        revoked_at = y.now
        new = y.enrol(y.next_code(), MachineRole.WARD_LAPTOP, lost.wards)
        y.publish()
        y.after(MINUTE, lambda y: y.pull_regularly(new.code))
        for hours in (1, 8, 30):
            y.after(hours * HOUR, lambda y: try_as_thief(y, lost, revoked_at))

    year.after(DAY, revoke)


def try_as_thief(year: Year, lost: Computer, revoked_at) -> None:
    """A revoked machine may fetch what it likes: it can open nothing that was made since."""
    if year.now < revoked_at:
        return
    lost.is_on, lost.is_asleep, lost.is_connected = True, False, True
    for _ in range(2):  # a new pointer of its old wards may hide the list once
        with suppress(UserError):
            year.sign_in(lost)
    with lost.open() as vault, suppress(UserError):
        with local_snapshots.open_current_snapshot(vault) as snapshot:
            header = snapshot.header
        held = year.record.published.get((header.key, header.epoch, header.sequence))
        year.record.counts["attempts of thieves"] += 1
        if not describe_revocation(lost.home):
            year.record.harm(
                Harm.REVOKED, year.now, f"{lost.code} does not know that it is revoked"
            )
        if held and held.made >= revoked_at:
            text = f"{lost.code} was revoked and opened {header.sequence}"
            year.record.harm(Harm.REVOKED, year.now, text)


def put_vault_back(year: Year) -> None:
    """A laptop's vault is put back from some days ago."""
    laptop = any_laptop(year)
    copy = year.folder / f"vault-{laptop.code}-{year.next_number()}"
    laptop.close()
    shutil.copy2(laptop.home.vault_file, copy)
    key = laptop.data_key

    def put_back(y: Year) -> None:
        if laptop.code in y.laptops and laptop.data_key == key:
            laptop.close()
            shutil.copy2(copy, laptop.home.vault_file)
            y.give_out_numbers(laptop)
            y.sign_in_if_on(laptop.code)
            y.record.counts["vaults put back"] += 1
        copy.unlink()

    year.after(timedelta(days=year.chance.choice((1, 4))), put_back)


def copy_laptop(year: Year) -> None:
    """A laptop's home is copied; original and copy both work for some days."""
    laptop = any_laptop(year)
    path = laptop.copy_home(year.folder / f"copy-{laptop.code}-{year.next_number()}")
    original, key = laptop.home, laptop.data_key
    year.record.counts["homes copied"] += 1

    def use_both(y: Year) -> None:
        if laptop.code not in y.laptops or laptop.data_key != key or laptop.home != original:
            return
        y.give_out_numbers(laptop)
        laptop.move_home(path)
        y.give_out_numbers(laptop)
        y.sign_in_if_on(laptop.code)
        laptop.move_home(original.path)

    for hours in (1, 9, 26):
        year.after(hours * HOUR, use_both)


def restore_laptop(year: Year) -> None:
    """A laptop breaks, and its backup of some days ago goes on elsewhere."""
    laptop = any_laptop(year)
    file, key = _back_up(year, laptop), laptop.data_key

    def put_back(y: Year) -> None:
        if laptop.code in y.laptops and laptop.data_key == key:
            _restore(y, laptop, file)
            y.give_out_numbers(laptop)
            y.sign_in_if_on(laptop.code)

    year.after(timedelta(days=year.chance.choice((1, 3))), put_back)


def rebuild_publisher(year: Year) -> None:
    """The publisher breaks, is rebuilt from its backup, and systems send again what came since."""
    publisher = year.publisher
    file, key, since = _back_up(year, publisher), publisher.data_key, year.now

    def rebuild(y: Year) -> None:
        if y.publisher is not publisher or publisher.data_key != key:
            return
        _restore(y, publisher, file)
        y.record.counts["publishers rebuilt"] += 1
        y.hospital.live(y.now)
        again = [sent.text for sent in y.sent if sent.moment > since]
        y.publish_again("".join(again))
        y.be_busy(HOUR)

    year.after(timedelta(hours=year.chance.randint(5, 70)), rebuild)


def replace_publisher(year: Year) -> None:
    """The publisher is stolen: another one takes its place, and the old one goes on publishing lies."""
    old = year.publisher
    new = year.make(year.next_code(), MachineRole.PUBLISHER)
    year.site.add(old, new)
    year.publisher = new
    old.reach(year.second)
    year.attempt("revoke", lambda: year.site.revoke(new, old.code))
    year.publish_again("".join(sent.text for sent in year.sent))
    year.record.counts["publishers replaced"] += 1
    year.be_busy(2 * HOUR)

    def publish_lies(y: Year) -> None:
        feed = y.folder / "lies.hl7"
        feed.write_text(y.sent[0].text)
        with old.open() as vault, suppress(UserError):
            publish_everywhere(
                vault, old.settings, old.actor, Pace(), paths=[feed], down={}, every_seconds=300
            )

    for hours in (2, 30):
        year.after(hours * HOUR, publish_lies)


def _back_up(year: Year, computer: Computer):
    with computer.open() as vault:
        return back_up_home(vault, year.folder / "backups", computer.actor, WHY).path


def _restore(year: Year, computer: Computer, file) -> None:
    path = year.folder / f"restored-{computer.code}-{year.next_number()}"
    restore_home(file, Home(path), year.site.recovery)
    (path / "config.toml").touch()
    computer.move_home(path)
    file.unlink()
    year.record.counts["homes restored"] += 1
