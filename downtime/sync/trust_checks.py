"""What speaks against a laptop's past: an audit chain that does not hold, or two pasts of one laptop.

Such a bundle is refused. A person may take it over with a reason (`take.take_over`): a hospital has
to recover, and its paper is real whatever became of its audit. What was said of it stays for good.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from downtime.errors import UntrustedError
from downtime.sync.bundle import BundleHeader
from downtime.vault import audit, checkpoint
from downtime.vault.device import Card
from downtime.vault.model import Checkpoint

_NEXT = (
    "Keep the file and tell security. Nothing of it was taken; a records supervisor can take it"
    " over with a reason (downtime sync merge-untrusted), which the statement will say."
)


@dataclass(frozen=True, slots=True)
class TrustFailure:
    """Why a bundle is not believed. `branch` names a second past of one laptop: `K7-41`."""

    code: str
    sentence: str
    branch: str = ""

    @property
    def error(self) -> UntrustedError:
        """What it is refused with."""
        return UntrustedError(self.code, self.sentence, _NEXT)


def find_trust_failure(
    chain: Sequence[Any],
    point: Checkpoint | None,
    header: BundleHeader,
    card: Card,
    held: Mapping[int, str],
    clashes: Collection[str] = (),
) -> TrustFailure | None:
    """What speaks against a bundle whose signature holds; None when nothing does.

    `held` are the hashes of the laptop's audit entries that were handed over before, by number.
    The chain has to hold by itself, to run through its last signed point, and through all of them.
    `clashes` are serials and downtime numbers of the bundle that stand for something else here.
    """
    same = _count_common(chain, held)
    other_past = same < min(len(chain), len(held))
    if (bad := _first_bad_entry(chain, point, header, card)) is not None:
        branch = other_past or header.sequence <= len(held)
        return TrustFailure(
            "sync.chain-broken",
            f"The audit chain of {card.name} ({card.code}) does not hold from entry {bad} on: what"
            " this laptop says was changed, or its disk has failed.",
            f"{card.code}-{same + 1}" if branch else "",
        )
    if other_past:
        return TrustFailure(
            "sync.chain-forked",
            f"This bundle of {card.name} ({card.code}) does not continue the one taken before, from"
            f" entry {same + 1} on: its past was rewritten, or the laptop was put back from a backup"
            " and went on from there. Two papers may carry one serial.",
            f"{card.code}-{same + 1}",
        )
    if clashes:
        return TrustFailure(
            "sync.clash",
            f"{len(clashes)} serials or downtime numbers in the bundle of {card.name} ({card.code})"
            " stand for something else here: a laptop was put back from a backup.",
            f"{card.code}-{same + 1}",
        )
    return None


def _count_common(chain: Sequence[Any], held: Mapping[int, str]) -> int:
    """How many entries from the first one on are those that were handed over before."""
    count = 0
    for entry in chain:
        if held.get(entry[0]) != entry[-1] or entry[0] != count + 1:
            break
        count += 1
    return count


def _first_bad_entry(
    chain: Sequence[Any], point: Checkpoint | None, header: BundleHeader, card: Card
) -> int | None:
    """The first entry that does not hold, or that is missing; None when all is sound."""
    walked = audit.verify_rows(chain)
    if walked.first_bad is not None:
        return walked.first_bad
    if walked.entries != header.sequence:
        return walked.entries + 1
    if point is None:
        return None
    if not checkpoint.is_signed(point, card.public_key) or point.device != card.code:
        return point.count
    if point.count > len(chain):
        return len(chain) + 1
    return None if point.count and chain[point.count - 1][-1] == point.head else point.count
