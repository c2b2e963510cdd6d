"""Places, lists, keys and versions of a simulated year, and what a person has to decide."""

import shutil

from downtime.fleet.fleet_status import list_fleet
from downtime.fleet.places import FolderPlace
from downtime.fleet.pull_snapshot import Opener, pull_from_stick
from tests.year.choose import DAY, HOUR, any_laptop, any_ward_laptop
from tests.year.computers import Computer
from tests.year.hospital import PATIENTS, WARDS, Stay
from tests.year.record import Harm
from tests.year.year import MINUTE, Year

SEEN_FROM = PATIENTS - 1
"""A ward of fewer than this may be empty at once, as in a night (`churn.ward_min_patients`)."""


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


def close_ward(year: Year) -> None:
    """A ward closes and its patients go home: it looks wrong, and a person releases it."""
    ward = year.chance.choice(WARDS)
    _empty_ward(year, ward)
    year.after(HOUR, lambda y: y.decide_at_publisher(is_true=True))
    year.after(HOUR + MINUTE, lambda y: y.publish())

    def open_again(y: Year) -> None:
        y.hospital.fill_ward(ward, y.now)

    year.after(2 * DAY, open_again)


def _empty_ward(year: Year, ward: str) -> tuple[Stay, ...]:
    """Nearly all of a ward go at once; of more than a few nobody may publish that unseen."""
    gone = year.hospital.empty_ward(ward, year.now)
    before = len(year.record.published)
    year.publish()
    if len(gone) >= SEEN_FROM and len(year.record.published) > before:
        text = f"all of {ward} were let go, and that was published unseen"
        year.record.harm(Harm.UNTRUE, year.now, text)
    return gone


def send_wrong_discharges(year: Year) -> None:
    """A system lets a ward go by mistake: it is kept back, rejected, and taken back."""
    ward = max(WARDS, key=lambda ward: sum(stay.ward == ward for stay in year.hospital.beds))
    gone = _empty_ward(year, ward)
    year.after(HOUR, lambda y: y.decide_at_publisher(is_true=False))
    year.after(HOUR + MINUTE, lambda y: y.hospital.cancel_discharges(gone, y.now))


def send_wrong_discharges_under_wrong_clock(year: Year) -> None:
    """The same while the publisher's clock is a month ahead: that is no month in which they may go."""
    year.publisher.clock.set_off(30 * DAY)
    send_wrong_discharges(year)
    year.after(2 * HOUR, lambda y: y.publisher.clock.correct())
