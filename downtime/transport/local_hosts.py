"""Which addresses never leave this machine: only there is anything sent in clear without being asked for."""

from ipaddress import ip_address


def is_local(host: str | None) -> bool:
    """Whether a host, as it stands in an address, is this machine: `127.example.org` is not."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
