"""Real servers between a publisher and its laptops, which are killed and come back: Samba, sshd, S3."""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import botocore.session
from botocore.client import BaseClient

from tests.integration.servers import configure_samba, configure_ssh, free_port, wait_for

BUCKET = "faults"


class Server:
    """One server whose files lie in a folder; killed with everything that it had started."""

    def __init__(self, words: list[object], port: int, keys: dict[str, Any]) -> None:
        self._words, self._port, self.keys = [str(word) for word in words], port, keys
        self.start()

    def start(self) -> None:
        """Come up, or come back."""
        self._process = subprocess.Popen(
            self._words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self._port, self._process, 60)

    def stop(self) -> None:
        """It is gone from one moment to the next, with all that serves somebody."""
        for number in _list_descendants(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._process.wait()

    def mirror(self, folder: Path) -> None:
        """Let the folder show what lies there: it is the folder."""

    def close(self) -> None:
        """Leave nothing running."""
        self.stop()


def _list_descendants(first: int) -> list[int]:
    """A process, its children, and theirs."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    numbers = [first]
    for number in numbers:
        numbers += [child for child, parent in parents.items() if parent == number]
    return numbers


class Line:
    """A line to a server that can be cut: what was on its way is lost, and nobody is let in."""

    def __init__(self, target: int) -> None:
        self.port, self._target = free_port(), target
        self._ends: list[socket.socket] = []
        self.join()

    def join(self) -> None:
        """Let people in."""
        self._door = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        threading.Thread(target=self._let_in, args=(self._door,), daemon=True).start()

    def cut(self) -> None:
        """From now on nothing passes."""
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends = []

    def _let_in(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


def start_samba(folder: Path, share: Path) -> Server:
    """A Windows share."""
    port = free_port()
    words, keys = configure_samba(folder, share, port)
    return Server(words, port, keys | {"kind": "smb", "path": "feeds/site"})


def start_sshd(folder: Path, share: Path) -> Server:
    """A folder behind SSH."""
    port = free_port()
    words, keys = configure_ssh(folder, port)
    return Server(words, port, keys | {"kind": "sftp", "path": str(share / "site")})


class Bucket(Server):
    """moto's S3, which keeps all in memory: so not it is killed, but the line to it."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        secret = folder / "secret"
        secret.write_text("secret")
        secret.chmod(0o600)
        endpoint = f"http://127.0.0.1:{port}"
        self._line = Line(port)
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
        keys = {
            "kind": "s3", "path": f"{BUCKET}/site", "user": "key",
            "endpoint": f"http://127.0.0.1:{self._line.port}", "password_file": str(secret),
        }  # fmt: skip
        super().__init__(words, port, keys)
        self._client: BaseClient = botocore.session.Session().create_client(
            "s3", endpoint_url=endpoint, region_name="us-east-1",
            aws_access_key_id="key", aws_secret_access_key="secret",
        )  # fmt: skip
        self._client.create_bucket(Bucket=BUCKET)

    def start(self) -> None:
        """As a server that comes back."""
        if self._is_running:
            self._line.join()
        else:
            super().start()
            self._is_running = True

    _is_running = False

    def stop(self) -> None:
        """As a server that is gone."""
        self._line.cut()

    def close(self) -> None:
        """Leave nothing running."""
        super().stop()

    def mirror(self, folder: Path) -> None:
        """Write what lies in the bucket into a folder."""
        for path in folder.rglob("*"):
            if path.is_file():
                path.unlink()
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in page.get("Contents", ()):
                path = folder / entry["Key"]
                path.parent.mkdir(parents=True, exist_ok=True)
                body = self._client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"]
                path.write_bytes(body.read())


def start_bucket(folder: Path, _share: Path) -> Bucket:
    """A bucket."""
    return Bucket(folder)


SERVERS = {"Samba": start_samba, "sshd": start_sshd, "S3": start_bucket}
