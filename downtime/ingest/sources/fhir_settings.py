"""How a FHIR server is asked: a table `[ingest.sources.NAME]` of the kind `fhir`. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from downtime.ingest.sources.model import SourceKind
from downtime.setting_fields import setting
from downtime.transport.local_hosts import is_local

ALGORITHMS = ("RS384", "ES384")
"""With which SMART backend services sign (SMART App Launch 2.2, asymmetric client authentication)."""
_POSITIVE = (
    "every_seconds", "page_size", "answer_seconds", "query_seconds", "max_page_bytes", "tries",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirSettings:
    """A FHIR server (R4 or R5) that is asked over REST for what has changed."""

    kind: SourceKind = SourceKind.FHIR
    url: str = setting("", "Base address of the server. Required.")
    queries: tuple[str, ...] = setting(
        (), "What is searched for, such as Patient or Encounter?status=in-progress. Required."
    )
    every_seconds: float = setting(60.0, "It is asked this often for what has changed.")
    overlap_seconds: float = setting(
        60.0, "Each asking begins this long before the newest change of the one before."
    )
    page_size: int = setting(200, "Resources asked for at once (_count).")
    token_file: str = setting("", "File that holds a bearer token; read before each asking.")
    token_url: str = setting("", "OAuth2: address that gives tokens (client credentials).")
    client_id: str = setting("", "OAuth2: our name there.")
    scope: str = setting("system/*.rs", "OAuth2: what we ask to be allowed.")
    key_file: str = setting(
        "", "OAuth2: private key (JWK or PEM) with which we sign, as SMART backend services do."
    )
    key_id: str = setting("", "OAuth2: the key's name (kid), when its file does not say it.")
    algorithm: str = setting("RS384", "OAuth2: " + " or ".join(ALGORITHMS) + ".")
    secret_file: str = setting("", "OAuth2: file that holds the client secret, instead of a key.")
    ca_file: str = setting("", "Certificates that are trusted (PEM); empty for the machine's.")
    certificate_file: str = setting("", "Own certificate with its key (PEM), if asked for one.")
    plain: bool = setting(False, "Allow an address without TLS that is not on this machine.")
    connect_seconds: float = setting(10.0, "Longest wait for a connection.")
    answer_seconds: float = setting(60.0, "Longest time for one page, however slowly it comes.")
    query_seconds: float = setting(900.0, "Longest time for all pages of a search.")
    wait_cap_seconds: float = setting(3600.0, "Longest Retry-After that is obeyed to the letter.")
    max_page_bytes: int = setting(67_108_864, "Largest page that is read.")
    tries: int = setting(4, "A page is asked for so often before the search is given up for now.")

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        yield from self._find_address_faults("url", self.url)
        if not self.queries:
            yield "queries", "is missing"
        if self.token_url:
            yield from self._find_address_faults("token_url", self.token_url)
            if not self.client_id:
                yield "client_id", "is missing"
            if bool(self.key_file) == bool(self.secret_file):
                yield "key_file", "or secret_file must be set, one of them"
        if self.algorithm not in ALGORITHMS:
            yield "algorithm", f"must be one of {', '.join(ALGORITHMS)}"
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                yield name, "must be more than 0"

    def _find_address_faults(self, key: str, text: str) -> Iterator[tuple[str, str]]:
        address = urlsplit(text)
        if address.scheme not in ("http", "https") or not address.hostname:
            yield key, "must be an address that begins with https://"
        elif address.scheme == "http" and not (self.plain or is_local(address.hostname)):
            yield key, "has no TLS; patient data would go over the network in clear"
        if address.username or address.query or address.fragment:
            yield key, "must hold no password, query or fragment"
