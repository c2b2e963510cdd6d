"""Folders near and far: what is whole is taken once, what is read and what is not goes its way."""

import subprocess

import pytest
import sqlcipher3

from downtime.errors import InputError
from downtime.ingest.run_sources import describe_fault
from downtime.ingest.sources.folder_settings import (
    FolderSettings,
    S3Settings,
    SftpSettings,
    SmbSettings,
)
from downtime.ingest.sources.watched_folder import WatchedFolder
from downtime.transport.faults import RemoteFolderError

from .listening import message


class Timer:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(asked, settings, tmp_path):
    """Makes a watched folder; `look` lets some time pass and looks."""

    def make(source=None):
        folder = source or FolderSettings(path=str(tmp_path / "in"))
        (tmp_path / "in").mkdir(exist_ok=True)
        watched = WatchedFolder(folder, asked.context(settings), Timer())

        def look(seconds: float = 20) -> None:
            watched.timer.now += seconds
            watched.poll()

        return watched, look

    return make


def names(folder) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_file_is_taken_once_it_is_whole_and_put_away(watch, asked, tmp_path):
    _, look = watch()
    (tmp_path / "in" / "a.hl7").write_bytes(message(1) + message(2))
    look()
    assert not asked.recorded
    look()
    assert asked.people() == {"1", "2"}
    assert names(tmp_path / "in") == ["done/a.hl7"]
    look()
    assert len(asked.recorded) == 2


def test_a_file_that_still_grows_is_left_alone(watch, asked, tmp_path):
    _, look = watch()
    file = tmp_path / "in" / "a.hl7"
    for number in (1, 2, 3):
        with file.open("ab") as stream:
            stream.write(message(number))
        look()
        assert not asked.recorded
    look(5)
    assert not asked.recorded
    look(6)
    assert asked.people() == {"1", "2", "3"}


@pytest.mark.parametrize("name", ["a.hl7.tmp", ".a.hl7", "a.part", "~a.hl7", "A.FILEPART"])
def test_a_file_under_a_passing_name_is_left_until_it_is_renamed(watch, asked, tmp_path, name):
    _, look = watch()
    (tmp_path / "in" / name).write_bytes(message(1))
    for _ in range(3):
        look()
    assert not asked.recorded
    (tmp_path / "in" / name).rename(tmp_path / "in" / "b.hl7")
    look()
    look()
    assert asked.people() == {"1"}


def test_what_cannot_be_read_is_put_apart_and_the_rest_goes_on(watch, asked, tmp_path):
    watched, look = watch()
    (tmp_path / "in" / "a.bin").write_bytes(b"\x00\x01\x02 nothing that is known")
    (tmp_path / "in" / "b.hl7").write_bytes(message(1))
    look()
    look()
    assert names(tmp_path / "in") == ["done/b.hl7", "failed/a.bin"]
    assert "cannot be read" in watched.context.health.report().last_error


def test_a_second_file_of_a_name_does_not_replace_the_first(watch, asked, tmp_path):
    _, look = watch()
    for number in (1, 2):
        (tmp_path / "in" / "a.hl7").write_bytes(message(number))
        look()
        look()
    assert len(names(tmp_path / "in")) == 2
    assert asked.people() == {"1", "2"}


def test_a_file_that_was_read_and_not_yet_moved_is_read_again_without_effect(
    watch, asked, tmp_path
):
    _, look = watch()
    file = tmp_path / "in" / "a.hl7"
    file.write_bytes(message(1))
    look()
    look()
    (tmp_path / "in" / "done" / "a.hl7").rename(file)  # as if the power had failed before
    look()
    look()
    assert len(asked.recorded) == 2
    assert len(asked.new) == 1


def test_only_files_of_the_pattern_are_taken(watch, asked, tmp_path):
    source = FolderSettings(path=str(tmp_path / "in"), pattern="*.HL7")
    _, look = watch(source)
    (tmp_path / "in" / "a.hl7").write_bytes(message(1))
    (tmp_path / "in" / "a.ok").write_bytes(b"")
    look()
    look()
    assert names(tmp_path / "in") == ["a.ok", "done/a.hl7"]


def test_a_folder_that_is_only_read_is_read_once_and_across_a_restart(watch, asked, tmp_path):
    source = FolderSettings(path=str(tmp_path / "in"), leave=True)
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.hl7"
    file.write_bytes(message(1))
    for _ in range(2):
        _, look = watch(source)
        look()
        look()
    assert len(asked.recorded) == 1
    file.write_bytes(message(2))
    look()
    look()
    assert asked.people() == {"1", "2"}
    assert names(tmp_path / "in") == ["a.hl7"]


def test_a_folder_that_is_gone_is_said_and_taken_up_when_it_is_back(watch, asked, tmp_path):
    _, look = watch()
    (tmp_path / "in").rename(tmp_path / "away")
    with pytest.raises(OSError, match="No such file") as fault:
        look()
    assert str(tmp_path) not in describe_fault(fault.value)
    (tmp_path / "away").rename(tmp_path / "in")
    (tmp_path / "in" / "a.hl7").write_bytes(message(1))
    look()
    look()
    assert asked.people() == {"1"}


# Servers of others.


def test_files_are_taken_over_sftp(watch, asked, sftp, tmp_path):
    source = SftpSettings(path=str(tmp_path / "in"), **sftp)
    _, look = watch(source)
    (tmp_path / "in" / "a.hl7").write_bytes(message(1) + message(2))
    (tmp_path / "in" / "b.hl7.tmp").write_bytes(message(3))
    look()
    look()
    assert asked.people() == {"1", "2"}
    assert names(tmp_path / "in") == ["b.hl7.tmp", "done/a.hl7"]


def test_an_ssh_server_with_another_key_is_not_spoken_to(watch, asked, sftp, tmp_path):
    other = tmp_path / "known"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "stranger"], check=True
    )
    other.write_text(f"[127.0.0.1]:{sftp['port']} {(tmp_path / 'stranger.pub').read_text()}")
    source = SftpSettings(path=str(tmp_path), **sftp | {"known_hosts_file": str(other)})
    _, look = watch(source)
    with pytest.raises(OSError, match="fault") as fault:
        look()
    assert "HostKeyNotVerifiable" in describe_fault(fault.value)


def test_files_are_taken_from_a_windows_share(watch, asked, smb):
    table = dict(smb)
    share = table.pop("folder")
    (share / "out").mkdir()
    (share / "out" / "a.hl7").write_bytes(message(1))
    (share / "out" / "b.hl7").write_bytes(b"".join(message(n) for n in range(100, 1200)))
    _, look = watch(SmbSettings(path="feeds/out", **table))
    look()
    look()
    assert len(asked.people()) == 1101
    assert names(share / "out") == ["done/a.hl7", "done/b.hl7"]


def test_a_user_whom_the_server_does_not_know_is_said_without_the_address(watch, smb):
    table = dict(smb)
    table.pop("folder")
    _, look = watch(SmbSettings(path="feeds/out", **table | {"user": "stranger"}))
    with pytest.raises(OSError, match="fault") as fault:
        look()
    assert "127.0.0.1" not in describe_fault(fault.value)


def test_a_full_disk_is_said_in_words():
    fault = sqlcipher3.OperationalError("database or disk is full")
    assert "disk is full" in describe_fault(fault)


def test_files_are_taken_from_a_bucket(watch, asked, s3):
    table = dict(s3)
    client = table.pop("client")
    client.put_object(Bucket="feeds", Key="out/a.hl7", Body=message(1))
    client.put_object(Bucket="feeds", Key="out/sub/b.hl7", Body=message(2))
    _, look = watch(S3Settings(path="feeds/out", **table))
    look()
    look()
    assert asked.people() == {"1"}
    keys = {row["Key"] for row in client.list_objects_v2(Bucket="feeds", Prefix="out/")["Contents"]}
    assert keys == {"out/done/a.hl7", "out/sub/b.hl7"}


def test_a_bucket_s_server_is_checked_with_the_certificates_that_are_set(watch, s3, tmp_path):
    """The file is not there: that it is missed shows that it is asked for."""
    table = dict(s3)
    table.pop("client")
    table["endpoint"] = table["endpoint"].replace("http://", "https://")
    _, look = watch(S3Settings(path="feeds/out", ca_file=str(tmp_path / "none.pem"), **table))
    with pytest.raises(RemoteFolderError) as error:
        look()
    assert "No such file" in str(error.value.__cause__)


def test_a_secret_that_everybody_may_read_is_not_used(watch, smb, tmp_path):
    table = dict(smb)
    table.pop("folder")
    (tmp_path / "open").write_text("secret")
    (tmp_path / "open").chmod(0o644)
    _, look = watch(
        SmbSettings(path="feeds/out", **table | {"password_file": str(tmp_path / "open")})
    )
    with pytest.raises(InputError, match="everybody may read"):
        look()
