"""What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which one machine has for itself."""

import ipaddress

NETWORK_BITS = 64


def name_client(address: str | None) -> str:
    """The name under which tries and connections of an address are counted."""
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return (
        str(ip) if ip.is_loopback else str(ipaddress.ip_network((ip, NETWORK_BITS), strict=False))
    )
