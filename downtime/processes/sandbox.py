"""Open what strangers made (workbooks, PDFs) in a child process with limits of memory and time.

A file of a few kilobytes can ask for hundreds of gigabytes, or for ever: so it is never opened in
the process that holds the vault's key.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence


class SandboxError(Exception):
    """The child gave up: `timed_out` says that its time was over, else memory or the file itself."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__("timed out" if timed_out else "failed")
        self.timed_out = timed_out


def read_lines(
    module: str, arguments: Sequence[str], memory: int, seconds: int, content: bytes = b""
) -> Generator[bytes, None, None]:
    """What `python -m module` writes, line by line; ChildFailedError when it does not end well.

    Memory in bytes and seconds are given to it as its last two arguments, for `limit`. What must
    not lie on a disk in clear is its `content`: its standard input, all of which it has to read
    before it writes.
    """
    child = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
        [sys.executable, "-m", module, *arguments, str(memory), str(seconds)],
        stdin=subprocess.PIPE if content else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    time_is_over = threading.Event()

    def stop() -> None:
        time_is_over.set()
        child.kill()

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        if child.stdin:
            # A child that has already given up says so by how it ends.
            with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
                pipe.write(content)
            child.stdin = None  # closed: `communicate` would try to flush it
        for line in child.stdout or ():  # noqa: UP028 - 'yield from' would close the pipe too early
            yield line
        if child.wait() != 0:
            raise SandboxError(time_is_over.is_set())
    finally:
        timer.cancel()
        child.kill()
        child.communicate()


def limit_resources(memory: str, seconds: str) -> None:
    """Limit this process; where the system knows no such limits, the parent's clock remains."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
