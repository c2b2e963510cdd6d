"""The rule of a unit of blood on several forms: one event, returned once; see `tests/spec`. Pure.

A unit passes through the log of the fridge, the record of the bedside and the slip of its fate. What
they say of one patient and without contradiction is one event, and one of them stands for it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol, TypeVar

from downtime.paper.serials import shown
from downtime.reconcile.rules.said import Said
from downtime.reconcile.rules.verdict import instant
from downtime.reconcile.states import ALREADY_THERE, RESOLVED, RETURNED
from downtime.settings import Settings


class Way(NamedTuple):
    """Through which forms a unit passes, and which of them is returned."""

    forms: tuple[str, ...]
    record: str
    slip: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "Way":
        """As the site says."""
        said = settings.reconcile
        return cls(said.unit_forms, said.unit_record, timedelta(minutes=said.unit_slip_minutes))

    def place(self, one: Said) -> str:
        """Sorts forms of a unit: the record, then the last on its way, then any other; by time."""
        step = -1 if one.form == self.record else self._step(one.form)
        return f"{step + 1:03} {one.moment} {one.key}"

    def agree(self, one: Said, other: Said) -> bool:
        """Whether they are forms of two kinds that tell of one event of one patient.

        Two lines of one form are two things, such as the bags that one donation was split into.
        """
        if one.serial == other.serial:
            return True
        known = one.patient == other.patient != "" and one.sure and other.sure
        if not known or one.form == other.form:
            return False
        return not _contradict(outcome(one.fields), outcome(other.fields)) and self._in_order(
            one, other
        )

    def _in_order(self, one: Said, other: Said) -> bool:
        if one.form not in self.forms or other.form not in self.forms:
            return True
        if not one.moment or not other.moment:
            return True
        first, then = sorted((one, other), key=lambda said: self.forms.index(said.form))
        return instant(first.moment) - instant(then.moment) <= self.slip

    def _step(self, form: str) -> int:
        known = self.forms.index(form) if form in self.forms else -1
        return len(self.forms) - 1 - known


def outcome(fields: Mapping[str, str]) -> str:
    """What became of a unit: `given`, `returned`, `discarded`, `moved` …; empty: only taken."""
    status, reason = fields.get("status", ""), fields.get("reason", "")
    if status == "not-given" and reason:
        return reason
    return status or reason


def _contradict(one: str, other: str) -> bool:
    if not one or not other or one == other:
        return False
    return {one, other} not in ({"not-given", "returned"}, {"not-given", "discarded"})


class Unit(NamedTuple):
    """What is found of one form of a unit of which another form tells too."""

    place: str
    follows: Said | None
    """The form that stands for it."""
    against: Said | None
    """The form that it cannot be one event with."""


def found(group: Sequence[Said], way: Way) -> dict[str, Unit]:
    """By key, for a unit that is named on two forms at least."""
    if len({one.serial for one in group}) < 2:
        return {}
    places = {one.key: way.place(one) for one in group}
    firm: list[Said] = []
    clashing: dict[str, Said] = {}
    for one in sorted(group, key=lambda said: (*_weight(said), places[said.key])):
        other = next((earlier for earlier in firm if not way.agree(one, earlier)), None)
        if other:
            clashing[one.key] = other
        else:
            firm.append(one)
    going = [one for one in group if one.key not in clashing or one.settled < 2]
    following = followed(sorted(going, key=lambda said: places[said.key]), way.agree)
    return {
        one.key: Unit(
            places[one.key],
            None if one.key in clashing else following.get(one.key),
            clashing.get(one.key),
        )
        for one in group
    }


def _weight(one: Said) -> tuple[bool, bool, bool]:
    """Before the others what went out; after them what stays out, and what nobody can be named for."""
    return not one.out, one.left, not (one.patient and one.sure)


class Going(Protocol):
    """What may be returned, or stand behind another."""

    @property
    def key(self) -> str: ...
    @property
    def serial(self) -> str: ...
    @property
    def left(self) -> bool: ...
    @property
    def settled(self) -> int: ...


G = TypeVar("G", bound=Going)


def followed(ordered: Sequence[G], agree: Callable[[G, G], bool]) -> dict[str, G]:
    """Key of each that is not returned, to the one that stands for it; what was left stands for none."""
    stand: list[G] = []
    found: dict[str, G] = {}
    for one in sorted((one for one in ordered if not one.left), key=lambda said: said.settled):
        first = next((s for s in stand if s.serial != one.serial and agree(s, one)), None)
        if first and one.settled:
            found[one.key] = first
        else:
            stand.append(one)
    return found


def behind(serial: str, system: str, state: str, decision: str) -> str:
    """What the screen says of a form behind another one, which is of this state and decision."""
    if decision == RETURNED:
        how = "was returned already"
    elif decision == RESOLVED:
        how = "was done by hand elsewhere"
    elif state == ALREADY_THERE:
        how = f"{system} has already"
    else:
        how = "is the one that is returned"
    return f"The same unit is on form {shown(serial)}, which {how}: nothing to decide here."


def against(one: Said, other: Said) -> str:
    """What the screen adds to what was found of the first, about another form that contradicts it."""
    whose = one.patient and other.patient and one.patient != other.patient
    return clash(other.serial, other.became, out=other.out, whose=bool(whose))


def clash(serial: str, status: str = "", *, out: bool = False, whose: bool = False) -> str:
    """The same of a form by its serial; `whose`: it is for another patient."""
    form = f"Form {shown(serial)}{', returned already,' if out else ''}"
    words = f"{form} has this unit {f'as {status}' if status else 'too'}"
    return f"{words}{', for another patient' if whose else ''}: return one of the two at most."
