"""What a machine of the list has to fulfil."""

from collections.abc import Iterable

from downtime.errors import InputError
from downtime.vault.model import MachineRole


def check_roles(roles: Iterable[MachineRole]) -> None:
    """InputError when a machine would have no role."""
    if not list(roles):
        raise InputError(
            "machines.role", "A machine needs a role.", f"Choose of {', '.join(MachineRole)}."
        )


def check_wards(wards: Iterable[str], roles: Iterable[MachineRole]) -> tuple[str, ...]:
    """The wards in order, each once; InputError for a records station, which reads the whole site."""
    unique = tuple(sorted({ward.strip() for ward in wards} - {""}))
    if any("+" in ward for ward in unique):
        raise InputError("machines.ward", "A ward's code has no '+'.", "Name each ward by itself.")
    if unique and MachineRole.RECORDS_STATION in set(roles):
        raise InputError(
            "machines.station-ward",
            "A records station reads the whole site.",
            "Leave the wards out, or give the machine another role.",
        )
    return unique
