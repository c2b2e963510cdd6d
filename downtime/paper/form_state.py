"""The moves of a form, and the state that follows from all of them. Pure.

Moves are only ever added. So those of several machines are put together by taking all of them, in
any order, and every machine that holds the same moves sees the same state.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from downtime.paper.model import ISSUED, KEYED, LIFECYCLE, LOST, OUT, RETURNED, VOID

MOVE, SIGHTED, COPY, SAME, UNDO, LEGACY_STATE = "move", "seen", "copy", "same", "undo", "was"
"""A move by hand; the paper was in somebody's hand; it was a second paper of that serial; it was
the same paper seen once more; an earlier step was a slip; a state kept from before moves were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`step` counts up with each move that its `device` knows of; `undoes` names a step of it."""

    serial: str
    device: str
    step: int
    at: str
    person: str
    person_name: str
    kind: str
    state: str
    reason: str
    undoes: int = 0


@dataclass(frozen=True, slots=True)
class DerivedState:
    """The state of a form, and the last move that changed it; None while it has not moved."""

    state: str
    last: Move | None


def order_moves(moves: Iterable[Move]) -> list[Move]:
    """Those that count, earliest first: an undone one and its undoing are left out.

    A machine never dates a move before one that it knows of, so the order of times respects what
    followed from what even where clocks differ.
    """
    held = list(moves)
    undone = {(move.device, move.undoes) for move in held if move.undoes}
    left = [m for m in held if m.kind != UNDO and (m.device, m.step) not in undone]
    return sorted(left, key=lambda move: (move.at, move.step, move.device))


def derive_state(moves: Iterable[Move]) -> DerivedState:
    """Each move in its turn, as far as the lifecycle has it; one that it does not have is passed over."""
    state, last = ISSUED, None
    for move in order_moves(moves):
        after = next_state(state, move)
        if after != state:
            state, last = after, move
    return DerivedState(state, last)


def next_state(state: str, move: Move) -> str:
    """The state after a move.

    A form that is keyed was there, even if somebody else declared it void or lost meanwhile: what
    was keyed never disappears behind such a word.
    """
    if move.kind == LEGACY_STATE:
        return move.state
    if move.kind == SIGHTED:
        return RETURNED if state in (*OUT, LOST) else state
    if move.kind != MOVE:
        return state
    if move.state in LIFECYCLE.moves[state]:
        return move.state
    after_return = move.state in LIFECYCLE.moves[RETURNED]
    if state in OUT and after_return:
        return move.state
    return KEYED if move.state == KEYED and state in (VOID, LOST) else state


def count_unresolved_sightings(moves: Iterable[Move]) -> int:
    """How often one machine saw the paper again, and nobody has said yet what that means.

    Paper that travels is seen on several machines: only a second sight on the same one is odd.
    """
    again: dict[str, int] = {}
    for move in order_moves(moves):
        if move.kind == SIGHTED:
            again[move.device] = again.get(move.device, -1) + 1
        elif move.kind in (COPY, SAME):
            again[move.device] = again.get(move.device, 0) - 1
    return sum(max(0, n) for n in again.values())
