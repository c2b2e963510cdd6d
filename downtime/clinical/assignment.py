"""Which of several things each of others is: one for one, and the best sum of all. Pure.

Two results on paper and one in the laboratory: first-free takes the wrong one where facts compete, so
the sum of all costs decides (the shortest augmenting path of Jonker and Volgenant, Computing 38, 1987).
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def assign(choices: Sequence[Mapping[K, int]], nothing: Sequence[int]) -> list[K | None]:
    """For each row the key it gets, or None: no key twice, and the least sum of costs.

    `choices` are the costs (0 or more) of the keys that a row may get, `nothing` what it costs to get
    none. Where sums are equal, the later row gets none.
    """
    if all(choices) and _cheapest_are_free(choices, nothing):
        return [min(choice, key=choice.__getitem__) for choice in choices]
    columns = {
        key: number for number, key in enumerate(dict.fromkeys(k for c in choices for k in c))
    }
    last = len(columns) + len(choices) - 1
    edges = [
        [(columns[key], cost) for key, cost in choice.items()] + [(last - row, nothing[row])]
        for row, choice in enumerate(choices)
    ]
    keys: list[K | None] = [*columns, *[None] * len(choices)]
    return [keys[column] for column in _solve(edges)]


def _cheapest_are_free(choices: Sequence[Mapping[K, int]], nothing: Sequence[int]) -> bool:
    """Whether each row can have the cheapest of its own: mostly so, and then there is nothing to solve."""
    cheapest = {min(choice, key=choice.__getitem__) for choice in choices}
    costs = zip(choices, nothing, strict=True)
    return len(cheapest) == len(choices) and all(min(c.values()) <= none for c, none in costs)


def _solve(edges: Sequence[Sequence[tuple[int, int]]]) -> list[int]:
    """The column of each row; each row has a last column that is its alone."""
    column_of, row_of = [-1] * len(edges), dict[int, int]()
    row_price, column_price = [0] * len(edges), dict[int, int]()
    for start in range(len(edges)):
        distance, previous, settled = dict[int, int](), dict[int, int](), list[int]()
        row, length = start, 0
        while True:
            for column, cost in edges[row]:
                path = length + cost - row_price[row] - column_price.get(column, 0)
                if path < distance.get(column, path + 1):
                    distance[column], previous[column] = path, row
            length, _, column = min(
                (far, key in row_of, key) for key, far in distance.items() if key not in settled
            )
            settled.append(column)
            if column not in row_of:
                break
            row = row_of[column]
        row_price[start] += length
        for reached in settled[:-1]:
            row_price[row_of[reached]] += length - distance[reached]
            column_price[reached] = column_price.get(reached, 0) - length + distance[reached]
        while True:
            row_of[column] = row = previous[column]
            column_of[row], column = column, column_of[row]
            if row == start:
                break
    return column_of
