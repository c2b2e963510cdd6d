"""Rules whose figures a clinician of the hospital has to sign, and who signed each: `signed_rules.toml`. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from downtime.clinical.value_limits import VALUE_LIMITS
from downtime.config import read_data_file
from downtime.entry.plausibility.dose_rules import MOST_PARACETAMOL_MG
from downtime.entry.plausibility.model import Rule
from downtime.entry.plausibility.number_rules import LEAST_PULSE_PRESSURE
from downtime.plausibility_settings import PlausibilitySettings

UNSIGNED = "not yet signed by a clinician"


@dataclass(frozen=True, slots=True)
class SignedRule:
    """The figure of a rule in words, and who signed it; `signed` is empty until somebody has."""

    figure: str
    signed: str


def _read_rules() -> dict[Rule, SignedRule]:
    figures = {
        **asdict(PlausibilitySettings()),
        "most_paracetamol_grams": MOST_PARACETAMOL_MG // 1000,
        "least_pulse_pressure": LEAST_PULSE_PRESSURE,
    }
    numbers = {name: f"{n:g}" for name, n in figures.items() if not isinstance(n, tuple)}
    rows = read_data_file("downtime.entry.plausibility", "signed_rules.toml")
    return {
        Rule(name): SignedRule(row["figure"].format_map(numbers), row["signed"])
        for name, row in rows.items()
    }


SIGNED_RULES: Mapping[Rule, SignedRule] = MappingProxyType(_read_rules())


def count_signatures() -> tuple[int, int]:
    """How many rows of values and rules are signed, of how many."""
    signatures = [row.signed for row in VALUE_LIMITS.values()]
    signatures += [row.signed for row in SIGNED_RULES.values()]
    return sum(map(bool, signatures)), len(signatures)
