"""Pages of a scanner's feeder: SANE's own `test` and `pnm` devices through a real `scanimage`."""

import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from downtime.entry import scans
from downtime.entry.take_in_batch import take_in_scanner
from downtime.errors import ConflictError, InputError, NotFoundError
from downtime.processes.written_files import read_written_files
from downtime.scanning import store
from downtime.scanning.scan_device import list_devices, scan_pages
from tests.integration import fork_server
from tests.integration.returns.pictures import coded_page

SECONDS = 30
FEEDER_HOLDS = 10
needs_scanimage = pytest.mark.skipif(
    shutil.which("scanimage") is None, reason="no scanimage here: run scripts/peers"
)


@pytest.fixture(autouse=True)
def sane(tmp_path, monkeypatch):
    """SANE with its two devices for tests and no other; and a folder of our own for pipes."""
    for folder in ("sane/dll.d", "pipes"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sane" / "dll.conf").write_text("test\npnm\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(tmp_path / "sane"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "pipes"))
    return tmp_path / "pipes"


@pytest.fixture
def put_on_glass(tmp_path):
    """`put_on_glass(picture)`: the pages that the `pnm` device then gives."""

    def scan(picture):
        file = tmp_path / "glass.pgm"
        picture.save(file, "PPM")
        return scan_pages("pnm:0", {"filename": str(file)}, SECONDS)

    return scan


@pytest.fixture
def scanimage(tmp_path, monkeypatch):
    """`scanimage(script)`: another program of that name."""

    def put(script: str) -> None:
        program = tmp_path / "bin" / "scanimage"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def counted(report):
    return {str(outcome): n for outcome, n in report.counts.items() if n}


def feeder(**options):
    return scan_pages("test:0", {name.replace("_", "-"): v for name, v in options.items()}, SECONDS)


@needs_scanimage
def test_scanners_are_listed_by_the_names_that_are_typed():
    names = [device.name for device in list_devices(SECONDS)]
    assert {"test:0", "pnm:0"} <= set(names)


@needs_scanimage
def test_a_stack_is_read_to_its_last_page_and_no_page_lies_on_a_disk(sane):
    pages = 0
    for page in feeder(resolution="50"):
        assert page.startswith(b"MM\0*")
        pages += 1
        present = list(sane.rglob("*.tiff*"))
        assert present
        assert all(path.is_fifo() for path in present)
    assert pages == FEEDER_HOLDS
    assert list(sane.iterdir()) == []


@needs_scanimage
def test_pages_are_asked_for_in_grey_at_200_dpi_from_the_feeder():
    with closing(feeder()) as pages:
        page = next(pages)
    across, down = (round(200 * side / 25.4) for side in (200, 200))  # as large as that device is
    assert abs(len(page) - across * down) < 0.02 * across * down


@needs_scanimage
def test_a_page_from_a_scanner_lies_with_its_form(vault, settings, issue, actor, put_on_glass):
    serial = issue("observations")
    pages = put_on_glass(coded_page(serial))
    report = take_in_scanner(vault, settings, pages, "Ward A1", actor)
    assert counted(report) == {"filed": 1}
    assert (report.batch.source, bool(report.batch.ended)) == ("scanner", True)
    assert scans.list_pages(vault, serial) == [1]
    assert store.fetch_waiting_files(vault.db, report.batch.id) == []


@needs_scanimage
def test_after_a_jam_what_was_read_is_filed_and_the_same_box_goes_on(
    vault, settings, issue, actor, put_on_glass
):
    first, second = issue("observations"), issue("observations")

    def jamming():
        yield from put_on_glass(coded_page(first))
        yield from feeder(read_return_value="SANE_STATUS_JAMMED")

    with pytest.raises(ConflictError, match="paper jam"):
        take_in_scanner(vault, settings, jamming(), "Ward A1", actor)
    assert scans.list_pages(vault, first) == [1]

    def going_on():
        yield from put_on_glass(coded_page(first))
        yield from put_on_glass(coded_page(second))

    report = take_in_scanner(vault, settings, going_on(), "Ward A1", actor)
    assert counted(report) == {"filed": 2, "copy": 1}
    (batch,) = store.fetch_batches(vault.db)
    assert batch.ended


@needs_scanimage
def test_a_page_that_was_scanned_and_not_read_is_read_when_the_box_goes_on(
    vault, settings, issue, actor, put_on_glass, monkeypatch
):
    serial, read_pages = issue("observations"), "downtime.entry.take_in_batch.read_pages"
    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(read_pages, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        take_in_scanner(vault, settings, put_on_glass(coded_page(serial)), "Ward A1", actor)
    report = take_in_scanner(vault, settings, iter(()), "Ward A1", actor)
    assert counted(report) == {"filed": 1}


@pytest.mark.usefixtures("outage")
def test_an_empty_feeder_is_said_and_begins_no_box(vault, settings, actor):
    with pytest.raises(ConflictError, match="feeder is empty"):
        take_in_scanner(vault, settings, iter(()), "Ward A1", actor)
    assert store.fetch_batches(vault.db) == []


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("JAMMED", "has a paper jam"),
        ("COVER_OPEN", "has an open cover"),
        ("IO_ERROR", "does not answer any more"),
        ("DEVICE_BUSY", "is used by somebody else"),
        ("ACCESS_DENIED", "may not be used by this account"),
        ("NO_DOCS", "lost a sheet while it was read"),
    ],
)
@needs_scanimage
def test_what_stops_a_scanner_is_said_and_half_a_page_is_none(status, sentence):
    pages = feeder(read_return_value=f"SANE_STATUS_{status}", resolution="50")
    with pytest.raises(ConflictError, match=sentence) as stopped:
        next(pages)
    assert "give the same command again" in stopped.value.next_step


@needs_scanimage
def test_a_wrong_name_is_said_with_what_there_is():
    with pytest.raises(NotFoundError, match="'nobody:0' is not known here"):
        next(scan_pages("nobody:0", {}, SECONDS))
    with pytest.raises(InputError, match=r"no option 'colour'\. Choose .*mode"):
        next(feeder(colour="red"))
    with pytest.raises(InputError, match="does not take one of the values"):
        next(feeder(mode="Purple"))


def test_without_scanimage_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotFoundError, match="Install it: apt-get install sane-utils"):
        list_devices(SECONDS)


def test_a_scanner_that_says_nothing_is_given_up(scanimage):
    scanimage('case "$*" in *--all-options*) ;; *) exec sleep 60 ;; esac')
    begun = time.monotonic()
    with pytest.raises(ConflictError, match="does not answer any more"):
        next(scan_pages("far:0", {}, 0.3))
    assert time.monotonic() - begun < 10


OFFERED = """
    --source Flatbed|ADF Front|ADF Duplex [Flatbed]
    --mode Black & White|Gray[Error Diffusion]|True Gray|24bit Color [24bit Color] [advanced]
    --resolution 75|150|300|600dpi [75]
    --duplex[=(yes|no)] [no]
    --page-height 0..355.6mm [279.4]
    --sleep 0..60 [inactive]
"""


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        ({}, {"--source=ADF Duplex", "--mode=True Gray", "--resolution=300", "--duplex=yes",
              "--page-height=297"}),
        ({"source": "ADF Front", "duplex": "no", "resolution": "600"},
         {"--source=ADF Front", "--mode=True Gray", "--resolution=600", "--duplex=no",
          "--page-height=297"}),
    ],
)  # fmt: skip
def test_both_sides_are_read_where_the_scanner_can(scanimage, tmp_path, chosen, asked):
    (tmp_path / "offered").write_text(OFFERED)
    scanimage(
        f'case "$*" in *--all-options*) cat {tmp_path}/offered ;;'
        f' *) printf "%s\\n" "$@" > {tmp_path}/words ;; esac'
    )
    assert list(scan_pages("office:0", chosen, SECONDS)) == []
    words = (tmp_path / "words").read_text().splitlines()
    assert set(words) == {"--device-name=office:0", "--format=tiff", "--batch=%d.tiff"} | asked


WRITER = (
    "echo $$ > {0}/pid; i=0; while :; do i=$((i+1)); head -c 300000 /dev/zero > $i || exit; done"
)
READER = """
import os, sys
from downtime.processes.written_files import read_written_files
for _ in read_written_files(["sh", "-c", sys.argv[1]], str, 30):
    os.kill(os.getpid(), 9)
"""


def test_a_reader_that_is_killed_leaves_no_program_that_keeps_the_scanner(tmp_path):
    words = [sys.executable, "-c", READER, WRITER.format(tmp_path)]
    done = fork_server.run(words, capture_output=True, cwd=Path(__file__).parents[3])
    assert done.returncode == -signal.SIGKILL, done.stderr
    writer = Path("/proc") / (tmp_path / "pid").read_text().strip()
    end = time.monotonic() + 10
    while writer.exists() and "Z" not in (writer / "stat").read_text().split()[2]:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_files_come_whole_and_in_their_order_however_small(tmp_path):
    script = "for i in 1 2 3 4 5; do echo $i > $i; done; echo over >&2"
    files = read_written_files(["sh", "-c", script], str, SECONDS)
    assert [bytes(file.content) for file in files] == [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n"]
