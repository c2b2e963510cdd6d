"""Compare many sets of forms on every core: other processes compare sets, and so does this one.

Each keeps what it finds in transactions of its own; the sets may come in any order.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from downtime.processes.pool import Hand
from downtime.reconcile.compare.compare_forms import FormsCompared, FormComparer, ComparisonTask
from downtime.reconcile.hand import Told
from downtime.reconcile.identity.match_patient import Links
from downtime.vault.vault import Vault

AHEAD = 2
"""Sets that a process is given at once: it goes on while this one compares one of its own."""
WORTH_IT = 8_000
"""Forms from which the start of another process, a second of its time, is soon made up for."""

Stamps = Mapping[str, str]
"""A set: the serial of each form to the stamp of its entry."""


def compare_all(
    vault: Vault,
    task: ComparisonTask,
    linked: Links,
    here: FormComparer,
    sets: Sequence[Stamps],
    cores: int,
) -> Iterator[FormsCompared]:
    """Compare every set, here and in `cores - 1` other processes; yields what was found of each."""
    worth_it = sum(len(stamps) for stamps in sets) >= WORTH_IT
    told = Told(vault.home.path, vault.data_key, vault.clock(), task, dict(linked))
    with ExitStack() as stack:
        hands = [
            stack.enter_context(Hand("downtime.reconcile.hand", told))
            for _ in range(cores - 1 if worth_it else 0)
        ]
        for stamps in sets:
            free = [hand for hand in hands if hand.waiting < AHEAD]
            if free:
                min(free, key=lambda hand: hand.waiting).give(stamps)
            else:
                yield here.compare(stamps, linked)
            yield from _answers(hands)
        for hand in hands:
            while hand.owed:
                yield hand.take()


def _answers(hands: Sequence[Hand]) -> Iterator[FormsCompared]:
    for hand in hands:
        while hand.answered:
            yield hand.take()
