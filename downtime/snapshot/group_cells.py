"""Which mentions are settled together: those between which there is any link. Pure."""

from collections.abc import Iterable, Iterator, Set

NOBODY = 0
"""The mention of what names nobody: places, and records that lack their patient."""


def group_mentions(
    mentions: Iterable[int], links: Iterable[tuple[int, object]], nobodys: Set[int]
) -> list[list[int]]:
    """Groups of mentions, each sorted, that share no link with another one.

    `links` are mentions with a thing by which they hang together, mentions of one thing one after
    the other. `nobodys` hang together with what names nobody.
    """
    parents = {mention: mention for mention in mentions}

    def find_root(mention: int) -> int:
        parents.setdefault(mention, mention)
        while parents[mention] != mention:
            parents[mention] = parents[parents[mention]]
            mention = parents[mention]
        return mention

    last: tuple[int, object] | None = None
    for mention, link in links:
        if last is not None and last[1] == link:
            first, second = sorted((find_root(last[0]), find_root(mention)))
            parents[second] = first
        last = (mention, link)
    for mention in nobodys:
        parents[find_root(mention)] = find_root(NOBODY)
    groups: dict[int, list[int]] = {}
    for mention in sorted(parents):
        groups.setdefault(find_root(mention), []).append(mention)
    return list(groups.values())


def split_groups(groups: Iterable[list[int]], size: int) -> Iterator[list[list[int]]]:
    """Some groups at a time, with about so many mentions in all."""
    batch: list[list[int]] = []
    for group in groups:
        batch.append(group)
        if sum(map(len, batch)) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
