"""What may be said of an outage: which systems, since when, and what never mixes."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from downtime.clock import from_text
from downtime.errors import ConflictError, InputError
from downtime.outage.model import Outage, OutageState, SystemOutage

DECLARED_WITHIN = timedelta(days=31)
"""An older start is a slip: events, packs and forms count as an outage's from its start on."""


def check_system_names(systems: Sequence[str], known: Sequence[str]) -> None:
    """InputError that names the first system the site does not have."""
    for name in systems:
        if name not in known:
            raise InputError(
                "outage.system",
                f"This site has no system called '{name}'.",
                f"Name one of: {', '.join(known)}.",
            )
    if not systems:
        raise InputError(
            "outage.system", "No system was named.", f"Name one of: {', '.join(known)}."
        )


def check_start(since: str, now: str) -> None:
    """InputError for a failure that has not happened yet, or so long ago that it was mistyped."""
    if since > now:
        raise InputError(
            "outage.start", "A system cannot have failed in the future.", "Give an earlier time."
        )
    if since and from_text(since) < from_text(now) - DECLARED_WITHIN:
        raise InputError(
            "outage.start",
            f"That is more than {DECLARED_WITHIN.days} days ago.",
            "Check the date; give a later time.",
        )


def check_can_declare(
    outages: Sequence[Outage], systems: Sequence[str], since: str, *, drill: bool
) -> None:
    """ConflictError for a drill beside a real outage, or a system that was down then already."""
    unclosed = [item for item in outages if item.state != OutageState.CLOSED and not item.drill]
    if drill and unclosed:
        raise ConflictError(
            "outage.drill",
            f"{unclosed[0].label} is not closed, and a drill never mixes with an outage.",
            "Drill once its books are closed.",
        )
    same_kind = [item for item in outages if item.drill == drill]
    for name in systems:
        _check_was_up(name, since, same_kind)


def _check_was_up(name: str, since: str, outages: Iterable[Outage]) -> None:
    for failure in _list_failures(name, outages):
        if not failure.ended:
            raise ConflictError(
                "outage.already", f"{name} is already declared down.", "Leave it out."
            )
        if since and since < failure.ended:
            raise ConflictError(
                "outage.overlap",
                f"{name} was down until later than that already.",
                "Give a time after it was restored, or correct the earlier outage.",
            )


def _list_failures(name: str, outages: Iterable[Outage]) -> list[SystemOutage]:
    return [system for item in outages for system in item.systems if system.name == name]


def check_are_down(outage: Outage | None, systems: Sequence[str]) -> Outage:
    """The open outage; ConflictError for a system that is not down, InputError without any."""
    for name in systems:
        if outage is None or name not in outage.down:
            raise ConflictError(
                "outage.not-down",
                f"{name} is not declared down.",
                "Name a system that is down now; the outage page lists them.",
            )
    if outage is None or not systems:
        raise InputError("outage.none", "No system was named.", "Name at least one system.")
    return outage


def check_end(outage: Outage, systems: Sequence[str], at: str, now: str) -> None:
    """InputError for a return before the loss, or in the future."""
    lost = max(s.declared for s in outage.systems if s.name in systems and not s.ended)
    if at and not lost <= at <= now:
        raise InputError(
            "outage.end",
            "A system comes back after it was lost, and not in the future.",
            "Give a time between then and now.",
        )


def check_is_unclosed(outage: Outage) -> None:
    """ConflictError once the books of an outage are closed."""
    if outage.state == OutageState.CLOSED:
        raise ConflictError(
            "outage.closed",
            f"{outage.label} is closed: its statement stands.",
            "Open its books again first, with a reason.",
        )


def check_can_reopen(outage: Outage, unclosed: Iterable[Outage]) -> None:
    """ConflictError while its books are open, or beside an unclosed outage of the other kind."""
    if outage.state != OutageState.CLOSED:
        raise ConflictError(
            "outage.not-closed", f"The books of {outage.label} are open.", "Nothing needs doing."
        )
    for other in unclosed:
        if other.drill != outage.drill:
            raise ConflictError(
                "outage.drill",
                f"{other.label} is not closed, and a drill never mixes with an outage.",
                "Close that one first.",
            )


def check_can_correct(outage: Outage, name: str) -> SystemOutage:
    """The last failure of a system in an outage; ConflictError when its books are closed."""
    check_is_unclosed(outage)
    failures = _list_failures(name, [outage])
    if not failures:
        raise ConflictError(
            "outage.not-in",
            f"{name} is not part of {outage.label}.",
            "Name a system of that outage.",
        )
    return failures[-1]


def check_new_start(failure: SystemOutage, since: str, outages: Iterable[Outage], now: str) -> None:
    """InputError for a loss after the return; ConflictError for one within an earlier failure."""
    if not since:
        raise InputError("outage.start", "No time was given.", "Say since when it was down.")
    check_start(since, failure.ended or now)
    earlier = [
        other
        for other in _list_failures(failure.name, outages)
        if other.declared < failure.declared and other.ended > since
    ]
    if earlier:
        raise ConflictError(
            "outage.overlap",
            f"{failure.name} was down until later than that already.",
            "Give a time after it was restored.",
        )


def check_is_open(outage: Outage | None) -> Outage:
    """The outage; ConflictError when no system is down."""
    if outage is None:
        raise ConflictError(
            "outage.none", "No system is declared down.", "See the list of outages."
        )
    return outage


def check_none_open(outage: Outage | None, wanted: Outage) -> None:
    """ConflictError when another outage than the wanted one has systems down."""
    if outage is not None and outage.id != wanted.id:
        raise ConflictError(
            "outage.other",
            f"{outage.label} has systems down, and {wanted.label} is over.",
            "Declare the system down again: it belongs to the one that is open.",
        )
