"""The Debian package: its services may do little, its scripts never take what a hospital entered."""

import configparser
import os
import re
import shlex
import shutil
import subprocess

import pytest

from downtime.cli import doctor, load_all_commands
from downtime.paper.readiness.system_libraries import SYSTEM_LIBRARIES
from tests.contract import house

FOLDER = house.ROOT / "scripts" / "deb.d"
UNITS = sorted((FOLDER / "units").glob("*.service"))
HARDENING = FOLDER / "units" / "hardening.conf"
MOST_EXPOSED = 12
"""Tenths of what `systemd-analyze security` answers."""
HARDENED = {
    "User": "downtime",
    "CapabilityBoundingSet": "",
    "MemoryDenyWriteExecute": "true",
    "NoNewPrivileges": "true",
    "PrivateDevices": "true",
    "PrivateTmp": "true",
    "ProtectHome": "true",
    "ProtectSystem": "strict",
    "ReadWritePaths": "/var/lib/downtime",
    "RestrictNamespaces": "true",
    "SystemCallFilter": "@system-service",
    "UMask": "0077",
    "LimitCORE": "0",
    "LimitMEMLOCK": "infinity",
}


def directives(text: str) -> dict[str, str]:
    lines = [line.partition("=") for line in text.splitlines() if re.match(r"[A-Za-z]+=", line)]
    return {name: value for name, _, value in reversed(lines)}


def test_there_is_a_service_for_each_part():
    assert [unit.stem for unit in UNITS] == [
        f"downtime-{name}" for name in ("ingest", "publish", "pull", "serve")
    ]


def test_every_service_gives_its_rights_away():
    assert HARDENED.items() <= directives(HARDENING.read_text()).items()


def test_no_service_hides_how_long_the_computer_runs():
    """With ProcSubset=pid a clock that stood still would no longer be found, and old data look new."""
    assert "ProcSubset" not in directives(HARDENING.read_text())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_service_runs_a_command_that_exists_and_waits_for_a_home(unit):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(unit.read_text())
    assert parser["Unit"]["ConditionPathExists"].startswith("/var/lib/downtime/")
    program, *words = shlex.split(parser["Service"]["ExecStart"].replace("${", "").replace("}", ""))
    assert program == "/opt/downtime/current/bin/downtime"
    command = load_all_commands()
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd judges its own units")
def test_systemd_calls_every_service_little_exposed(tmp_path):
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text() + HARDENING.read_text())
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}"]
    done = subprocess.run(
        [*command, *sorted(tmp_path.iterdir())], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout[-300:]


def run_script(
    name: str, action: str, root, version: str = "9.9.9-1"
) -> subprocess.CompletedProcess:
    script = (FOLDER / name).read_text().replace("@VERSION@", version)
    return subprocess.run(
        ["sh", "-c", script, name, action],
        env={**os.environ, "DPKG_ROOT": str(root)},
        capture_output=True,
        check=False,
        text=True,
    )


def unpack(root, answer: str) -> None:
    """What dpkg does before postinst: a program whose `doctor` answers so."""
    program = root / "opt/downtime/package/bin/downtime"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)


PASSES = f"echo '{doctor._VERDICTS[doctor.Severity.WARNING]}'; exit 1"


def configure(root, version: str, answer: str = PASSES) -> subprocess.CompletedProcess:
    unpack(root, answer)
    return run_script("postinst", "configure", root, version)


@pytest.fixture
def root(tmp_path):
    """A computer on which a version is installed and somebody has entered something."""
    configure(tmp_path, "9.9.9-1").check_returncode()
    home = tmp_path / "var/lib/downtime/home"
    home.mkdir()
    (home / "vault.db").write_text("entries")
    return tmp_path


def versions(root) -> list[str]:
    return sorted(path.name for path in (root / "opt/downtime/versions").iterdir())


def in_use(root) -> str:
    return (root / "opt/downtime/current").resolve(strict=True).name


def test_the_version_installed_last_is_in_use_and_the_folder_is_its_users_alone(root):
    assert in_use(root) == "9.9.9-1"
    assert (root / "var/lib/downtime").stat().st_mode & 0o777 == 0o700
    configure(root, "9.9.9-2").check_returncode()
    assert in_use(root) == "9.9.9-2"


def test_the_version_before_stays_and_older_ones_go(root):
    for version in ("9.9.9-2", "9.9.9-3", "9.9.9-3"):
        configure(root, version).check_returncode()
    assert versions(root) == ["9.9.9-2", "9.9.9-3"]
    configure(root, "9.9.9-4").check_returncode()
    assert versions(root) == ["9.9.9-3", "9.9.9-4"]


@pytest.mark.parametrize(
    "broken",
    [
        f"echo '{doctor._VERDICTS[doctor.Severity.FAULT]}'; exit 2",
        "echo 'ModuleNotFoundError' >&2; exit 1",
        "exit 0",
    ],
)
def test_a_version_that_does_not_pass_its_test_is_never_in_use(root, broken):
    program = (root / "opt/downtime/current/bin/downtime").read_text()
    done = configure(root, "9.9.9-2", broken)
    assert done.returncode == 1
    assert "did not pass its own test" in done.stderr
    assert "In use: versions/9.9.9-1" in done.stderr
    assert (in_use(root), versions(root)) == ("9.9.9-1", ["9.9.9-1"])
    assert (root / "opt/downtime/current/bin/downtime").read_text() == program
    configure(root, "9.9.9-2").check_returncode()
    assert in_use(root) == "9.9.9-2"


@pytest.mark.parametrize("actions", [("remove",), ("remove", "purge"), ("upgrade",)])
def test_no_way_to_remove_the_program_removes_what_was_entered(root, actions):
    for action in actions:
        run_script("prerm", action, root).check_returncode()
        last = run_script("postrm", action, root)
    assert (root / "var/lib/downtime/home/vault.db").read_text() == "entries"
    if "upgrade" in actions:
        assert in_use(root) == "9.9.9-1"
    else:
        assert not (root / "opt/downtime").exists()
        assert "stays in /var/lib/downtime" in last.stderr


def test_the_package_asks_for_every_library_that_the_program_needs():
    (needed,) = re.findall(r"^Depends: (.*)$", (FOLDER / "control").read_text(), re.M)
    packages = {library.package for library in SYSTEM_LIBRARIES} - {"libgcc-s1"}
    assert packages <= set(needed.split(", "))


def test_what_a_site_may_change_survives_an_upgrade():
    """Every file below /etc that the package brings is a conffile."""
    script = (house.ROOT / "scripts/deb").read_text()
    assert set(re.findall(r'"\$root(/etc/[^"]+)"', script)) == set(
        re.findall(r'echo (/etc/\S+) >"\$root/DEBIAN/conffiles"', script)
    )
    assert set(re.findall(r"^([A-Z_]+)=", (FOLDER / "default").read_text(), re.M)) == {
        "PULL_EVERY",
        "PUBLISH_EVERY",
    }


def test_an_upgrade_takes_one_file_and_refuses_two():
    """Of two files the first would be forgotten without a word."""
    shell = shutil.which("sh")
    assert shell
    command = [shell, FOLDER / "downtime-upgrade", "a.deb", "b.deb"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert answer.returncode == 2
    assert "One file at a time" in answer.stderr
