"""How long what waits will take to key, with an interval that holds. Pure.

Times to key a form are taken as log-normal: each kind of form has a mean of its own, and a variance that
is drawn towards that of all kinds, since few of a kind say little about it. The interval is Student's t on
the logarithm of the sum; it covers what really happens 9 times in 10 (tests/property/entry).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, variance
from typing import NamedTuple, TypeVar

LEAST_KEYED = 8
"""Under so many forms keyed nothing is said."""
PRIOR = 6.0
"""How many degrees of freedom the variance of all kinds stands for in that of one kind."""
USUAL_VARIANCE = 0.36
"""Of the logarithms between kinds of form while there are too few to tell: within a factor of two."""
_Z = 1.6448536269514722
"""The 95 % point of the normal distribution: a two-sided 90 % interval."""
_Kind = TypeVar("_Kind", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds in all, with the ends of the 90 % interval."""

    seconds: float
    low: float
    high: float


class _KindOfForm(NamedTuple):
    """The logarithm's mean with its variance, the variance of one form, and degrees of freedom."""

    mean: float
    of_mean: float
    of_one: float
    freedom: float

    @property
    def seconds(self) -> float:
        """What one form takes on average."""
        return exp(self.mean + (self.of_mean + self.of_one) / 2)


class _AllKinds(NamedTuple):
    """What all kinds have in common: variance of one form, mean of their means, how far these lie apart."""

    pooled: float
    prior: float
    overall: float
    between: float
    kinds: int


def estimate_keying(
    waiting: Mapping[_Kind, int], keyed: Mapping[_Kind, Sequence[float]]
) -> Estimate | None:
    """For how many forms wait of each kind, and how many seconds those took that were keyed.

    None under `LEAST_KEYED` in all: it is too early to say.
    """
    if sum(map(len, keyed.values())) < LEAST_KEYED:
        return None
    logs = {kind: [log(max(1.0, time)) for time in times] for kind, times in keyed.items() if times}
    common = _pool(list(logs.values()))
    counts = {kind: count for kind, count in waiting.items() if count}
    fitted = {kind: _fit_kind(logs.get(kind, ()), common) for kind in counts}
    total = sum(count * fitted[kind].seconds for kind, count in counts.items())
    if not total:
        return Estimate(0.0, 0.0, 0.0)
    parts = [*_list_parts(counts, fitted), *_list_common_parts(counts, fitted, logs, common)]
    of_total = sum(part for part, _ in parts)
    if not of_total:  # every form took as long
        return Estimate(total, total, total)
    freedom = of_total**2 / sum(part**2 / free for part, free in parts)
    reach = exp(student_quantile(freedom) * sqrt(log(1 + of_total / total**2)))
    return Estimate(total, total / reach, total * reach)


def _list_parts(
    counts: Mapping[_Kind, int], fitted: Mapping[_Kind, _KindOfForm]
) -> Iterator[tuple[float, float]]:
    """What each kind adds to the variance of the sum, with its degrees of freedom."""
    for kind, count in counts.items():
        row = fitted[kind]
        of_forms = count * row.seconds**2 * (exp(row.of_one) - 1)
        of_kind = exp(row.of_mean) - 1 + row.of_one**2 / (2 * row.freedom)
        yield of_forms + (count * row.seconds) ** 2 * of_kind, row.freedom


def _list_common_parts(
    counts: Mapping[_Kind, int],
    fitted: Mapping[_Kind, _KindOfForm],
    logs: Mapping[_Kind, Sequence[float]],
    common: _AllKinds,
) -> Iterator[tuple[float, float]]:
    """What is uncertain of all kinds at once: of those that nobody has keyed yet, where they lie."""
    unseen = sum(count * fitted[kind].seconds for kind, count in counts.items() if kind not in logs)
    freedom = max(1.0, common.kinds - 1.0)
    uncertain = common.between / common.kinds + common.between**2 / (2 * freedom)
    yield unseen**2 * uncertain, freedom
    little_known = sum(
        count * fitted[kind].seconds / (1 + len(logs.get(kind, ())))
        for kind, count in counts.items()
    )
    yield little_known**2 * common.pooled / common.kinds, freedom


def _pool(logs: Sequence[Sequence[float]]) -> _AllKinds:
    freedom = sum(len(times) - 1 for times in logs)
    squares = sum((len(times) - 1) * variance(times) for times in logs if len(times) > 1)
    pooled = squares / freedom if freedom else USUAL_VARIANCE
    means = [fmean(times) for times in logs]
    seen = (len(means) - 1) * variance(means) if len(means) > 1 else 0.0
    between = (seen + 3 * USUAL_VARIANCE) / (len(means) + 2)
    return _AllKinds(pooled, min(PRIOR, max(1.0, freedom)), fmean(means), between, len(means))


def _fit_kind(times: Sequence[float], common: _AllKinds) -> _KindOfForm:
    """Of a kind that nobody has keyed yet all others tell, with how far kinds lie apart."""
    if not times:
        free = max(1.0, common.kinds - 1.0)
        return _KindOfForm(common.overall, common.between, common.pooled, free)
    squares = (len(times) - 1) * variance(times) if len(times) > 1 else 0.0
    freedom = common.prior + len(times) - 1
    of_one = (common.prior * common.pooled + squares) / freedom
    weight = common.between / (common.between + of_one / len(times))
    mean = weight * fmean(times) + (1 - weight) * common.overall
    return _KindOfForm(mean, weight * of_one / len(times), of_one, freedom)


def student_quantile(freedom: float) -> float:
    """The 95 % point of Student's t, by the expansion of Fisher and Cornish (1960)."""
    z, free = _Z, max(freedom, 1.5)
    return (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )
