"""Check how each system is told before anything depends on it: its table, its certificates, its token."""

from downtime.errors import InputError
from downtime.returns.fhir import access
from downtime.returns.fhir.target import fhir_target
from downtime.returns.hl7 import mllp
from downtime.returns.profiles import Target, target
from downtime.returns.states import FHIR, MLLP
from downtime.settings import Settings


def check(settings: Settings, system: str) -> Target:
    """One system's table, with the files that it names; InputError for the first mistake."""
    chosen = target(settings, system)
    if chosen.channel == MLLP and chosen.tls:
        mllp.context(chosen)
    if chosen.channel == FHIR:
        access.check(fhir_target(settings, system, chosen.fhir), system)
    return chosen


def check_all(settings: Settings) -> tuple[list[Target], list[InputError]]:
    """The systems that can be told as their tables say, and what is wrong with the others'."""
    good, faults = [], []
    for system in settings.returns.targets:
        try:
            good.append(check(settings, system))
        except InputError as fault:
            faults.append(fault)
    return good, faults
