"""Where the web app may listen: its pages are not encrypted."""

import ipaddress

from downtime.errors import InputError
from downtime.settings import Settings


def check_stays_here(host: str, settings: Settings) -> None:
    """InputError for an address that other machines reach, unless the site says that it may be."""
    if settings.web.plain_http_on_network or _is_loopback(host):
        return
    raise InputError(
        "web.plain",
        f"At {host} other machines would read patients' data on the network: this app does not encrypt"
        " its pages.",
        "Leave the address out, or put a server with the site's certificate in front of 127.0.0.1; if the"
        " network is encrypted by other means, set plain_http_on_network under [web] in config.toml.",
    )


def _is_loopback(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
