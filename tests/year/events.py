"""What happens once or some times in a year: clocks, losses, copies, keys, upgrades, quarantines."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from downtime.config import Home
from downtime.errors import UserError
from downtime.fleet.fleet_status import list_fleet
from downtime.fleet.machine_list import describe_revocation
from downtime.fleet.places import FolderPlace
from downtime.fleet.publish_everywhere import publish_everywhere
from downtime.fleet.pull_snapshot import Opener, pull_from_stick
from downtime.snapshot import local_snapshots
from downtime.transport.pace import Pace
from downtime.vault.back_up_home import back_up_home
from downtime.vault.model import MachineRole
from downtime.vault.restore_home import restore_home
from tests.year.computers import Computer
from tests.year.hospital import WARDS
from tests.year.record import Harm
from tests.year.site import WHY
from tests.year.year import BEGIN, MINUTE, Happening, Year

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHIFTS = (-365 * DAY, -DAY, -3 * HOUR, HOUR, DAY, 365 * DAY)
CLOSE_LOOK = 5 * HOUR


def any_laptop(year: Year) -> Computer:
    """One of those that work."""
    working = [one for one in year.laptops.values() if one.works and one.is_connected]
    return year.chance.choice(working or list(year.laptops.values()))


def any_ward_laptop(year: Year) -> Computer:
    """One that is no records station."""
    wards = [one for one in year.laptops.values() if one.role is MachineRole.WARD_LAPTOP]
    return year.chance.choice([one for one in wards if one.works and one.is_connected] or wards)


# Clocks


def shift_clock(year: Year) -> None:
    """A laptop's clock jumps, and is set right some hours later."""
    laptop, shift = any_laptop(year), year.chance.choice(SHIFTS)
    laptop.clock.set_off(shift)
    year.be_busy(CLOSE_LOOK)
    year.after(timedelta(hours=year.chance.randint(2, 30)), lambda y: laptop.clock.correct())


def shift_clock_offline(year: Year) -> None:
    """The same on a laptop that reaches nothing meanwhile."""
    laptop = any_laptop(year)
    laptop.is_connected = False
    year.after(HOUR, lambda y: laptop.clock.set_off(y.chance.choice(SHIFTS)))

    def end(_: Year) -> None:
        laptop.clock.correct()
        laptop.is_connected = True

    year.after(timedelta(hours=year.chance.randint(5, 40)), end)


def stop_clock(year: Year) -> None:
    """A laptop's clock stands still while it runs."""
    laptop = any_laptop(year)
    laptop.is_connected = year.chance.random() < 0.5
    laptop.clock.stop()
    year.be_busy(CLOSE_LOOK)

    def end(_: Year) -> None:
        laptop.clock.correct()
        laptop.is_connected = True

    year.after(timedelta(hours=year.chance.randint(2, 20)), end)


def lose_battery(year: Year) -> None:
    """A laptop without a clock battery is off for long, and goes on from when it was switched off."""
    laptop = any_laptop(year)
    year.sign_in(laptop)
    off_since = laptop.clock()
    laptop.is_on = False
    goes_back = year.chance.choice((timedelta(), timedelta(), 2 * HOUR))

    def start(y: Year) -> None:
        laptop.is_on, laptop.is_connected = True, False
        laptop.clock.restart(off_since - goes_back)
        y.sign_in(laptop)
        y.after(6 * HOUR, connect)

    def connect(y: Year) -> None:
        laptop.is_connected = True
        y.sign_in(laptop)
        y.after(HOUR, lambda _: laptop.clock.correct())

    year.after(timedelta(hours=year.chance.randint(2, 70)), start)


def restart(year: Year) -> None:
    """A laptop is switched off and on; its clock is right."""
    laptop = any_laptop(year)
    laptop.is_on = False

    def start(y: Year) -> None:
        laptop.is_on = True
        laptop.clock.restart()
        y.sign_in(laptop)

    year.after(timedelta(minutes=year.chance.choice((2, 45, 900, 4000))), start)


def sleep(year: Year) -> None:
    """A lid is closed for long."""
    laptop = any_laptop(year)
    laptop.is_asleep = True

    def wake(y: Year) -> None:
        laptop.is_asleep = False
        y.sign_in(laptop)

    year.after(timedelta(hours=year.chance.randint(3, 90)), wake)


def shift_publisher(year: Year) -> None:
    """The publisher's own clock is wrong for some hours."""
    year.publisher.clock.set_off(year.chance.choice((-DAY, -HOUR, HOUR, DAY, 30 * DAY)))
    year.be_busy(3 * HOUR)
    year.after(2 * HOUR, lambda y: y.publisher.clock.correct())


# Places


def go_away(year: Year) -> None:
    """A laptop reaches nothing for days or weeks, and now and then somebody brings a stick."""
    laptop = any_laptop(year)
    laptop.is_connected = False
    days = year.chance.choice((2, 9, 36))
    for day in range(1, days, 7):
        year.after(day * DAY, lambda y: bring_stick(y, laptop))

    def come_back(y: Year) -> None:
        laptop.is_connected = True
        y.sign_in(laptop)

    year.after(days * DAY, come_back)


def bring_stick(year: Year, laptop: Computer) -> None:
    """What lies at the share is carried to a laptop by hand."""
    if laptop.code not in year.laptops or not laptop.works or year.chance.random() < 0.3:
        return
    shutil.rmtree(year.stick)
    shutil.copytree(year.share, year.stick)
    with laptop.open() as vault:
        opener, place = Opener(vault, laptop.actor, {}), FolderPlace(path=str(year.stick))
        pull_from_stick(laptop.settings, opener, "stick", place)
    year.record.counts["sticks"] += 1
    year.sign_in(laptop)


def lose_place(year: Year) -> None:
    """The share is not there for a day: the other place serves."""
    aside = year.share.with_name("share-off")
    if aside.exists():
        return
    year.share.rename(aside)
    year.share.write_text("not a folder")

    def come_back(y: Year) -> None:
        y.share.unlink()
        aside.rename(y.share)

    year.after(DAY, come_back)


# Machines


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
        y.after(MINUTE, lambda y: y._pull_regularly(new.code))
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
    copy = year.folder / f"vault-{laptop.code}-{next(year._numbers)}"
    shutil.copy2(laptop.home.vault_file, copy)
    key = laptop.data_key

    def put_back(y: Year) -> None:
        if laptop.code in y.laptops and laptop.data_key == key:
            shutil.copy2(copy, laptop.home.vault_file)
            y.give_out_numbers(laptop)
            y.sign_in_if_on(laptop.code)
            y.record.counts["vaults put back"] += 1
        copy.unlink()

    year.after(timedelta(days=year.chance.choice((1, 4))), put_back)


def copy_laptop(year: Year) -> None:
    """A laptop's home is copied; original and copy both work for some days."""
    laptop = any_laptop(year)
    path = laptop.copy_home(year.folder / f"copy-{laptop.code}-{next(year._numbers)}")
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
    path = year.folder / f"restored-{computer.code}-{next(year._numbers)}"
    restore_home(file, Home(path), year.site.recovery)
    (path / "config.toml").touch()
    computer.move_home(path)
    file.unlink()
    year.record.counts["homes restored"] += 1


# Lists, keys, versions


def renew_list(year: Year) -> None:
    """The list is signed anew."""
    year.attempt("renew the list", lambda: year.site.renew(year.publisher))


def rotate_root(year: Year) -> None:
    """A keeper's stick is lost."""
    year.attempt("rotate the root", lambda: year.site.rotate(year.publisher))


def renew_key(year: Year) -> None:
    """Somebody leaves: a machine's data key is renewed."""
    computer = year.chance.choice([*year.laptops.values(), year.publisher])
    year.attempt("renew a key", computer.renew_key)


def change_wards(year: Year) -> None:
    """A laptop goes to other wards."""
    laptop = any_ward_laptop(year)
    laptop.wards = year.chance.choice((("W1",), ("W2",), ("W3",), ("W1", "W2"), ("W2", "W3"), ()))
    year.attempt("give wards", lambda: year.site.give_wards(year.publisher, laptop))
    year.shown.pop(laptop.code, None)
    year.publish()
    for minutes in (1, 2):
        year.after(minutes * MINUTE, lambda y: y.sign_in_if_on(laptop.code))


def upgrade(year: Year) -> None:
    """All machines but one get the next version of the program; the publisher hears of all of them."""
    number = int(year.publisher.version.split(".")[1]) + 1
    machines = [year.publisher, *year.laptops.values()]
    behind = any_laptop(year)
    for machine in machines:
        if machine is not behind:
            machine.version = f"1.{number}.0"
    year.be_busy(HOUR)
    year.after(2 * HOUR, check_versions)


def check_versions(year: Year) -> None:
    """What the publisher says of each machine's version is what that machine runs."""
    year.publish()
    publisher = year.publisher
    for status in list_fleet(publisher.home, publisher.settings, publisher.clock):
        laptop = year.laptops.get(status.machine.code)
        if laptop is None or status.heartbeat is None or not (laptop.works and laptop.is_connected):
            continue
        year.record.counts["versions compared"] += 1
        is_told = status.heartbeat.version == laptop.version
        if not is_told and laptop.clock.is_right and not laptop.clock.was_wrong:
            text = f"{laptop.code} runs {laptop.version}, told as {status.heartbeat.version}"
            year.record.harm(Harm.STUCK, year.now, text)


def print_paper(year: Year) -> None:
    """Every machine that works gives out some numbers."""
    for laptop in year.laptops.values():
        if laptop.works:
            year.give_out_numbers(laptop)


# Quarantine


def close_ward(year: Year) -> None:
    """A ward closes and its patients go home: it looks wrong, and a person releases it."""
    ward = year.chance.choice(WARDS)
    year.hospital.empty_ward(ward, year.now)
    year.publish()
    year.after(HOUR, lambda y: y.decide_at_publisher(is_true=True))
    year.after(HOUR + MINUTE, lambda y: y.publish())

    def open_again(y: Year) -> None:
        y.hospital.fill_ward(ward, y.now)

    year.after(2 * DAY, open_again)


def send_wrong_discharges(year: Year) -> None:
    """A system lets a ward go by mistake: it is kept back, rejected, and taken back."""
    ward = max(WARDS, key=lambda ward: sum(stay.ward == ward for stay in year.hospital.beds))
    gone = year.hospital.empty_ward(ward, year.now)
    before = len(year.record.published)
    year.publish()
    if len(year.record.published) > before:
        text = f"all of {ward} were let go by mistake, and that was published unseen"
        year.record.harm(Harm.UNTRUE, year.now, text)
    year.after(HOUR, lambda y: y.decide_at_publisher(is_true=False))
    year.after(HOUR + MINUTE, lambda y: y.hospital.cancel_discharges(gone, y.now))


def send_wrong_discharges_under_wrong_clock(year: Year) -> None:
    """The same while the publisher's clock is a month ahead: that is no month in which they may go."""
    year.publisher.clock.set_off(30 * DAY)
    send_wrong_discharges(year)
    year.after(2 * HOUR, lambda y: y.publisher.clock.correct())


A_YEAR: Mapping[Happening, int] = {
    shift_clock: 20, shift_clock_offline: 14, stop_clock: 10, lose_battery: 10, restart: 40,
    sleep: 40, shift_publisher: 8, go_away: 8, lose_place: 12, lose_laptop: 5, put_vault_back: 8,
    copy_laptop: 6, restore_laptop: 6, rebuild_publisher: 4, replace_publisher: 1, renew_list: 4,
    rotate_root: 3, renew_key: 6, change_wards: 5, upgrade: 6, print_paper: 300, close_ward: 5,
    send_wrong_discharges: 5, send_wrong_discharges_under_wrong_clock: 3,
}  # fmt: skip
"""How often each happens in 365 days; in fewer days at least once each."""


def plan(year: Year, days: int) -> None:
    """Deal all of it out over the days."""
    for happening, times in A_YEAR.items():
        for _ in range(max(1, round(times * days / 365))):
            # not on the last day: what it leads to is seen as well
            minutes = year.chance.randint(60, max(61, (days - 1) * 1440))
            year.at(BEGIN + timedelta(minutes=minutes), happening)
