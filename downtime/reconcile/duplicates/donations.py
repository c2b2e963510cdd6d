"""The forms of one donation: which are of one unit, which of them stands, which need a person. Pure.

Each component of a donation is a unit of its own. A form that names no component is of the one that the
others name; where they name several, or in words of which nobody can tell, a person decides.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from downtime.reconcile.duplicates.blood_units import BloodUnitRules
from downtime.reconcile.duplicates.model import FormStatement
from downtime.reconcile.rules.blood_components import Component


class UnitFinding(NamedTuple):
    """What is found of one form of a unit of which another form tells too."""

    place: str
    follows: FormStatement | None
    """The form that stands for it."""
    against: FormStatement | None
    """The form that it cannot be one event with."""
    component: str = ""
    """Which of the donation's components it is, where forms name several."""
    doubtful: bool = False
    """Whether it is `against` a form only because either may be of another component."""


def find_units(group: Sequence[FormStatement], way: BloodUnitRules) -> dict[str, UnitFinding]:
    """By key, for a unit that is named on two forms at least."""
    if len({one.serial for one in group}) < 2:
        return {}
    donation = _Donation.of(group, way)
    places = {one.key: way.sort_key(one) for one in group}
    firm: list[FormStatement] = []
    clashing: dict[str, FormStatement] = {}
    for one in sorted(group, key=lambda said: (*donation.rank(said), places[said.key])):
        other = next((earlier for earlier in firm if donation.clash(one, earlier)), None)
        if other:
            clashing[one.key] = other
        else:
            firm.append(one)
    going = [one for one in group if one.key not in clashing or one.settlement_rank < 2]
    following = find_representatives(
        sorted(going, key=lambda said: places[said.key]), donation.agree
    )
    return {
        one.key: donation.unit(one, places[one.key], following.get(one.key), clashing.get(one.key))
        for one in group
    }


class _Donation(NamedTuple):
    """The forms of one donation number, with what each calls the component."""

    way: BloodUnitRules
    components: Mapping[str, Component]
    several: bool
    """Whether the forms name two components: one that names none may then mean any."""

    @classmethod
    def of(cls, group: Sequence[FormStatement], way: BloodUnitRules) -> "_Donation":
        components = {one.key: way.component(one) for one in group}
        return cls(way, components, len({c.name for c in components.values()} - {""}) > 1)

    def name(self, one: FormStatement) -> str:
        """Its component, where forms name several."""
        return self.components[one.key].name if self.several else ""

    def is_apart(self, one: FormStatement, other: FormStatement) -> bool:
        """Whether they are two units."""
        return self.components[one.key].is_apart(self.components[other.key])

    def is_doubtful(self, one: FormStatement, other: FormStatement) -> bool:
        """Whether a person has to say if they are of one component."""
        if one.serial == other.serial:
            return False
        open_to_any = bool(self.name(one)) != bool(self.name(other))
        return open_to_any or self.components[one.key].is_doubtful(self.components[other.key])

    def agree(self, one: FormStatement, other: FormStatement) -> bool:
        """Whether they tell of one event."""
        if self.is_apart(one, other) or self.is_doubtful(one, other):
            return False
        return self.way.is_one_event(one, other)

    def clash(self, one: FormStatement, other: FormStatement) -> bool:
        """Whether both cannot be returned without that somebody looks."""
        return not self.is_apart(one, other) and not self.agree(one, other)

    def rank(self, one: FormStatement) -> tuple[bool, ...]:
        """Sorts those that are in doubt after the others."""
        return (*_weight(one), self.several and not self.name(one))

    def unit(
        self,
        one: FormStatement,
        place: str,
        follows: FormStatement | None,
        against: FormStatement | None,
    ) -> UnitFinding:
        """What is found of one of them."""
        if against is None:
            return UnitFinding(place, follows, None, self.name(one))
        doubtful = self.is_doubtful(one, against) and self.way.is_one_event(one, against)
        return UnitFinding(place, None, against, self.name(one) or self.name(against), doubtful)


def _weight(one: FormStatement) -> tuple[bool, bool, bool]:
    """Before the others what went out; after them what stays out, and what nobody can be named for."""
    return not one.is_returned, one.is_left_out, not (one.patient and one.is_patient_certain)


class Going(Protocol):
    """What may be returned, or stand behind another."""

    @property
    def key(self) -> str: ...
    @property
    def serial(self) -> str: ...
    @property
    def is_left_out(self) -> bool: ...
    @property
    def settlement_rank(self) -> int: ...


G = TypeVar("G", bound=Going)


def find_representatives(ordered: Sequence[G], agree: Callable[[G, G], bool]) -> dict[str, G]:
    """Key of each that is not returned, to the one that stands for it; what was left stands for none."""
    stand: list[G] = []
    found: dict[str, G] = {}
    for one in sorted(
        (one for one in ordered if not one.is_left_out), key=lambda said: said.settlement_rank
    ):
        first = next((s for s in stand if s.serial != one.serial and agree(s, one)), None)
        if first and one.settlement_rank:
            found[one.key] = first
        else:
            stand.append(one)
    return found
