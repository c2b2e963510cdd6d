"""`downtime scan`: a box of paper by folder or by scanner, what it answers, and how it ends."""

import shutil

import pytest

from tests.integration.cli.conftest import Terminal, is_one_sentence
from tests.integration.returns.pictures import as_file, as_pdf, blank_page, coded_page, inked_page
from tests.integration.web.conftest import (  # noqa: F401 - fixtures
    PASSWORD,
    checker,
    hold,
    home_template,
    hospital,
    issue,
    loaded_template,
    outage,
    t0,
    vault,
)

pytestmark = pytest.mark.usefixtures("outage")


@pytest.fixture
def scan(hospital, tmp_path):  # noqa: F811
    """`scan(words…)`: what the command answers a records clerk."""
    terminal = Terminal(tmp_path, hospital.clock, "--home", hospital.home.path)
    terminal.secrets = {role: (PASSWORD, secret) for role, secret in hospital.secrets.items()}

    def run(*words, role="records-clerk"):
        return terminal.run("scan", *words, stdin=terminal.signed_in(role))

    return run


@pytest.fixture
def box(tmp_path):
    folder = tmp_path / "ward-a1"
    folder.mkdir()
    return folder


def counted(document):
    return {outcome: n for outcome, n in document["outcomes"].items() if n}


def test_a_folder_is_read_once_and_says_how_many_pages_are_where(scan, issue, box):  # noqa: F811
    first, second = issue("observations"), issue("observations")
    (box / "1.pdf").write_bytes(as_pdf(coded_page(first), blank_page()))
    (box / "2.png").write_bytes(as_file(coded_page(second)))
    done = scan(box, "--json")
    assert (done.code, done.json["name"], done.json["pages"]) == (0, "ward-a1", 3)
    assert counted(done.json) == {"filed": 2, "blank": 1}
    assert (done.json["missing"], done.json["repeated"]) == ([], 0)
    again = scan(box, "--json")
    assert (again.code, again.json["pages"], again.json["repeated"]) == (0, 0, 2)
    assert again.json["batch"] != done.json["batch"]
    # What cannot be measured may show other writing than the page that is filed: it is no copy by itself.
    (box / "3.png").write_bytes(as_file(coded_page(first).rotate(180)))
    twice = scan(box, "--json")
    assert (twice.code, counted(twice.json)) == (1, {"second-scan": 1})


def test_a_page_for_the_tray_ends_with_1_and_is_said_in_words(scan, issue, box):  # noqa: F811
    (box / "1.pdf").write_bytes(as_pdf(coded_page(issue("observations")), inked_page()))
    done = scan(box, "--name", "Box 7")
    assert done.code == 1
    assert done.err == ""
    lines = done.out.splitlines()
    assert lines[0].endswith(", Box 7: 2 pages.")
    assert {" ".join(line.split()) for line in lines[1:]} == {
        "1 Filed with their forms", "1 Pages without a readable code",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "no one place"),
        (("--device", "test:0", "ward-a1"), 2, "no one place"),
        (("--device", "test:0", "--list-devices"), 2, "no one place"),
        (("--device", "test:0", "--name", "Box", "--scanner-option", "mode"), 2, "NAME=VALUE"),
        (("--device", "test:0"), 1, "has no name"),
        (("ward-a1",), 1, "no file to read"),
    ],
)
def test_what_cannot_be_scanned_is_one_sentence(scan, box, words, code, sentence):
    answer = scan(*words)
    assert (answer.code, sentence in answer.err) == (code, True)
    assert is_one_sentence(answer)


def test_a_ward_scans_no_box(scan, box):
    assert scan(box, role="ward").code == 1


@pytest.mark.skipif(shutil.which("scanimage") is None, reason="no scanimage: run scripts/peers")
def test_a_scanner_is_found_and_its_pages_are_filed(
    scan,
    issue,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    (tmp_path / "sane" / "dll.d").mkdir(parents=True)
    (tmp_path / "sane" / "dll.conf").write_text("test\npnm\n")
    monkeypatch.setenv("SANE_CONFIG_DIR", str(tmp_path / "sane"))
    assert "pnm:0" in [device["name"] for device in scan("--list-devices", "--json").json]
    glass = tmp_path / "glass.pgm"
    coded_page(issue("observations")).save(glass, "PPM")
    words = ("--device", "pnm:0", "--scanner-option", f"filename={glass}", "--name", "Box 8")
    done = scan(*words, "--json")
    assert (done.code, done.json["name"], counted(done.json)) == (0, "Box 8", {"filed": 1})
    jam = "read-return-value=SANE_STATUS_JAMMED"
    stopped = scan("--device", "test:0", "--scanner-option", jam, "--name", "Box 9")
    assert (stopped.code, "has a paper jam" in stopped.err) == (1, True)
    assert is_one_sentence(stopped)
