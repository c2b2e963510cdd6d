"""Servers that are not ours, on the loopback address, each started once for all tests.

Installed by `scripts/peers`: Samba, OpenSSH, PostgreSQL and nginx from Debian; moto (S3) comes with Python. Nothing of
them runs as a service of the machine, and all their files lie in the test's own folder.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "a password of tests"


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen | None = None, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process and process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError("the server did not come up: run scripts/peers")


@contextmanager
def running(words: list[object], port: int, **options: object) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [str(word) for word in words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **options,
    )
    try:
        wait_for(port, process)
        yield process
    finally:
        process.kill()
        process.wait()


def configure_ssh(folder: Path, port: int) -> tuple[list[object], dict]:
    """How an sshd with one user's key is started, and the keys of a table of kind `sftp`."""
    user = subprocess.check_output(["id", "-un"], text=True).strip()
    for name in ("host", "client"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    shutil.copy(folder / "client.pub", folder / "authorized")
    public = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {public}")
    (folder / "sshd.conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        "Subsystem sftp internal-sftp\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    return ["/usr/sbin/sshd", "-D", "-f", folder / "sshd.conf"], {
        "host": "127.0.0.1", "port": port, "user": user,
        "key_file": str(folder / "client"), "known_hosts_file": str(folder / "known"),
    }  # fmt: skip


@contextmanager
def ssh_server(folder: Path) -> Iterator[dict]:
    """An sshd; gives the keys of a table of kind `sftp`."""
    port = free_port()
    words, keys = configure_ssh(folder, port)
    with running(words, port):
        yield keys


def configure_samba(folder: Path, share: Path, port: int) -> tuple[list[object], dict]:
    """How an smbd that demands encryption is started, with a folder as the share `feeds`; keys of `smb`."""
    user = subprocess.check_output(["id", "-un"], text=True).strip()
    state = folder / "state"
    state.mkdir()
    options = "".join(
        f"{name} = {state}\n"
        for name in ("private dir", "lock directory", "state directory", "cache directory",
                     "pid directory", "ncalrpc dir", "usershare path")
    )  # fmt: skip
    (folder / "smb.conf").write_text(
        f"[global]\nsmb ports = {port}\ninterfaces = lo\nbind interfaces only = yes\n"
        f"server role = standalone server\nlog file = {state}/log\nload printers = no\n"
        f"passdb backend = tdbsam:{state}/passdb.tdb\nserver smb encrypt = required\n"
        f"disable spoolss = yes\n{options}"
        f"[feeds]\npath = {share}\nread only = no\nforce user = {user}\n"
    )
    configuration = ["-c", folder / "smb.conf"]
    subprocess.run(
        ["smbpasswd", *configuration, "-s", "-a", user],
        input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True,
    )  # fmt: skip
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    words = ["/usr/sbin/smbd", "--foreground", "--no-process-group", "-s", folder / "smb.conf"]
    return words, {
        "host": "127.0.0.1", "port": port, "user": user, "password_file": str(secret),
    }  # fmt: skip


@contextmanager
def samba(folder: Path) -> Iterator[dict]:
    """An smbd with the share `feeds`; gives the keys of kind `smb`, and its folder."""
    port, share = free_port(), folder / "share"
    share.mkdir()
    words, keys = configure_samba(folder, share, port)
    with running(words, port):
        yield keys | {"folder": share}


@contextmanager
def s3_server(folder: Path) -> Iterator[dict]:
    """moto's S3; gives the keys of kind `s3` and makes the bucket `feeds`."""
    import boto3
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    secret = folder / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    try:
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
            aws_access_key_id="key", aws_secret_access_key="secret",
        )  # fmt: skip
        client.create_bucket(Bucket="feeds")
        yield {
            "endpoint": f"http://127.0.0.1:{port}", "user": "key", "password_file": str(secret),
            "client": client,
        }  # fmt: skip
    finally:
        server.stop()


@contextmanager
def nginx(folder: Path, configuration: Path, port: int) -> Iterator[subprocess.Popen]:
    """Debian's nginx with a file of ours, as its own `nginx.conf` includes one; gives its master."""
    aside = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("fastcgi", "uwsgi", "scgi"))
    worker = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{worker}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n"
        f"worker_processes 1;\nevents {{ worker_connections 768; }}\n"
        f"http {{\n{aside}include {configuration};\n}}\n"
    )
    words = [
        "/usr/sbin/nginx", "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "nginx.log",
    ]  # fmt: skip
    process = subprocess.Popen([str(word) for word in words])
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait()
