"""Which files lead from a snapshot to a newer one: the deltas between, or a full file and what follows it; pure."""

from collections.abc import Sequence

from downtime.transport.pointer import CarriedFile, Pointer


def find_chain(recent: Sequence[CarriedFile], base: int, pointer: Pointer) -> list[CarriedFile]:
    """The deltas that lead without a gap from `base` to the pointer's number; none if they do not."""
    chain: list[CarriedFile] = []
    for file in recent:
        if file.base == (chain[-1].sequence if chain else base):
            chain.append(file)
    return chain if chain and chain[-1].sequence == pointer.sequence else []


def follow_full(pointer: Pointer, recent: Sequence[CarriedFile]) -> list[CarriedFile]:
    """The full file, and the deltas that follow it."""
    return [pointer.full, *find_chain(recent, pointer.full.sequence, pointer)]
