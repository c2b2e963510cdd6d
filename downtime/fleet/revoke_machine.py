"""Revoke a lost or stolen machine, and say what it could read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from downtime.errors import ConflictError, NotFoundError
from downtime.fleet.enrol_machine import (
    Enrolment,
    JoinRequest,
    check_code,
    make_code,
    put_machine,
)
from downtime.fleet.machine_list import Machines, change_list, check_site, require_list
from downtime.fleet.model import AuditAction
from downtime.fleet.site_keys import SiteKey
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault.machines import Machine
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a machine could read while it was believed, as far as this machine knows."""

    machine: Machine
    snapshots: Sequence[str]
    """When each snapshot that was sealed to it was made (UTC), oldest first."""

    @property
    def wards(self) -> str:
        """Its wards, in words."""
        return "the whole site" if self.machine.reads_site else f"{', '.join(self.machine.wards)}"

    @property
    def sentences(self) -> list[str]:
        """For whoever has to report it."""
        since, until = self.machine.added[:16], self.machine.revoked[:16] or "now"
        known = (
            f"{len(self.snapshots)} snapshots of that time are known here, of {self.snapshots[0][:16]}"
            f" to {self.snapshots[-1][:16]} (UTC); it may have had any that was published."
            if self.snapshots
            else "No snapshot of that time is known here; it may have had any that was published."
        )
        return [
            f"{self.machine.name} ({self.machine.code}) could read {self.wards}, from {since} to"
            f" {until} (UTC).",
            known,
            "What it has opened stays readable for whoever has a password of it, until its snapshots"
            " close by themselves.",
        ]


def find_machine(listed: Sequence[Machine], code: str) -> Machine:
    """The machine of a code; NotFoundError."""
    for machine in listed:
        if machine.code == code:
            return machine
    raise NotFoundError(
        "machines.unknown",
        f"There is no machine {code} in the list.",
        "See 'downtime fleet list'.",
    )


def list_exposure(vault: Vault, code: str) -> Exposure:
    """What a machine of the list could read, revoked or not."""
    machine = find_machine(require_list(vault.home).machines, code)
    until = machine.revoked or vault.now()
    times = {info.header.created for info in local_snapshots.list_snapshots(vault)}
    return Exposure(machine, sorted(time for time in times if machine.added <= time <= until))


def revoke_machine(
    vault: Vault, settings: Settings, code: str, key: SiteKey, actor: Actor, reason: str
) -> Exposure:
    """Believe a machine no longer, anywhere: signs the next list; what it could read."""
    reason = check_reason(reason)
    change_list(
        vault,
        settings,
        key,
        lambda listed: _mark_revoked(listed, code, vault.now(), reason),
        actor,
        AuditAction.MACHINE_REVOKE,
        code,
        reason,
    )
    return list_exposure(vault, code)


def _mark_revoked(listed: Machines, code: str, now: str, reason: str) -> Machines:
    machine = find_machine(listed, code)
    if machine.revoked:
        raise ConflictError(
            "machines.revoked-before",
            f"{machine.name} ({code}) was revoked before.",
            "Nothing is left to do.",
        )
    revoked = replace(machine, revoked=now, reason=reason)
    return tuple(revoked if m is machine else m for m in listed)


def replace_machine(
    vault: Vault,
    settings: Settings,
    code: str,
    request: JoinRequest,
    typed_code: str,
    key: SiteKey,
    actor: Actor,
    reason: str,
) -> tuple[Exposure, Enrolment]:
    """Revoke a machine and give its roles and wards to another, in one list."""
    check_code(typed_code, request.code)
    check_site(request.site, settings)
    reason, now = check_reason(reason), vault.now()
    former = find_machine(require_list(vault.home).machines, code)
    added = Machine(request.card, former.roles, former.wards, now)
    following = change_list(
        vault,
        settings,
        key,
        lambda listed: put_machine(_mark_revoked(listed, code, now, reason), added),
        actor,
        AuditAction.MACHINE_REPLACE,
        f"{code} {added.code}",
        reason,
    )
    enrolment = Enrolment(added, following, make_code(added.card, following.signed.first_pin))
    return list_exposure(vault, code), enrolment
