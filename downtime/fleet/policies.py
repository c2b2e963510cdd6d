"""What a machine of the list has to fulfil."""

from collections.abc import Iterable

from downtime.errors import InputError, UntrustedError
from downtime.fleet.places import scope_folder
from downtime.vault.machines import Machine
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


def check_scope(scope: str, machine: Machine, scope_in_use: str | None) -> None:
    """UntrustedError for a bundle that is not for this machine, or would replace what it has of its own.

    A bundle of fewer wards would let all others vanish, and churn compares within a scope only: a
    scope that was never seen here would pass as a first snapshot.
    """
    own_scope = machine.scope
    if scope == own_scope or (machine.can_read(scope) and scope_in_use != own_scope):
        return
    raise UntrustedError(
        "bundle.other-scope",
        f"This bundle is of {describe_scope(scope)}, and this machine is for"
        f" {describe_scope(own_scope)}.",
        f"Take the bundle from {describe_folder(own_scope)}; if the machine's wards were changed,"
        " take the newest list of machines first.",
    )


def describe_folder(scope: str) -> str:
    """Where the bundles of a scope lie at a place, in words."""
    folder = scope_folder(scope).rstrip("/")
    return f"the folder {folder} of that place" if folder else "the top folder of that place"


def describe_scope(scope: str) -> str:
    """A scope in words: `the whole site`, `ward AMU`, `wards AMU+B1`."""
    if not scope:
        return "the whole site"
    return f"wards {scope}" if "+" in scope else f"ward {scope}"
