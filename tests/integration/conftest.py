"""What several rooms' tests need: a printer, a disk whose power can be cut, servers of others."""

import gc
import os

import pytest

from tests.integration.servers import s3_server, samba, ssh_server
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


@pytest.fixture(scope="session")
def sftp(tmp_path_factory):
    """An SSH server: the keys of a folder there."""
    with ssh_server(tmp_path_factory.mktemp("ssh")) as table:
        yield table


@pytest.fixture(scope="session")
def smb(tmp_path_factory):
    """A Windows share `feeds`; its `folder` is where it lies here."""
    with samba(tmp_path_factory.mktemp("smb")) as table:
        yield table


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """A bucket `feeds`, and a `client` for it."""
    with s3_server(tmp_path_factory.mktemp("s3")) as table:
        yield table
