"""A PostgreSQL of the tests' own: made in a folder, started on a socket in it, ended with them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path("/usr/lib/postgresql/15/bin")


@contextmanager
def postgres() -> Iterator[Path]:
    """The folder of its socket. As root it runs as `nobody`, since it refuses root."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user = None
    if os.getuid() == 0:
        user = pwd.getpwnam("nobody").pw_uid
        os.chown(folder, user, -1)
    data = folder / "data"
    subprocess.run(
        [BIN / "initdb", "-D", data, "-U", "owner", "-A", "trust", "--no-sync"],
        user=user, check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB"
    subprocess.run(
        [BIN / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"],
        user=user, check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    try:
        yield folder
    finally:
        subprocess.run(
            [BIN / "pg_ctl", "-D", data, "-m", "immediate", "stop"],
            user=user, check=False, capture_output=True, cwd=folder,
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
