"""On which FHIR server an address lies, written the same however it was sent. Pure.

`https://server/fhir/Patient/1` means that server only; `Patient/1` alone means the server of the
document in which it stands, if that is known. `http` and `https`, upper and lower case of the host,
the standard ports and a version (`/_history/2`) make no difference.

An identifier of a resource (type `FHIR`) has as its authority the server, the name of the system
that sent the resource, or both (`https://server/fhir EPR`); `split_authority` tells them apart.
"""

import re
from typing import NamedTuple

_ADDRESS = re.compile(r"https?://([^/?#\s]+)((?:/[^?#\s]*)?)/([A-Za-z]+/[^/?#\s]+)", re.ASCII)
_STANDARD_PORT = re.compile(r":(80|443)$")
_SERVER = "https://"


class ServerAddress(NamedTuple):
    """An address in two parts."""

    server: str
    """`https://server/fhir`; empty when the address does not say."""
    path: str
    """`Type/id`, `Type?number`, `urn:…`."""

    def __str__(self) -> str:
        return f"{self.server}/{self.path}" if self.server else self.path

    def on(self, server: str) -> "ServerAddress":
        """The address as it is meant on a server: a `Type/id` that names none itself lies there."""
        is_plain = "/" in self.path and "?" not in self.path and not self.path.startswith("urn:")
        return self._replace(server=server) if is_plain and not self.server else self


def split_address(text: str) -> ServerAddress:
    """Server and path of an address, absolute or not."""
    if not text.startswith("http"):
        return ServerAddress("", text.split("/_history")[0].rstrip("/"))
    match = _ADDRESS.fullmatch(text.split("/_history")[0].rstrip("/"))
    if not match:
        return ServerAddress("", text)
    host, base, path = match.groups()
    return ServerAddress(_SERVER + _STANDARD_PORT.sub("", host.casefold()) + base.rstrip("/"), path)


def join_authority(server: str, system: str) -> str:
    """The authority of a resource's own identifier."""
    return " ".join(filter(None, (server, system)))


def split_authority(text: str) -> tuple[str, str]:
    """Server and system of an authority; either may be empty."""
    if not text.startswith(_SERVER):
        return "", text
    server, _, system = text.partition(" ")
    return server, system
