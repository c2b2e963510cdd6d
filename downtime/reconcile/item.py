"""What a comparison finds of one fact. Pure."""

from dataclasses import dataclass

from downtime.entry.facts import Fact, Person


@dataclass(frozen=True, slots=True)
class Item:
    """One fact with what the comparison found; `key` is the fact's."""

    fact: Fact
    state: str
    explanation: str
    patient: str = ""
    """Id of the patient in the recovered snapshot."""
    matched: tuple[str, ...] = ()
    """Ids of the live records that were found to mean the same."""
    person: Person = Person()
    """Whom a returned message names: the recovered system's patient, with the downtime number."""
    second: bool = False
    """Whether a second person confirms what is decided."""

    @property
    def key(self) -> str:
        return self.fact.key
