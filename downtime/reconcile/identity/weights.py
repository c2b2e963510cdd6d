"""What each detail counts for or against a match, in bits: the table of `weights.toml`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log2

from downtime.config import read_data_file
from downtime.reconcile.identity.agreement import Agreement
from downtime.snapshot.store.opened_snapshot import Snapshot

_TABLE = read_data_file("downtime.reconcile.identity", "weights.toml")
LIMITS: Mapping[str, int] = _TABLE.pop("limits")
WEIGHTS: Mapping[str, Mapping[Agreement, int]] = {
    detail: {Agreement(name): bits for name, bits in row.items()} for detail, row in _TABLE.items()
}
"""Detail to what each finding about it counts; a detail or finding without a row is no evidence."""

_MOVED_BY_RARITY = (Agreement.SAME, Agreement.VARIANT, Agreement.SLIP, Agreement.PART)


@dataclass(frozen=True, slots=True)
class Population:
    """How common names are among the patients of a hospital.

    `count_name` gives the number of patients with a folded name. Where few are counted, a name's
    expected share (the average of the table) keeps a small hospital from making every name common.
    """

    size: int
    count_name: Callable[[str], int]
    day: str = ""
    """On which ages are reckoned (ISO); empty where nobody is known to be grown up."""

    def bits_of(self, name: str, expected_bits: int) -> float:
        """What it counts that two people share this name: more, the rarer it is."""
        expected = LIMITS["expected_patients"]
        share = (self.count_name(name) + expected * 2.0**-expected_bits) / (self.size + expected)
        return min(max(-log2(share), LIMITS["commonest_name"]), LIMITS["rarest_name"])


def read_population(snapshot: Snapshot) -> Population:
    """The names of a hospital's patients; ages are reckoned on the day of the snapshot."""
    return Population(snapshot.patients, snapshot.count_patients_with, snapshot.header.created)


NO_POPULATION = Population(0, lambda name: 0)
"""Every name is as common as the table takes the average one to be."""


def weigh_name(detail: str, agreement: Agreement, name: str, population: Population) -> int:
    """Bits of a finding about a surname or given name; `name` is what both share, folded."""
    row = WEIGHTS[detail]
    bits = row[agreement]
    if agreement not in _MOVED_BY_RARITY:
        return bits
    expected = row[Agreement.SAME]
    return round(max(bits - expected + population.bits_of(name, expected), 1))


def weigh(detail: str, agreement: Agreement) -> int:
    """Bits of a finding about any other detail."""
    return WEIGHTS[detail].get(agreement, 0)
