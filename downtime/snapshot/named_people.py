"""Whom a message means, before anybody is looked for: pure.

- A number that stands where none is known (`UNKNOWN`, `0000`: `feeds.placeholder_numbers`) identifies
  nobody, and is taken away. Who is left without any is named by their stay, else by their order, else
  by the message.
- The number of a visit, an order or a message is only as good as the name, birth date and sex that
  stand beside it: together they are one identifier.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from downtime.clinical.identifiers import Identifier, is_placeholder, simplify_number
from downtime.feeds.model import Change, Replacement
from downtime.snapshot.mentions import WEAK_TYPES, add_details
from downtime.snapshot.person_details import PersonDetails

Numbers = tuple[Identifier, ...]
Place = tuple[str, int, Numbers]
"""File, number of the message or row in it, and the person as sent."""
_STAND_INS = {"Encounter": "VN", "Appointment": "VN"}


class PersonNamer:
    """Names the person of each change by identifiers that can be believed."""

    def __init__(self, placeholders: Iterable[str]) -> None:
        simplified = frozenset(map(simplify_number, placeholders))
        self._choose = lru_cache(maxsize=65_536)(
            lambda numbers: _choose_numbers(numbers, simplified)
        )
        self._is_strong: Callable[[Numbers], bool] = lru_cache(maxsize=65_536)(_is_strong)
        self._strong: tuple[Numbers, Numbers] = (), ()
        """The person of the change before, as sent and as chosen."""
        self._content: Sequence[Change | Replacement] = ()
        self._by_place: dict[Place, list[Change]] = {}

    def choose_numbers(self, numbers: Numbers) -> Numbers:
        """The numbers that are none in the place of a number."""
        chosen: Numbers = self._choose(numbers)
        return chosen

    def name_person(
        self, change: Change, content: Sequence[Change | Replacement], message: str
    ) -> Numbers:
        """Who a change is about; `content` is all that its message or list says."""
        patient = change.patient
        if patient is self._strong[0]:  # most messages name one person in all their changes
            return self._strong[1]
        numbers = self.choose_numbers(patient)
        if not patient or self._is_strong(numbers):
            self._strong = patient, numbers
            return numbers
        changes = self._list_beside(change, content)
        number = numbers[0] if numbers else _find_stand_in(changes, change.source, message)
        return (add_details(number, str(_read_details(changes))),)

    def _list_beside(self, change: Change, content: Sequence[Change | Replacement]) -> list[Change]:
        """What the same message or row says of the same person."""
        if content is not self._content:
            self._content, self._by_place = content, defaultdict(list)
            for other in content:
                if isinstance(other, Change):
                    self._by_place[_get_place(other)].append(other)
        return self._by_place[_get_place(change)]


def _get_place(change: Change) -> Place:
    return change.position.file, change.position.number, change.patient


def _choose_numbers(numbers: Numbers, placeholders: frozenset[str]) -> Numbers:
    usable = tuple(number for number in numbers if not is_placeholder(number.value, placeholders))
    return numbers if len(usable) == len(numbers) else usable


def _is_strong(numbers: Numbers) -> bool:
    return any(number.type not in WEAK_TYPES for number in numbers)


def _read_details(changes: Iterable[Change]) -> PersonDetails:
    people = (other for other in changes if other.type == "Patient")
    return next((PersonDetails.of_patient(other.fields) for other in people), PersonDetails())


def _find_stand_in(changes: Iterable[Change], source: str, message: str) -> Identifier:
    keyed = [other for other in changes if other.key]
    stay = next((other for other in keyed if other.type in _STAND_INS), None)
    chosen = stay or next(iter(keyed), None)
    if chosen is None:
        return Identifier("MSG", source, message)
    return Identifier(_STAND_INS.get(chosen.type, "PLAC"), chosen.source, chosen.key)
