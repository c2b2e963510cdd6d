"""Secrets and certificates for other machines, read from the files that the settings name.

Nothing secret stands in `config.toml`: a setting names a file that only this program's user reads.
"""

import ssl
import stat
from pathlib import Path

from downtime.errors import InputError

_OTHERS = stat.S_IRWXO
_NEXT = "Check its name in config.toml, and that only this program's user may read it."


def read_secret_file(path: str) -> str:
    """The one line of a secret's file; InputError when it cannot be read or everybody may read it."""
    return read_secret_bytes(path).decode("utf-8", "replace").strip()


def read_secret_bytes(path: str) -> bytes:
    """A secret's file, whole; InputError when it cannot be read or everybody may read it."""
    file = Path(path)
    try:
        is_open = file.stat().st_mode & _OTHERS
        content = file.read_bytes()
    except OSError:
        content = b""
    if not content.strip():
        raise InputError("secret.missing", f"The file {file.name} holds no secret.", _NEXT)
    if is_open:
        raise InputError(
            "secret.open", f"The file {file.name} holds a secret and everybody may read it.", _NEXT
        )
    return content


def build_client_tls(server: str, ca_file: str, certificate_file: str = "") -> ssl.SSLContext:
    """TLS that checks a server, with our own certificate where it is asked for; InputError.

    `server` is what a sentence calls it. An empty `ca_file` trusts the machine's own list.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if certificate_file:
            context.load_cert_chain(certificate_file)
    except (OSError, ssl.SSLError):
        raise InputError(
            "transport.certificate",
            f"The certificates set for {server} cannot be read.",
            "Name PEM files in ca_file and certificate_file that this program may read.",
        ) from None
    return context
