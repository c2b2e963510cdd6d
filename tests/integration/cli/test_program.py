"""The installed program as the shell runs it: exit codes, serving, stopping."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

DOWNTIME = Path(sys.executable).with_name("downtime")


@pytest.fixture
def shell(home):
    """Runs the program in the home's folder."""
    environment = {**os.environ, "DOWNTIME_HOME": "home", "LC_ALL": "C.UTF-8"}

    def run(*words: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [DOWNTIME, *map(str, words)],
            cwd=home.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    run.start = lambda *words: subprocess.Popen(
        [DOWNTIME, *map(str, words)],
        cwd=home.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has Ctrl-C ignored in all that they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    return run


@pytest.fixture
def port() -> int:
    """One that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def fetched(port: int, path: str, seconds: float = 30) -> str:
    """The page, once somebody answers."""
    ends = time.monotonic() + seconds
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        finally:
            connection.close()


def test_the_shell_sees_documents_sentences_and_exit_codes(shell):
    good = shell("outage", "list", "--unlock-file", "key", "--json")
    assert (good.returncode, good.stdout, good.stderr) == (0, "[]\n", "")
    refused = shell("outage", "end", "PAS", "--reason", "up", "--unlock-file", "key")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("PAS is not declared down.\n")
    unattended = shell("outage", "list")
    assert (unattended.returncode, unattended.stdout) == (1, "")
    assert "--unlock-file" in unattended.stderr


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_web_app_is_served_until_it_is_stopped(shell, port, stop):
    serving = shell.start("serve", "--port", port)
    try:
        page = fetched(port, "/sign-in")
        assert 'type="password"' in page
        if stop == signal.SIGINT:
            second = shell("serve", "--port", port)
            assert second.returncode == 1
            assert "Nothing can listen at 127.0.0.1" in second.stderr
        serving.send_signal(stop)
        out, err = serving.communicate(timeout=30)
    finally:
        serving.kill()
    assert out == ""
    assert "Traceback" not in err
    assert f"http://127.0.0.1:{port}/" in err
    assert "fault" not in err
    assert serving.returncode in (0, -stop)
