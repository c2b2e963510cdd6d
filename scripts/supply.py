"""What the program is made of, and whether any of it has a known fault: from uv.lock, without a network.

`scripts/sbom` writes a CycloneDX 1.5 document of what an installed program holds; `scripts/audit FILE` compares
the locked versions with advisories in OSV's format that somebody carried in: one file, a folder of them, or the ZIP
that OSV publishes for PyPI.
"""

import argparse
import importlib.metadata
import json
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[1]
PROJECT = "downtime"


@dataclass(frozen=True, slots=True)
class Package:
    """One locked version of a library."""

    name: str
    version: str
    sha256: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def purl(self) -> str:
        """As CycloneDX and OSV name it."""
        return f"pkg:pypi/{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A library that an advisory names in the version that is locked."""

    package: Package
    advisory: str
    summary: str
    fixed: str
    """The first version without it; empty where none is named."""


def read_lock(path: Path = ROOT / "uv.lock") -> dict[str, Package]:
    """Every locked package, by name."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {row["name"]: _read_package(row) for row in table["package"]}


def _read_package(row: dict[str, Any]) -> Package:
    files = [*row.get("wheels", ()), *filter(None, [row.get("sdist")])]
    hashes = (file["hash"].removeprefix("sha256:") for file in files if "hash" in file)
    needs = {item["name"] for item in row.get("dependencies", ())}
    return Package(
        row["name"], row.get("version", "0"), tuple(sorted(hashes)), tuple(sorted(needs))
    )


def list_installed(packages: dict[str, Package], start: str = PROJECT) -> list[Package]:
    """What comes along when the program is installed: its libraries, theirs, and so on."""
    seen: dict[str, Package] = {}
    to_visit = [start]
    while to_visit:
        name = to_visit.pop()
        if name not in seen:
            seen[name] = packages[name]
            to_visit += packages[name].needs
    del seen[start]
    return sorted(seen.values(), key=lambda package: package.name)


def make_bill(packages: dict[str, Package]) -> dict[str, Any]:
    """The CycloneDX document; the same for the same lock."""
    program = packages[PROJECT]
    listed = list_installed(packages)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": program.purl,
                                   "name": PROJECT, "version": program.version}},
        "components": [_make_component(package) for package in listed],
        "dependencies": [
            {"ref": package.purl, "dependsOn": [packages[name].purl for name in package.needs]}
            for package in (program, *listed)
        ],
    }  # fmt: skip


def _make_component(package: Package) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library", "bom-ref": package.purl, "name": package.name,
        "version": package.version, "purl": package.purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.sha256],
    }  # fmt: skip
    if licence := _find_licence(package.name):
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def _find_licence(name: str) -> str:
    """As the installed library says it, in one line; empty when it is not installed or does not."""
    try:
        facts = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    said = str(facts.get("License-Expression") or facts.get("License") or "")
    classifiers = [
        c.rpartition(" :: ")[2] for c in facts.get_all("Classifier") or () if "License" in c
    ]
    return said if said and "\n" not in said and len(said) < 80 else ", ".join(classifiers)


def read_advisories(path: Path) -> Iterator[dict[str, Any]]:
    """Each advisory of a file, a folder or a ZIP; ValueError for what is none."""
    for name, text in _read_texts(path):
        try:
            document = json.loads(text)
        except ValueError:
            raise ValueError(f"{name} is no JSON.") from None
        for advisory in document if isinstance(document, list) else [document]:
            if not isinstance(advisory, dict) or "id" not in advisory:
                raise ValueError(f"{name} holds no advisory of OSV.")
            yield advisory


def _read_texts(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        yield from ((file.name, file.read_bytes()) for file in sorted(path.rglob("*.json")))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from ((n, archive.read(n)) for n in archive.namelist() if n.endswith(".json"))
    else:
        yield path.name, path.read_bytes()


def find_faults(
    packages: dict[str, Package], advisories: Iterator[dict[str, Any]]
) -> Iterator[Fault]:
    """What is locked in a version that an advisory names, and the first that is mended."""
    for advisory in advisories:
        if advisory.get("withdrawn"):
            continue
        for affected in advisory.get("affected", ()):
            named = affected.get("package", {})
            package = packages.get(canonicalize_name(named.get("name", "")))
            if named.get("ecosystem") == "PyPI" and package and _is_affected(package, affected):
                fixed = [v for ends in _list_ranges(affected) for v in ends.get("fixed", ())]
                words = advisory.get("summary") or ", ".join(advisory.get("aliases", ()))
                yield Fault(package, advisory["id"], words, next(iter(fixed), ""))


def _list_ranges(affected: dict[str, Any]) -> Iterator[dict[str, list[str]]]:
    for item in affected.get("ranges", ()):
        if item.get("type") == "ECOSYSTEM":
            ends: dict[str, list[str]] = {}
            for event in item.get("events", ()):
                for kind, version in event.items():
                    ends.setdefault(kind, []).append(version)
            yield ends


def _is_affected(package: Package, affected: dict[str, Any]) -> bool:
    if package.version in affected.get("versions", ()):
        return True
    return any(_is_within(package.version, item) for item in affected.get("ranges", ()))


def _is_within(text: str, item: dict[str, Any]) -> bool:
    """As OSV defines it: the events in order of version, the last at or before this one decides."""
    if item.get("type") != "ECOSYSTEM":
        return False
    try:
        version, inside = Version(text), False
        events = [(kind, _order(at)) for event in item["events"] for kind, at in event.items()]
    except InvalidVersion:
        return False
    for kind, at in sorted(events, key=lambda event: event[1]):
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _order(text: str) -> Version:
    return Version("0.dev0" if text == "0" else text)


def main() -> int:
    """0 when nothing is wrong, 1 when a library has a known fault, 2 for a file that is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    bill = commands.add_parser("sbom", help="write a CycloneDX 1.5 document")
    bill.add_argument("file", nargs="?", type=Path, help="where to; else standard output")
    audit = commands.add_parser("audit", help="compare the lock with advisories")
    audit.add_argument("file", type=Path, help="a file, a folder or the ZIP of OSV for PyPI")
    audit.add_argument("--json", action="store_true", help="one JSON document on standard output")
    arguments = parser.parse_args()
    packages = read_lock()
    if arguments.command == "sbom":
        text = json.dumps(make_bill(packages), indent=2, ensure_ascii=False) + "\n"
        if arguments.file:
            arguments.file.write_text(text, encoding="utf-8")
        else:
            print(text, end="")
        return 0
    try:
        faults = list(find_faults(packages, read_advisories(arguments.file)))
    except (OSError, ValueError) as error:
        print(f"The advisories cannot be read: {error}", file=sys.stderr)
        return 2
    return _report(faults, len(packages), is_json=arguments.json)


def _report(faults: list[Fault], packages: int, *, is_json: bool) -> int:
    if is_json:
        rows = [
            {"package": fault.package.name, "version": fault.package.version,
             "advisory": fault.advisory, "summary": fault.summary, "fixed": fault.fixed}
            for fault in faults
        ]  # fmt: skip
        print(json.dumps({"packages": packages, "faults": rows}, indent=2, ensure_ascii=False))
    for fault in faults if not is_json else ():
        mended = f"; mended in {fault.fixed}" if fault.fixed else ""
        print(
            f"{fault.package.name} {fault.package.version}: {fault.advisory}: {fault.summary}{mended}"
        )
    print(f"{packages} locked packages, {len(faults)} with a known fault.", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
