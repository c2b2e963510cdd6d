"""A package of the program is installed where the site's root approved its very bytes, and nowhere else."""

import shutil
import subprocess
from datetime import timedelta

import pytest

from downtime.errors import ConflictError, InputError, NotFoundError, UntrustedError
from downtime.fleet import machine_list, program_packages, unlock_notices
from downtime.fleet.model import AuditAction
from downtime.settings import Settings
from downtime.vault import copied_home, machines
from downtime.vault.model import Actor

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="packages are Debian's")
ADMIN = Actor("u-1", "Amina Ward", "PB")


@pytest.fixture(autouse=True)
def installed(monkeypatch, laptop):
    """Version 1.0.0-1 is what the machine was installed from, and somebody has signed in before."""
    copied_home.check_at_opening(laptop.vault)
    monkeypatch.setattr(program_packages, "find_installed_version", lambda: "1.0.0-1")


@pytest.fixture
def build(tmp_path):
    """`build(version)`: the file of a package, as dpkg-deb makes it."""

    def one(version: str, program: str = "downtime", content: str = "x", machine: str = "all"):
        root = tmp_path / f"{program}-{version}-{content}"
        (root / "DEBIAN").mkdir(parents=True)
        control = f"Package: {program}\nVersion: {version}\nArchitecture: {machine}\n"
        control += "Maintainer: Nobody <nobody@example.org>\nDescription: none\n"
        (root / "DEBIAN/control").write_text(control)
        (root / "content").write_text(content)
        path = tmp_path / f"{root.name}.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, path]
        subprocess.run(command, check=True, capture_output=True)
        return path

    return one


@pytest.fixture
def approve(publisher, laptop):
    """`approve(path)`: the publisher's administrator signs, and the laptop has heard of it."""

    def one(path, key=0):
        package = program_packages.read_package(path)
        stick = laptop.site.keys[key]
        signed = program_packages.approve_package(
            publisher.vault, Settings(), package, stick, ADMIN, "tried on K7"
        )
        machine_list.receive_list(laptop.home, signed.signed.data)
        return package

    return one


def check(laptop, path, *, goes_back=False):
    return program_packages.check_package(laptop.home, path, goes_back=goes_back)


def test_an_approved_package_may_be_installed_whatever_its_file_is_called(laptop, build, approve):
    path = build("1.1.0-1")
    package = approve(path)
    renamed = path.with_name("from the stick.deb")
    shutil.copy(path, renamed)
    assert check(laptop, renamed) == package
    assert (package.name, package.version) == ("downtime_1.1.0-1_all.deb", "1.1.0-1")


def test_one_byte_more_or_another_build_of_the_same_version_is_not(laptop, build, approve):
    path = build("1.1.0-1")
    approve(path)
    other = build("1.1.0-1", content="y")
    with path.open("ab") as file:
        file.write(b"\n")
    for altered in (path, other):
        with pytest.raises(UntrustedError, match="not approved"):
            check(laptop, altered)


def test_nothing_is_approved_before_somebody_did_it_and_nothing_after_it_was_withdrawn(
    publisher, laptop, build, approve
):
    path = build("1.1.0-1")
    with pytest.raises(UntrustedError, match="not approved"):
        check(laptop, path)
    name = approve(path).name
    signed = program_packages.withdraw_package(
        publisher.vault, Settings(), name, laptop.site.keys[1], ADMIN, "prints nothing"
    )
    check(laptop, path)  # it has not heard of it yet
    machine_list.receive_list(laptop.home, signed.signed.data)
    with pytest.raises(UntrustedError, match="not approved"):
        check(laptop, path)
    with pytest.raises(NotFoundError, match="not approved here"):
        program_packages.withdraw_package(
            publisher.vault, Settings(), name, laptop.site.keys[1], ADMIN, "again"
        )


def test_an_older_list_that_was_put_back_on_the_disk_does_not_revive_a_withdrawn_package(
    publisher, laptop, build, approve
):
    path = build("1.1.0-1")
    name = approve(path).name
    kept = machines.list_path(laptop.home).read_bytes()
    signed = program_packages.withdraw_package(
        publisher.vault, Settings(), name, laptop.site.keys[1], ADMIN, "prints nothing"
    )
    machine_list.receive_list(laptop.home, signed.signed.data)  # nobody signs in
    day = signed.issued[:10]
    with pytest.raises(UntrustedError, match=f"number {signed.version} of {day}"):
        check(laptop, path)
    machines.list_path(laptop.home).write_bytes(kept)
    with pytest.raises(UntrustedError, match=f"is older than number {signed.version}"):
        check(laptop, path)
    list(unlock_notices.list_notices(laptop.vault, Settings(), ADMIN, outage_open=False))
    laptop.home.newest_list_file.unlink()
    with pytest.raises(UntrustedError, match=f"is older than number {signed.version}"):
        check(laptop, path)


def test_without_marks_nobody_knows_whether_the_list_is_the_newest(laptop, build, approve):
    path = build("1.1.0-1")
    approve(path)
    laptop.home.marks_file.unlink()
    with pytest.raises(UntrustedError, match="marks of this machine are missing"):
        check(laptop, path)


@pytest.mark.parametrize("version", ["1.0.0-1", "0.9.9-7", "1.0.0~rc1-1"])
def test_an_older_version_is_installed_only_by_who_means_it(laptop, build, approve, version):
    path = build(version)
    approve(path)
    with pytest.raises(ConflictError, match="not newer"):
        check(laptop, path)
    assert check(laptop, path, goes_back=True).version == version


def test_another_program_or_a_damaged_file_is_no_package_of_this_one(tmp_path, build):
    damaged = build("1.1.0-1")
    damaged.write_bytes(damaged.read_bytes()[:100])
    text = tmp_path / "notes.deb"
    text.write_text("not a package")
    odd = build("1.2.0-1", machine="kfreebsd-amd64")
    for path in (build("1.1.0-1", program="downtimes"), odd, damaged, text):
        with pytest.raises(InputError, match="is no package of Downtime"):
            program_packages.read_package(path)


def test_two_builds_never_have_one_name(publisher, laptop, build, approve):
    path = build("1.1.0-1")
    approve(path)
    for again, sentence in (
        (path, "approved before"),
        (build("1.1.0-1", content="y"), "Another file"),
    ):
        with pytest.raises(ConflictError, match=sentence):
            approve(again)


def test_what_is_approved_stays_so_when_the_list_changes_for_another_reason(
    publisher, laptop, build, approve
):
    package = approve(build("1.1.0-1"))
    following = machine_list.change_list(
        publisher.vault, Settings(), laptop.site.keys[0], lambda listed: listed, ADMIN,
        AuditAction.MACHINE_ADD, "M3", "one more",
    )  # fmt: skip
    assert program_packages.list_packages(following) == [package]
    assert following.machines == machines.read_list(laptop.home).machines


def test_a_laptop_that_is_two_years_behind_is_brought_forward(publisher, laptop, build, approve):
    late = publisher.now + timedelta(days=730)
    publisher.now = laptop.now = late
    path = build("3.0.0-1")
    approve(path)
    assert check(laptop, path).version == "3.0.0-1"
