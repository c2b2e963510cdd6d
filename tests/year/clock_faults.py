"""Clocks of a simulated year: they jump, stand still, lose their battery; machines sleep and restart."""

from datetime import timedelta

from tests.year.choose import DAY, HOUR, any_laptop
from tests.year.year import Year

SHIFTS = (-365 * DAY, -DAY, -3 * HOUR, HOUR, DAY, 365 * DAY)
CLOSE_LOOK = 5 * HOUR


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
