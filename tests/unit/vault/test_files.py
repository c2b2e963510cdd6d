"""A file is old or new, never half; a secret that others can read is refused."""

import os
import subprocess
import sys

import pytest

from downtime.errors import InputError, NotFoundError
from downtime.vault.files import make_private_folder, read_secret, write_atomic


def test_a_written_file_is_its_owners_alone_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "slots.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["slots.json"]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "slots.json"
    path.write_bytes(b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["slots.json"]


def test_a_private_folder_is_closed_to_others(tmp_path):
    make_private_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def _secret(tmp_path, content: bytes, mode: int = 0o600):
    path = tmp_path / "unlock"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_the_secret_is_the_whole_content_without_its_edges(tmp_path):
    path = _secret(tmp_path, b"  correct horse battery staple\n\n", 0o400)
    assert read_secret(path) == "correct horse battery staple"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_that_others_can_read_is_refused(tmp_path, mode):
    with pytest.raises(InputError, match="can be read by others") as refused:
        read_secret(_secret(tmp_path, b"correct horse battery staple", mode))
    assert "chmod 600" in refused.value.next_step


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff\xfe" * 40, b"x" * 70_000])
def test_what_is_no_secret_is_refused(tmp_path, content):
    with pytest.raises(InputError, match="does not hold one secret"):
        read_secret(_secret(tmp_path, content))


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(NotFoundError, match="no unlock file .*nowhere"):
        read_secret(tmp_path / "nowhere")


WRITE = """
import os, sys
from pathlib import Path
from downtime.vault.files import replace_atomically
with replace_atomically(Path(sys.argv[1])) as file:
    file.write(b"SAMPLE, Ann" * 10_000)
    file.flush()
    os.kill(os.getpid(), 9)
"""


def kill_midway(path):
    killed = subprocess.run([sys.executable, "-c", WRITE, path], check=False)
    assert killed.returncode == -9


def test_a_program_killed_midway_leaves_nothing_that_names_a_patient(tmp_path):
    kill_midway(tmp_path / "pack.pdf")
    assert [p.name for p in tmp_path.iterdir() if b"SAMPLE" in p.read_bytes()] == []


def test_where_a_disk_has_no_nameless_files_what_was_left_is_swept(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path = tmp_path / "pack.pdf"
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1, check=True
    )
    left = [
        tmp_path / f".pack.pdf.7.{int(gone.stdout)}.tmp",
        tmp_path / f".pack.pdf.7.{os.getppid()}.tmp",
    ]
    for file in left:
        file.write_bytes(b"SAMPLE, Ann")
    write_atomic(path, b"whole")
    assert [file.exists() for file in left] == [False, True]
    assert path.read_bytes() == b"whole"


def test_a_disk_that_links_no_nameless_file_gets_it_all_the_same(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_atomic(tmp_path / "pack.pdf", b"whole")
    assert (tmp_path / "pack.pdf").read_bytes() == b"whole"
    assert len(list(tmp_path.iterdir())) == 1
