"""Where the web app may listen: its pages are not encrypted."""

import ipaddress

from downtime.errors import InputError
from downtime.settings import Settings


def check_stays_here(host: str, settings: Settings) -> None:
    """InputError for an address that other machines reach, unless the site says that it may be.

    And for such an address on which a front would be believed: there anybody could be one.
    """
    if _is_loopback(host):
        return
    if settings.web.trusted_front:
        raise InputError(
            "web.front",
            f"At {host} any machine could say who it is: trusted_front is for this machine's own address.",
            "Let the app listen at 127.0.0.1 or at a socket, and the front at the network's address.",
        )
    if settings.web.plain_http_on_network:
        return
    raise InputError(
        "web.plain",
        f"At {host} other machines would read patients' data on the network: this app does not encrypt"
        " its pages.",
        "Leave the address out and let 'downtime tls' set up the front that encrypts (docs/tls.md); if the"
        " network is encrypted by other means, set plain_http_on_network under [web] in config.toml.",
    )


def _is_loopback(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
