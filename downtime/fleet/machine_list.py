"""The list of machines: signed anew with a stick when it changes, and taken from others when newer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from filelock import FileLock
from tuf.api.metadata import Metadata, TargetFile, Targets

from downtime.clock import to_text
from downtime.config import Home
from downtime.errors import ConflictError, NotFoundError, UntrustedError
from downtime.fleet import policies
from downtime.fleet.highest_list import note_list
from downtime.fleet.model import AuditAction
from downtime.fleet.site_keys import SiteKey
from downtime.fleet.site_root import Roots
from downtime.settings import Settings
from downtime.vault import device, machines, signed_list
from downtime.vault.files import make_private_folder
from downtime.vault.machines import Machine, MachineList
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault

FILE_NAME = "machines.json"
"""The list's name where it lies beside bundles."""

Machines = tuple[Machine, ...]
Packages = Mapping[str, TargetFile]
"""Files of the program that machines may install, by name: the targets of the signed list."""
NO_PACKAGES: Packages = {}


@dataclass(frozen=True, slots=True)
class ReceivedList:
    """A list that was offered, and whether it replaced the one before."""

    machine_list: MachineList
    is_new: bool


def require_list(home: Home) -> MachineList:
    """The list that this machine believes; NotFoundError before a site's root was adopted."""
    if machine_list := machines.read_list(home):
        return machine_list
    raise NotFoundError(
        "machines.none",
        "This machine belongs to no site yet: it believes only itself.",
        "Begin a list with 'downtime fleet start', or join one with 'downtime fleet join'.",
    )


def read_list_bytes(home: Home) -> bytes | None:
    """The list as it travels to other machines; None before a site's root was adopted."""
    machine_list = machines.read_list(home)
    return machine_list.signed.data if machine_list else None


def receive_list(home: Home, data: bytes) -> ReceivedList:
    """Take a list that came from elsewhere if it is newer; works while locked.

    UntrustedError when the adopted root does not vouch for it, when it is older than the one here,
    or has the same number and another content.
    """
    offered = machines.parse_list(data)
    with _hold_list(home):
        current = require_list(home)
        check_successor(current, offered)
        is_new = offered.signed.data != current.signed.data
        if is_new:
            machines.store_list(home, offered)
    return ReceivedList(offered, is_new)


def check_successor(current: MachineList, offered: MachineList) -> None:
    """UntrustedError unless a list may take the place of the one in use."""
    if not (offered.signed.extends(current.signed) or current.signed.extends(offered.signed)):
        raise UntrustedError(
            "machines.other-root",
            "This list of machines was signed by another site's root.",
            "Take this site's list; tell security if nobody knows where this one is from.",
        )
    if offered.signed.rank < current.signed.rank or not offered.signed.extends(current.signed):
        raise UntrustedError(
            "machines.older",
            f"This list of machines has number {offered.version}, and number {current.version}"
            " was believed before.",
            "Take the newest list; tell security if it is offered again.",
        )
    if offered.signed.rank == current.signed.rank and offered != current:
        raise UntrustedError(
            "machines.conflict",
            f"Two different lists of machines have the number {current.version}.",
            "Two administrators signed at the same time: one of them signs the next one.",
        )


def start_list(
    vault: Vault,
    settings: Settings,
    roots: Roots,
    key: SiteKey,
    machine: Machine,
    actor: Actor,
    reason: str,
) -> MachineList:
    """Adopt a root from its own stick, and sign a first list that holds this machine.

    ConflictError when there is a list already, InputError for a machine without a role.
    """
    if machines.read_list(vault.home):
        raise ConflictError(
            "machines.started",
            "This machine belongs to a site already.",
            "Add other machines with 'downtime fleet add'.",
        )
    check_site(roots[-1].signed.unrecognized_fields["site"], settings)
    policies.check_roles(machine.roles)
    wards = policies.check_wards(machine.wards, machine.roles)
    added = Machine(machine.card, machine.roles, wards, vault.now())
    with vault.change(
        actor, AuditAction.ROOT_ADOPT, target=machine.code, reason=check_reason(reason)
    ):
        started = sign_list(roots, 1, (added,), key, settings, vault.clock())
        machines.adopt_root(vault, started)
    note_list(vault)
    return started


def check_site(site: str, settings: Settings) -> None:
    """UntrustedError when a root is another hospital's."""
    if site != settings.site.code:
        raise UntrustedError(
            "machines.other-site",
            f"This root is of {site}, and this machine serves {settings.site.code}.",
            "Take this hospital's own, or correct site.code in config.toml.",
        )


def change_list(
    vault: Vault,
    settings: Settings,
    key: SiteKey,
    change: Callable[[Machines], Machines],
    actor: Actor,
    action: AuditAction,
    target: str,
    reason: str,
    *,
    roots: Roots | None = None,
    packages: Packages | None = None,
) -> MachineList:
    """Sign the next list: what `change` makes of the machines, under the same root or newer ones.

    `packages` takes the place of those that are approved; without it they stay.
    """
    with (
        _hold_list(vault.home),
        vault.change(actor, action, target=target, reason=check_reason(reason)),
    ):
        current = require_list(vault.home)
        following = sign_list(
            roots or current.signed.roots,
            current.version + 1,
            change(current.machines),
            key,
            settings,
            vault.clock(),
            current.signed.targets.signed.targets if packages is None else packages,
        )
        check_successor(current, following)
        machines.store_list(vault.home, following)
    note_list(vault)
    return following


def sign_list(
    roots: Roots,
    version: int,
    listed: Sequence[Machine],
    key: SiteKey,
    settings: Settings,
    now: datetime,
    packages: Packages = NO_PACKAGES,
) -> MachineList:
    """A list with a number, signed with a stick's list key; UntrustedError when the root knows it not."""
    expires = now + timedelta(days=settings.fleet.list_valid_days)
    targets = Targets(version, expires=expires, targets=dict(packages))
    targets.unrecognized_fields = {
        "issued": to_text(now),
        "machines": [machine.as_json() for machine in listed],
        "root_version": roots[-1].signed.version,
    }
    if key.list_public.keyid not in roots[-1].signed.roles["targets"].keyids:
        raise UntrustedError(
            "root.other-site",
            f"Stick {key.number} is not one of this site's root, or no longer.",
            "Take a stick of this site.",
        )
    metadata = Metadata(targets)
    metadata.sign(key.list_signer)
    return machines.parse_list(signed_list.write_list(roots, metadata))


def list_warnings(home: Home, settings: Settings, now: datetime) -> list[str]:
    """What whoever looks at the list should know: that it should be signed anew, or names us no more."""
    machine_list = machines.read_list(home)
    if machine_list is None:
        return []
    return [*_warn_revoked(home), *_warn_expiry(machine_list, settings, now)]


def describe_revocation(home: Home) -> str:
    """That this machine was revoked, and why; empty while it is believed. Works while locked."""
    machine_list, card = machines.read_list(home), device.read_own_card(home)
    listed = machine_list.find(card.code) if machine_list else None
    if listed is None or not listed.revoked or listed.card != card:
        return ""
    return f"This machine was revoked: {listed.reason}. No other machine believes it any more."


def _warn_revoked(home: Home) -> Iterator[str]:
    if sentence := describe_revocation(home):
        yield sentence
    elif not machines.read_own_machine(home).roles:
        yield "This machine is not in the site's list of machines: no other machine believes it."


def _warn_expiry(machine_list: MachineList, settings: Settings, now: datetime) -> Iterator[str]:
    days_left = (machine_list.expires - now).days
    if days_left < 0:
        yield f"The list of machines should have been signed anew {-days_left} days ago; it still holds."
    elif days_left <= settings.fleet.list_warning_days:
        yield f"The list of machines should be signed anew within {days_left} days."


@contextmanager
def _hold_list(home: Home) -> Iterator[None]:
    """One at a time reads, judges and replaces the list."""
    folder = machines.list_path(home).parent
    make_private_folder(folder)
    with FileLock(folder / ".lock", mode=0o600):
        yield
