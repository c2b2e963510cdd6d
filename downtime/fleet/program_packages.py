"""Packages of the program that the site's root approved: what a machine may be upgraded to without a network.

An approved package is a target of the signed list of machines, as TUF has targets (specification
1.0.31, 4.5): its name, length and SHA-256. So it travels with every snapshot, and nobody without a
stick of the root adds one. What is installed is decided by the digest; the name is for people.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuf.api.metadata import TargetFile

from downtime.config import Home
from downtime.errors import ConflictError, InputError, NotFoundError, UntrustedError
from downtime.fleet.highest_list import find_highest_outside
from downtime.fleet.machine_list import change_list, require_list
from downtime.fleet.model import AuditAction
from downtime.fleet.site_keys import SiteKey
from downtime.processes.program import ProgramError, run_program
from downtime.settings import Settings
from downtime.vault.machines import MachineList
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

PROGRAM = "downtime"
_NAME = re.compile(r"downtime_(?P<version>[0-9A-Za-z.+~-]{1,64})_[a-z0-9]{1,16}\.deb")
_DIGEST = "sha256"
_SECONDS = 60.0
_PART = 1_048_576


@dataclass(frozen=True, slots=True)
class ProgramPackage:
    """A package of this program: what Debian calls it, and what is signed of it."""

    name: str
    """As Debian forms it: program, version, architecture; whatever its file is called."""
    version: str
    length: int
    sha256: str


def read_package(path: Path) -> ProgramPackage:
    """What a file is a package of; InputError when it is none of this program.

    ConflictError on a machine that has no packages.
    """
    program, version, architecture = _ask_package(path)
    name = f"{program}_{version}_{architecture}.deb"
    if not _NAME.fullmatch(name):
        raise _strange_error(path)
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(_PART):
            digest.update(part)
            length += len(part)
    return ProgramPackage(name, version, length, digest.hexdigest())


def _ask_package(path: Path) -> list[str]:
    """Its name, version and architecture; empty where it says none."""
    try:
        text = _run(
            "dpkg-deb", "--field", str(path.absolute()), "Package", "Version", "Architecture"
        )
    except ProgramError:
        raise _strange_error(path) from None
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    return [fields.get(name, "") for name in ("Package", "Version", "Architecture")]


def _strange_error(path: Path) -> InputError:
    return InputError(
        "package.strange",
        f"{path.name} is no package of Downtime, or is damaged.",
        "Take the file downtime_….deb again from where it was made.",
    )


def approve_package(
    vault: Vault,
    settings: Settings,
    package: ProgramPackage,
    key: SiteKey,
    actor: Actor,
    reason: str,
) -> MachineList:
    """Sign the next list with this package in it; ConflictError when another has its name."""
    approved = list_packages(require_list(vault.home))
    if package in approved:
        raise ConflictError(
            "package.approved-before",
            f"{package.name} was approved before.",
            "Nothing is left to do.",
        )
    if any(other.name == package.name for other in approved):
        raise ConflictError(
            "package.same-name",
            f"Another file that is called {package.name} was approved before.",
            "Give each build a number of its own ('scripts/deb --revision N'), or withdraw the other.",
        )
    return _sign(
        vault, settings, [*approved, package], key, actor, AuditAction.PACKAGE_APPROVE, package.name, reason
    )  # fmt: skip


def withdraw_package(
    vault: Vault, settings: Settings, name: str, key: SiteKey, actor: Actor, reason: str
) -> MachineList:
    """Sign the next list without a package, which then is installed nowhere any more; NotFoundError."""
    approved = list_packages(require_list(vault.home))
    remaining = [package for package in approved if package.name != name]
    if len(remaining) == len(approved):
        raise NotFoundError(
            "package.unknown", f"{name} is not approved here.", "See 'downtime upgrade list'."
        )
    return _sign(vault, settings, remaining, key, actor, AuditAction.PACKAGE_WITHDRAW, name, reason)


def _sign(
    vault: Vault,
    settings: Settings,
    packages: Sequence[ProgramPackage],
    key: SiteKey,
    actor: Actor,
    action: AuditAction,
    target: str,
    reason: str,
) -> MachineList:
    targets = {
        package.name: TargetFile(package.length, {_DIGEST: package.sha256}, package.name)
        for package in packages
    }
    return change_list(
        vault, settings, key, lambda listed: listed, actor, action, target, reason, packages=targets
    )


def list_packages(machine_list: MachineList) -> list[ProgramPackage]:
    """What a list approves, by name; what is no package of this program is not installed by it."""
    targets: Mapping[str, TargetFile] = machine_list.signed.targets.signed.targets
    return [
        ProgramPackage(name, match["version"], target.length, target.hashes[_DIGEST])
        for name, target in sorted(targets.items())
        if (match := _NAME.fullmatch(name)) and _DIGEST in target.hashes
    ]


def check_package(home: Home, path: Path, *, goes_back: bool) -> ProgramPackage:
    """The package of a file if this machine may install it; works while locked.

    UntrustedError unless the list in force approves this very content and is not older than one that
    was believed here; ConflictError for a version that is not newer than the one installed, unless
    somebody means to go back to it.
    """
    package = read_package(path)
    listed = require_list(home)
    highest = find_highest_outside(home)
    if listed.signed.rank < highest:  # it may approve what was withdrawn
        raise UntrustedError(
            "package.older-list",
            f"The list of machines here (number {listed.version} of {listed.issued[:10]}) is older than"
            f" number {highest[1]}, which was believed here before.",
            "Take the newest list ('downtime pull', or 'downtime fleet update FILE'), and tell security.",
        )
    if package not in list_packages(listed):
        raise UntrustedError(
            "package.not-approved",
            f"{package.name} is not approved by this site's list of machines (number {listed.version}"
            f" of {listed.issued[:10]}), or was altered.",
            "Take the newest list first ('downtime pull', or 'downtime fleet update FILE'); an"
            " administrator approves a package with 'downtime upgrade approve'.",
        )
    installed = find_installed_version()
    if not goes_back and not _is_newer(package.version, installed):
        raise ConflictError(
            "package.older",
            f"Version {installed} is installed, and {package.version} is not newer.",
            "Nothing was changed. Say --back if you mean to go back.",
        )
    return package


def find_installed_version() -> str:
    """The version of the package that this program was installed from; ConflictError when there is none."""
    try:
        version = _run("dpkg-query", "--show", "--showformat", "${Version}", PROGRAM).strip()
    except ProgramError:
        version = ""
    if not version:
        raise ConflictError(
            "package.none-installed",
            "This program was not installed from a package.",
            "Upgrade it in the way in which it was installed.",
        )
    return version


def _is_newer(version: str, installed: str) -> bool:
    try:
        _run("dpkg", "--compare-versions", version, "gt", installed)
    except ProgramError:
        return False
    return True


def _run(*command: str) -> str:
    try:
        return run_program(command, b"", _SECONDS).decode(errors="replace")
    except FileNotFoundError:
        raise ConflictError(
            "package.no-dpkg",
            "This computer has no Debian packages.",
            "Upgrade the program in the way in which it was installed.",
        ) from None
    except TimeoutError:
        raise ConflictError(
            "package.slow", "The package could not be read in time.", "Try again."
        ) from None
