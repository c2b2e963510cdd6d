"""A lifecycle as a table: which state may follow which, checked before every move."""

from collections.abc import Mapping
from dataclasses import dataclass

from downtime.errors import ConflictError


@dataclass(frozen=True)
class Lifecycle:
    """`moves` maps each state to the states that may follow it; the first state is the start."""

    name: str
    moves: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        """A state that is only ever moved to, and has no row of its own, is a bug."""
        if unknown := {to for row in self.moves.values() for to in row} - set(self.moves):
            raise ValueError(f"{self.name}: no row for {', '.join(sorted(unknown))}")

    def check(self, from_: str, to: str) -> None:
        """ConflictError unless the table has the move."""
        if to in self.moves.get(from_, ()):
            return
        subject = self.name.replace("-", " ")
        allowed = " or ".join(f"'{state}'" for state in self.moves.get(from_, ()))
        raise ConflictError(
            f"{self.name}.move",
            f"This {subject} is '{from_}' and cannot become '{to}'.",
            f"From here it can only become {allowed}." if allowed else "That state is its last.",
        )

    def list_states_before(self, to: str) -> tuple[str, ...]:
        """The states from which `to` can be reached in one move."""
        return tuple(state for state, row in self.moves.items() if to in row)

    def to_mermaid(self) -> str:
        """The table as a Mermaid state diagram, for the documents."""
        start = next(iter(self.moves))
        lines = ["stateDiagram-v2", f"    [*] --> {_id(start)}"]
        for state, row in self.moves.items():
            lines += [f"    {_id(state)} --> {_id(to)}" for to in row] or [
                f"    {_id(state)} --> [*]"
            ]
        return "\n".join(lines)


def _id(state: str) -> str:
    return state.replace("-", "_")
