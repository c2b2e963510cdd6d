"""A question on one field of a form, with all that was said to it. Nothing of it is ever changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from downtime.vault.lifecycle import Lifecycle


class AuditAction(StrEnum):
    """What an entry of the audit says was done; the chain keeps the words."""

    QUERY_ANSWER = "query.answer"
    QUERY_ASK = "query.ask"
    QUERY_CLOSE = "query.close"


class QueryState(StrEnum):
    """How far a question has come."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


LIFECYCLE = Lifecycle(
    "query",
    {
        QueryState.OPEN: (QueryState.ANSWERED,),
        # Somebody else than who answered is content with it, or asks again.
        QueryState.ANSWERED: (QueryState.CLOSED, QueryState.OPEN),
        QueryState.CLOSED: (QueryState.OPEN,),  # the field is in question again
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryStep:
    """One thing said to a question, and the state to which it leads it; `at` is UTC as stored."""

    id: str
    """Begins with how many were known before it: what was said at one instant keeps its order."""
    query: str
    """The question that it belongs to."""
    serial: str
    field: str
    state: QueryState
    text: str
    at: str
    person: str
    person_name: str


@dataclass(frozen=True, slots=True)
class Query:
    """A question: its steps in the order of time, those of all machines."""

    steps: tuple[QueryStep, ...]
    state: QueryState
    answerer: str = ""
    """Who gave the answer that stands; empty while there is none."""

    @property
    def id(self) -> str:
        """Names it on every machine."""
        return self.first.query

    @property
    def first(self) -> QueryStep:
        """How it was asked."""
        return self.steps[0]

    @property
    def last(self) -> QueryStep:
        """What was said last."""
        return self.steps[-1]

    @property
    def serial(self) -> str:
        """The form that it is about."""
        return self.first.serial

    @property
    def field(self) -> str:
        """The key of the field that it is about."""
        return self.first.field

    @property
    def is_open(self) -> bool:
        """Whether the form cannot be done: nobody has answered, or nobody has closed it."""
        return self.state != QueryState.CLOSED

    @property
    def people(self) -> frozenset[str]:
        """Ids of all who said something to it."""
        return frozenset(step.person for step in self.steps)


def fold_steps(steps: Iterable[QueryStep]) -> list[Query]:
    """The questions that these steps make, each in its state; in the order in which they were asked.

    Two machines may have answered one question: what no longer leads anywhere is kept and shown, and
    changes no state.
    """
    steps_by_query: dict[str, list[QueryStep]] = {}
    for step in sorted(steps, key=lambda step: (step.at, step.id)):
        steps_by_query.setdefault(step.query, []).append(step)
    return [_fold(own_steps) for own_steps in steps_by_query.values()]


def _fold(steps: list[QueryStep]) -> Query:
    state, answerer = QueryState.OPEN, ""
    for step in steps:
        if step.state in LIFECYCLE.moves[state]:
            state = step.state
            answerer = step.person if state == QueryState.ANSWERED else answerer
    return Query(tuple(steps), state, answerer)
