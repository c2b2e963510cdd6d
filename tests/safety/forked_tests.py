"""Runs pytest in forks of one process that has loaded what never changes: three quarters of the time of each run.

Reads a line of JSON for each run from its input (the arguments of pytest, the file for what it says, seconds), and
answers with a line: the exit code, or null when it did not end in time. Nothing of the program itself is loaded
before a run, so each knows the sources as they are then.
"""

import importlib
import json
import os
import signal
import sys
import time
from contextlib import suppress

LOADED = (
    "pytest", "hypothesis", "flask", "flask_login", "flask_wtf", "jinja2", "orjson", "pikepdf", "sqlcipher3",
    "cryptography.hazmat.primitives.asymmetric.ed25519", "pyrage", "argon2", "openpyxl", "fontTools.ttLib",
    "fontTools.subset", "PIL.Image", "rapidfuzz", "jellyfish", "httpx", "fsspec", "tuf.api.metadata",
    "rich.console", "click", "yaml", "zstandard", "zxingcpp", "waitress", "pyotp", "stdnum", "nhs_number",
    "pypdfium2", "joserfc.jwt", "prometheus_client", "weasyprint", "multiprocessing",
)  # fmt: skip


def main() -> int:
    """Until the input ends."""
    for name in LOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        print(
            json.dumps(_run(request["arguments"], request["output"], request["seconds"])),
            flush=True,
        )
    return 0


def _run(arguments: list[str], output: str, seconds: float) -> int | None:
    child = os.fork()
    if child == 0:
        os.setsid()
        with open(output, "wb") as file, open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        code = int(importlib.import_module("pytest").main(arguments))
        sys.stdout.flush()
        os._exit(code)
    code = _wait(child, seconds)
    with suppress(ProcessLookupError):  # whatever it started and left
        os.killpg(child, signal.SIGKILL)
    return code


def _wait(child: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    sys.exit(main())
