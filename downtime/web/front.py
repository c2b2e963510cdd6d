"""Who asks when a front on this machine encrypts the pages: whom it names, and nobody else is believed.

A front is believed on the Unix socket of `web.socket`, whose folder says who may come there, and on the
loopback address where `web.trusted_front` says that one stands there.
"""

import socket
import stat
from pathlib import Path
from typing import Any

from downtime.errors import ConflictError
from downtime.settings import Settings

SOCKET_PEER = "localhost"
"""What waitress calls whoever comes over a Unix socket."""
SOCKET_MODE = "660"
"""For the front's group; its folder keeps everybody else away."""


def list_front_options(settings: Settings, path: str, host: str) -> dict[str, Any]:
    """What waitress has to know of whom the settings let speak for others on this socket or address."""
    if path:
        peer = SOCKET_PEER
    elif settings.web.trusted_front:
        peer = host
    else:
        return {}
    return {
        "trusted_proxy": peer,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }


def check_socket_free(path: str) -> None:
    """ConflictError for a path where another program answers, that is no socket, or has no folder."""
    place = Path(path)
    if not place.parent.is_dir():
        raise ConflictError(
            "web.socket",
            f"There is no folder {place.parent} for the socket.",
            "Make it (RuntimeDirectory= of the service does), for this user and nginx's group alone.",
        )
    if not place.exists():
        return
    if not stat.S_ISSOCK(place.stat().st_mode) or _is_answered(path):
        raise ConflictError(
            "web.socket",
            f"{path} is in use.",
            "Stop the program that uses it, or choose another with web.socket.",
        )


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(path) == 0
