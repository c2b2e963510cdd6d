"""The state of a form, as it follows from all of its moves. Pure.

Moves are only ever added. So those of several machines are put together by taking all of them, in
any order, and every machine that holds the same moves sees the same state.
"""

from collections.abc import Iterable
from typing import NamedTuple

from downtime.paper.model import LIFECYCLE, OUT, FormState, Move, MoveKind


class DerivedState(NamedTuple):
    """The state of a form, and the last move that changed it; None while it has not moved."""

    state: FormState
    last: Move | None


def order_moves(moves: Iterable[Move]) -> list[Move]:
    """Those that count, earliest first: an undone one and its undoing are left out.

    A machine never dates a move before one that it knows of, so the order of times respects what
    followed from what even where clocks differ.
    """
    known = list(moves)
    undone = {(move.device, move.undoes) for move in known if move.undoes}
    counted = [m for m in known if m.kind != MoveKind.UNDO and (m.device, m.step) not in undone]
    return sorted(counted, key=lambda move: (move.at, move.step, move.device))


def derive_state(moves: Iterable[Move]) -> DerivedState:
    """Each move in its order, as far as the lifecycle has it; one that it does not have is skipped.

    So is the word of one person who says that a paper came back and then that it is void, on whatever
    machines: that takes two.
    """
    state, last = FormState.ISSUED, None
    for move in order_moves(moves):
        following = next_state(state, move)
        if following == FormState.VOID and state == FormState.RETURNED and _is_by_same(last, move):
            continue
        if following != state:
            state, last = following, move
    return DerivedState(state, last)


def _is_by_same(last: Move | None, move: Move) -> bool:
    return last is not None and last.person == move.person and move.kind == MoveKind.MOVE


def next_state(state: FormState, move: Move) -> FormState:
    """The state after a move.

    A form that is keyed was there, even if somebody else declared it void or lost meanwhile: what
    was keyed never disappears behind such a word.
    """
    if move.kind == MoveKind.LEGACY_STATE:
        return FormState(move.state)
    if move.kind == MoveKind.REINSTATED:
        return FormState.RETURNED if state in (FormState.VOID, FormState.LOST) else state
    if move.kind == MoveKind.SIGHTED:
        return FormState.RETURNED if state in (*OUT, FormState.LOST) else state
    if move.kind != MoveKind.MOVE:
        return state
    target = FormState(move.state)
    if target in LIFECYCLE.moves[state]:
        return target
    if state in OUT and target in LIFECYCLE.moves[FormState.RETURNED]:
        return target
    is_keyed_meanwhile = target == FormState.KEYED and state in (FormState.VOID, FormState.LOST)
    return target if is_keyed_meanwhile else state


def count_unresolved_sightings(moves: Iterable[Move]) -> int:
    """How often one machine saw the paper again, and nobody has said yet what that means.

    Paper that travels is seen on several machines: only a second sight on the same one is odd.
    """
    repeats: dict[str, int] = {}
    for move in order_moves(moves):
        if move.kind == MoveKind.SIGHTED:
            repeats[move.device] = repeats.get(move.device, -1) + 1
        elif move.kind in (MoveKind.COPY, MoveKind.SAME):
            repeats[move.device] = repeats.get(move.device, 0) - 1
    return sum(max(0, n) for n in repeats.values())
