"""What speaks against a laptop's past: an audit chain that does not hold, or two pasts of one laptop.

Such a bundle is refused. A person may merge it with a reason (`merge_untrusted_bundle`): a hospital
has to recover, and its paper is real whatever became of its audit. What was said of it stays.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from downtime.sync.bundle import OpenedBundle
from downtime.sync.model import TrustFailure, TrustFailureKind
from downtime.vault import audit, checkpoint


def find_trust_failure(
    bundle: OpenedBundle,
    known_hashes: Mapping[int, str],
    duplicate_numbers: Collection[str] = (),
) -> TrustFailure | None:
    """What speaks against a bundle whose signature holds; None when nothing does.

    `known_hashes` are those of the laptop's audit entries that were sent before, by number. The
    chain has to hold by itself, to run through its last signed point, and through all of them.
    `duplicate_numbers` are numbers of the bundle that stand for something else here.
    """
    card = bundle.card
    common = _count_common(bundle.chain, known_hashes)
    is_forked = common < min(len(bundle.chain), len(known_hashes))
    bad_entry = _first_bad_entry(bundle)
    if bad_entry is not None:
        kind, entry = TrustFailureKind.CHAIN_BROKEN, bad_entry
        has_branch = is_forked or bundle.header.sequence <= len(known_hashes)
    elif is_forked:
        kind, entry, has_branch = TrustFailureKind.CHAIN_FORKED, common + 1, True
    elif duplicate_numbers:
        kind, entry, has_branch = TrustFailureKind.DUPLICATE_NUMBERS, common + 1, True
    else:
        return None
    return TrustFailure(
        kind=kind,
        laptop=card.name,
        device=card.code,
        entry=entry,
        duplicates=len(duplicate_numbers),
        branch=f"{card.code}-{common + 1}" if has_branch else "",
    )


def continues_chain(chain: Sequence[Any], known_hashes: Mapping[int, str]) -> bool:
    """Whether a chain runs through all entries that are known, of which there are some, or is part of it."""
    shorter = min(len(chain), len(known_hashes))
    return bool(known_hashes) and _count_common(chain, known_hashes) == shorter


def _count_common(chain: Sequence[Any], known_hashes: Mapping[int, str]) -> int:
    """How many entries from the first one on are those that were sent before."""
    count = 0
    for entry in chain:
        if known_hashes.get(entry[0]) != entry[-1] or entry[0] != count + 1:
            break
        count += 1
    return count


def _first_bad_entry(bundle: OpenedBundle) -> int | None:
    """The first entry that does not hold, or that is missing; None when all is sound."""
    chain, point, card = bundle.chain, bundle.point, bundle.card
    verified = audit.verify_rows(chain)
    if verified.first_bad is not None:
        return verified.first_bad
    if verified.entries != bundle.header.sequence:
        return verified.entries + 1
    if point is None:
        return None
    if not checkpoint.is_signed(point, card.public_key) or point.device != card.code:
        return point.count
    if point.count > len(chain):
        return len(chain) + 1
    return None if point.count and chain[point.count - 1][-1] == point.head else point.count
