"""Opens an XLSX in a child process with limits of memory and time, after counting what it unpacks.

A workbook of a few kilobytes can ask for hundreds of gigabytes: two cells in opposite corners are
enough. So it is never opened in this process.
"""

import subprocess
import sys
import threading
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path

import orjson

from downtime.config import FeedsSettings
from downtime.feeds.changes import Unusable

_BLOCK = 1 << 20


def rows(path: Path, sheet: str, settings: FeedsSettings) -> Generator[list[str], None, None]:
    """The rows of a sheet (the first when it is not named), cells as text; Unusable says why not.

    Whole numbers lose the `.0` that spreadsheets give them; dates come in ISO order.
    """
    _check_size(path, settings.max_workbook_bytes)
    arguments = [str(path), sheet, str(settings.worker_memory_bytes), str(settings.worker_seconds)]
    child = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
        [sys.executable, "-m", "downtime.feeds.workbook_child", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    late = threading.Event()

    def stop() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(settings.worker_seconds, stop)
    timer.start()
    try:
        yield from _answers(child)
        if child.wait() != 0:
            raise Unusable("", _why(late.is_set(), settings))
    finally:
        timer.cancel()
        child.kill()
        child.communicate()


def _answers(child: subprocess.Popen[bytes]) -> Iterator[list[str]]:
    for line in child.stdout or ():
        answer = orjson.loads(line) if line.endswith(b"\n") else None
        if isinstance(answer, dict):
            raise Unusable("", str(answer["error"]))
        if isinstance(answer, list):
            yield answer


def _why(late: bool, settings: FeedsSettings) -> str:
    if late:
        return f"the workbook takes longer than {settings.worker_seconds} s to open"
    return (
        f"the workbook needs more than {settings.worker_memory_bytes} bytes of memory "
        "(its cells may lie very far apart), or is damaged"
    )


def _check_size(path: Path, limit: int) -> None:
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    while block := stream.read(_BLOCK):
                        total += len(block)
                        if total > limit:
                            raise Unusable(
                                "",
                                f"the workbook unpacks to more than {limit} bytes "
                                "(feeds.max_workbook_bytes)",
                            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise Unusable("", "the workbook is damaged, locked with a password, or no XLSX") from None
