"""What several rooms' tests need of a machine: a printer, and a disk whose power can be cut."""

import gc
import os

import pytest

from tests.integration.vault.power import Disk


@pytest.fixture
def lp(tmp_path, monkeypatch):
    """A printer: `lp` on the PATH keeps its `words` and the `pages` it is given, unless `broken`."""
    program = tmp_path / "bin" / "lp"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat > {tmp_path}/pages\n'
        f"[ ! -e {tmp_path}/broken ] || {{ echo 'lp: out of paper' >&2; exit 1; }}\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def disk(tmp_path):
    """A disk that forgets what was not waited for when its power is cut."""
    made = Disk(tmp_path)
    yield made
    gc.collect()  # connections that nobody holds any more
    made.close()
