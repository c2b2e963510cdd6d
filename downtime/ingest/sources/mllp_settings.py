"""How an MLLP listener listens: a table `[ingest.sources.NAME]` of the kind `mllp`. Pure."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from downtime.ingest.sources.model import SourceKind
from downtime.setting_fields import setting
from downtime.transport.local_hosts import is_local

_POSITIVE = (
    "connections", "connections_per_sender", "waiting_messages", "large_bytes", "large_messages",
    "idle_seconds", "message_seconds",
)  # fmt: skip
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class MllpSettings:
    """A listener for HL7 v2 over MLLP. Messages are as long as `feeds.max_message_bytes` at most."""

    kind: SourceKind = SourceKind.MLLP
    host: str = setting("127.0.0.1", "Address on which it listens.")
    port: int = setting(2575, "Port; 0 for any that is free.")
    certificate_file: str = setting("", "Certificate with its key (PEM): TLS only.")
    client_ca_file: str = setting(
        "", "Certificates (PEM) of which a sender's own must come; without, any sender may connect."
    )
    senders: tuple[str, ...] = setting(
        (), "Addresses or networks (10.1.0.0/16) that may connect; empty for all."
    )
    plain: bool = setting(False, "Allow an address without TLS that is not on this machine.")
    read_before_answer: bool = setting(
        False,
        "Answer a message when all of it is read, so that one that cannot be mapped is answered AE;"
        " else when it is kept. Takes about three times as long.",
    )
    connections: int = setting(
        200, "Senders connected at once; one more closes the one silent for longest."
    )
    connections_per_sender: int = setting(50, "The same from one address.")
    waiting_messages: int = setting(
        64, "Messages of one connection that may wait for their answer before more are read."
    )
    large_bytes: int = setting(262_144, "A message longer than this needs a place of its own.")
    large_messages: int = setting(4, "Places for such messages; others wait unread.")
    message_seconds: float = setting(
        120.0, "Longest time from a message's first byte to its last, and for taking an answer."
    )
    idle_seconds: float = setting(3600.0, "A connection without a message is closed after so long.")

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        if not 0 <= self.port < 65536:
            yield "port", "must be between 0 and 65535"
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                yield name, "must be more than 0"
        if self.client_ca_file and not self.certificate_file:
            yield "client_ca_file", "needs certificate_file beside it"
        if not (self.certificate_file or self.plain or is_local(self.host)):
            yield "host", "has no TLS; patient data would go over the network in clear"
        try:
            self.networks()
        except ValueError:
            yield "senders", "must hold addresses or networks such as 10.1.0.0/16"

    def networks(self) -> tuple[Network, ...]:
        """The senders that may connect; ValueError."""
        return tuple(ipaddress.ip_network(text, strict=False) for text in self.senders)
