"""Programs of tests, started at once: forked from a process that has imported everything and opened nothing.

A fresh interpreter needs one to two seconds to import the program, and tests that kill it at every
step start some two hundred. What is forked has its own memory, files and signals, so that it can be
killed as any other program; only what modules hold after their import is shared with its siblings.
"""

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import random
import runpy
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST_REQUEST = 100_000
PRELOADED = (
    "downtime.ingest.run_sources",
    "downtime.returns.send_messages",
    "downtime.returns.fhir.rest_client",
    "downtime.returns.hl7.mllp",
    "downtime.fleet.publish_snapshot",
    "downtime.sync.merge_bundle",
    "downtime.web",
    "downtime.web.job_kinds",
    "downtime.web.views",
    "waitress",
    "weasyprint",
)


_Popen = subprocess.Popen
"""The server is no child of itself, whatever a test puts in its place."""


class Process(subprocess.Popen):
    """`subprocess.Popen` of a Python program: a script, `-c CODE` or `-m MODULE`. It stays in this session."""

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *rest):
        reads, _, _, writes, _, writes_errors = rest[3:9]
        child_ends = (reads, writes, writes_errors)
        pipes = [own if end == -1 else end for own, end in enumerate(child_ends)]
        words = [os.fspath(word) for word in args]
        assert words[0] == sys.executable, "a Python program"
        request = {
            "words": words[1:],
            "cwd": os.fspath(cwd or Path.cwd()),
            "env": dict(os.environ if env is None else env),
        }
        self.pid = _ask_server(json.dumps(request).encode(), pipes)
        self._child_created = True
        self._close_pipe_fds(*rest[3:9])


def run(args, **options) -> subprocess.CompletedProcess:
    """`subprocess.run` of a Python program, with its `capture_output`, `text`, `cwd` and `timeout`."""
    timeout = options.pop("timeout", 120)
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Process(args, **options) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def _ask_server(request: bytes, pipes: list[int]) -> int:
    """The id of a new child of this process."""
    line = _server()
    with _adopting_orphans():
        socket.send_fds(line, [request], pipes)
        return int(line.recv(100))


@functools.cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server = _Popen(
        [sys.executable, "-m", __name__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()], cwd=ROOT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    theirs.close()
    atexit.register(lambda: (ours.close(), server.wait()))
    return ours


@contextlib.contextmanager
def _adopting_orphans():
    """Whose parent ends becomes a child of this process, so that it can be waited for."""
    _set_subreaper(1)
    try:
        yield
    finally:
        _set_subreaper(0)


def _set_subreaper(state: int) -> None:
    assert ctypes.CDLL(None).prctl(36, state, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER


def serve(line: socket.socket) -> dict:
    """Fork for each request; returns, in what was forked, what it has to run."""
    while True:
        data, pipes, *_ = socket.recv_fds(line, LARGEST_REQUEST, 3)
        if not data:
            os._exit(0)
        reading, writing = os.pipe()
        between = os.fork()
        if not between:
            if not (child := os.fork()):
                os.close(reading)
                os.close(writing)
                line.close()
                _take_over(pipes)
                return json.loads(data)
            os.write(writing, str(child).encode())
            os._exit(0)
        os.waitpid(between, 0)
        line.send(os.read(reading, 100))
        for number in (reading, writing, *pipes):
            os.close(number)


def _take_over(pipes: list[int]) -> None:
    for own, number in enumerate(pipes):
        os.dup2(number, own)
    for number in pipes:
        os.close(number)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")


def execute(request: dict) -> None:
    """Run a program as `python WORDS` does."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    random.seed()
    kind, *rest = request["words"]
    if kind == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    elif kind == "-m":
        sys.argv = list(rest)
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [kind, *rest]
        sys.path[0] = str(Path(kind).parent)
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    for name in PRELOADED:
        with contextlib.suppress(ImportError):  # who needs it is told
            importlib.import_module(name)
    gc.freeze()
    execute(serve(socket.socket(fileno=int(sys.argv[1]))))
