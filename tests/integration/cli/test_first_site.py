"""docs/first-site.md leads from nothing to a running site: its commands are run as they stand there."""

import io
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy
import pytest
import zxingcpp

from downtime.clock import system_clock
from tests.integration.cli.conftest import CHEAP, PASSWORD, Clock, Terminal
from tests.integration.fork_server import Process
from tests.integration.servers import free_port

PAGE = Path(__file__).parents[3] / "docs/first-site.md"
STICK = "a passphrase of the stick"
CODE = re.compile(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){2}")
EXPECTED = {"status": 3, "ingest": 1, "doctor": 1}
"""What the page says of these: a system is stale, a source is stopped, something should be looked at."""
NURSES_PASSWORD = "another long sentence"


def read_page() -> tuple[str, list[str]]:
    """The settings of the page, and its commands in their order."""
    text = PAGE.read_text(encoding="utf-8")
    (settings,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    return settings, re.findall(r"^    ((?:downtime|mkdir|cp) .+)$", text, re.M)


class Site:
    """Somebody who types what the page says, and answers what is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.terminal = Terminal(folder, Clock(system_clock()))
        self.told: dict[str, str] = {}
        self.username, self.chosen = "admin", PASSWORD
        settings, self.commands = read_page()
        settings = settings.replace("/srv/downtime", str(folder))
        web = f"[web]\nport = {self.port}\n"
        (folder / "site.toml").write_text(settings + CHEAP + web, encoding="utf-8")

    def type(self, line: str) -> str:
        """Run one line; what it answers."""
        line, _, file = line.partition(" >> ")
        program, *words = shlex.split(line)
        if program != "downtime":
            return subprocess.run(
                [program, *words], cwd=self.folder, check=True, capture_output=True, text=True
            ).stdout
        if words[0] == "run" or words[:2] == ["ingest", "run"]:
            return self.run_service(words)
        answer = self.terminal.run(*words, stdin=self.answer(words))
        assert answer.code in (0, EXPECTED.get(words[0])), (line, answer.out, answer.err)
        if file:
            with (self.folder / file).open("a", encoding="utf-8") as config:
                config.write(answer.out)
        self.note(words, answer.out)
        return answer.out

    def answer(self, words: list[str]) -> io.StringIO:
        """What is typed after the command: who signs in, then what the command itself asks."""
        asked = {
            ("root", "create"): [STICK] * 6,
            ("fleet", "start"): [STICK],
            ("fleet", "add"): [self.told.get("join", ""), STICK],
            ("fleet", "accept"): [self.told.get("add", "")],
            ("person", "password"): [self.told.get("password", ""), self.chosen, self.chosen],
        }.get((words[0], words[1]), [])
        if "laptop" in words and words[0] not in ("init", "doctor"):
            return self.terminal.signed_in(self.username, *asked)
        return io.StringIO("".join(f"{line}\n" for line in asked))

    def note(self, words: list[str], answer: str) -> None:
        """Keep the codes and secrets that are shown once."""
        if codes := CODE.findall(answer):
            self.told[words[1]] = codes[0]
        if words[:2] == ["person", "add"]:
            self.username, self.chosen = "nurse", NURSES_PASSWORD
        if (words[0] == "init" and "laptop" in words) or words[:2] == ["person", "add"]:
            password = re.search(r"password +(\S+)", answer)[1]
            self.told["password"] = password
            secret = re.search(r"secret=([A-Z2-7]+)", answer)[1]
            self.terminal.secrets[self.username] = (password, secret)
        if words[:2] == ["person", "password"]:
            secret = self.terminal.secrets[self.username][1]
            self.terminal.secrets[self.username] = (self.chosen, secret)

    def run_service(self, words: list[str]) -> str:
        """Start it, wait until it has done its work, stop it as Ctrl-C does."""
        program = [sys.executable, "-c", "from downtime.cli import main; main()", *words]
        process = Process(
            program, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        end = time.monotonic() + 120
        while not self.is_done(words):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, words
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return out + err

    def is_done(self, words: list[str]) -> bool:
        if words[0] == "ingest":
            return len(list((self.folder / "incoming/done").glob("*"))) == 4
        if "--serve" in words:
            try:
                return httpx.get(f"http://127.0.0.1:{self.port}/health").json()["age_seconds"] > 0
            except httpx.TransportError:
                return False
        return len(list((self.folder / "share").glob("*-after-*.downtime"))) > 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("first")


@pytest.fixture(scope="module")
def answers(folder) -> list[tuple[str, str]]:
    """Each command of the page, in its order, and what it answered."""
    site = Site(folder)
    return [(line, site.type(line)) for line in site.commands]


def find(answers: list[tuple[str, str]], beginning: str) -> list[str]:
    """What the commands that begin so have answered."""
    return [answer for line, answer in answers if line.startswith(beginning)]


def test_every_command_of_the_page_works(answers):
    """Each ended as it should, else the fixture has failed."""
    assert len(answers) > 20
    assert CODE.search(find(answers, "downtime fleet join")[0])


def test_a_list_is_read_once_it_is_mapped(answers):
    before, after = find(answers, "downtime feeds check")
    assert "no table mapping matches ward-list.csv" in before
    assert "no table mapping matches ward-list.csv" not in after


def test_people_of_the_hospital_reach_the_laptop(answers):
    for answer in find(answers, "downtime publish"):
        assert re.search(r"published, with [\d,]{3,} people", answer)
    assert "is in use" in find(answers, "downtime pull")[0]
    (status,) = find(answers, "downtime status")
    assert "PAS as at" in status
    assert "LIMS as at" in status


def read_words(pdf: Path) -> str:
    command = ["pdftotext", "-layout", pdf, "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_it_ends_with_a_printed_pack(answers, folder):
    (pack,) = find(answers, "downtime pack")
    assert re.match(r"\d+ pages", pack)
    assert "My Hospital" in read_words(folder / "amu.pdf")


def test_the_sheet_for_the_safe_holds_the_way_back_in_and_nothing_else_that_is_secret(
    answers, folder
):
    shown = find(answers, "downtime init")[1]
    sheet = read_words(folder / "laptop-sheet.pdf")
    assert re.search(r"recovery code +(\S+)", shown)[1] in sheet
    assert "downtime recover" in sheet
    assert "K7, AMU laptop" in sheet
    assert re.search(r"secret=([A-Z2-7]+)", shown)[1] not in sheet
    assert re.search(r"password +(\S+)", shown)[1] not in sheet
    (root,) = find(answers, "downtime root show")
    assert re.search(r"Fingerprint of the site's root.*: [0-9a-f]{8}( [0-9a-f]{8}){7}", root)


def test_the_second_factor_is_read_from_the_terminal_with_a_telephone(answers):
    for shown in find(answers, "downtime init"):
        rows = [line for line in shown.splitlines() if set(line) & set("█▀▄")]
        dots = [
            [0 if block in "█" + half else 255 for block in row]
            for row in rows
            for half in ("▀", "▄")
        ]
        code = numpy.pad(numpy.array(dots, dtype=numpy.uint8), 4, constant_values=255)
        (read,) = zxingcpp.read_barcodes(code.repeat(4, 0).repeat(4, 1))
        assert read.text == re.search(r"otpauth://\S+", shown)[0]


def test_an_empty_snapshot_is_said_to_be_empty(terminal):
    settings = read_page()[0].replace("/srv/downtime", str(terminal.folder))
    (terminal.folder / "site.toml").write_text(settings + CHEAP)
    (terminal.folder / "share").mkdir()
    home = ("--home", "publisher", "--unlock-file", "key")
    terminal.ok("init", "--settings", "site.toml", *home)
    answer = terminal.run("publish", *home)
    assert (answer.code, "it is EMPTY: no system has sent anybody yet" in answer.out) == (0, True)
    status = terminal.run("status", *home)
    assert "No snapshot is open on this machine yet" in status.out
