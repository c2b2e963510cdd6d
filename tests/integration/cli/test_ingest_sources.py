"""`downtime ingest listen`, `run` and `status` as programs run them: unlocked by a file, stopped by SIGTERM."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from downtime.accounts import homes
from downtime.clock import system_clock
from downtime.config import Home
from tests.integration.fork_server import Process
from tests.integration.ingest.listening import Sender, message

CHEAP = "[accounts]\nargon2_memory_kib = 64\nargon2_time_cost = 1\nargon2_parallelism = 1\n"
SOURCES = """
[ingest.sources.engine]
kind = "mllp"
port = 0
[ingest.sources.lists]
kind = "folder"
path = "/nowhere/at/all"
"""


@pytest.fixture
def program(tmp_path):
    """Starts a command on a new home with two sources."""
    home, unlock = tmp_path / "home", tmp_path / "unlock"
    homes.create_home(Home(home), system_clock, unlock_file=unlock, settings_text=CHEAP + SOURCES)
    words = [sys.executable, "-c", "from downtime.cli import main; main()",
             "--home", str(home), "--unlock-file", str(unlock)]  # fmt: skip

    def start(*command: str) -> Process:
        return Process(
            [*words, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[3], env=os.environ,
        )  # fmt: skip

    return start


@contextmanager
def stopped(process: Process):
    """The port on which it says to listen; then it is stopped as systemd does."""
    try:
        yield int(re.search(r"port (\d+)", process.stderr.readline())[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.out, process.err = process.communicate(timeout=30)
    assert process.returncode == 0, process.err


def receive(process: Process, *numbers: int) -> str:
    """Have messages acknowledged by a service; what it said before it listened."""
    lines = []
    while not (ready := re.search(r"port (\d+)", line := process.stderr.readline())):
        assert line
        lines.append(line)
    with Sender(int(ready[1])) as sender:
        for number in numbers:
            assert sender.ask(message(number)) == ("AA", str(number))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    return "".join(lines)


def ask(process: Process) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_all_sources_run_and_their_health_is_shown(program):
    service = program("ingest", "run", "--json")
    with stopped(service) as port:
        with Sender(port) as sender:
            assert sender.ask(message("4711")) == ("AA", "4711")
        end = time.monotonic() + 60
        while "waiting" not in (answer := ask(program("ingest", "status")))[1]:
            assert time.monotonic() < end  # its health is written a little later
        code, out, _ = answer
        assert code == 1  # the folder is not there
        assert "engine (mllp): running" in out
        assert "lists (folder): waiting" in out
        assert "No such file" in out
    assert {row["name"]: row["messages"] for row in json.loads(service.out)} == {
        "engine": 1, "lists": 0,
    }  # fmt: skip
    assert "4711" not in service.out + service.err
    code, out, _ = ask(program("ingest", "status"))
    assert code == 1
    assert out.count("stopped") == 2


def test_one_listener_runs_by_hand(program):
    listener = program("ingest", "listen", "--port", "0")
    with stopped(listener) as port, Sender(port) as sender:
        assert sender.ask(message(1)) == ("AA", "1")
    assert "1 messages" in listener.out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("listen", "--host", "10.1.2.3"), "clear"),
        (("listen", "--source", "lists"), "no such source"),
    ],
)
def test_what_cannot_be_run_is_said(program, command, said):
    code, _, err = ask(program("ingest", *command))
    assert code == 1
    assert said in err


def test_a_ledger_that_was_lost_goes_on_above_what_the_state_knows_and_says_so(program, tmp_path):
    build = ("snapshot", "build", "--to", str(tmp_path / "out"), "--json")
    assert receive(program("ingest", "run"), 1, 2, 3) == ""
    assert json.loads(ask(program(*build))[1])["records"]["Patient"] == 3
    for path in (tmp_path / "home" / "ingest").iterdir():
        path.unlink()
    assert "has lost messages 1 to 3" in receive(program("ingest", "run"), 4)
    built = json.loads(ask(program(*build))[1])
    assert (built["messages"], built["records"]["Patient"]) == (1, 4)
    assert built["quality"]["ledger"] == {"messages-lost": 1}
    assert "messages 1 to 3" in ask(program("quality", "list"))[1]
    assert receive(program("ingest", "run"), 5) == ""
