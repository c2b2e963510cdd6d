"""What a name, an authority and a certificate have to fulfil before pages are served under them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from downtime.errors import InputError

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAX_NAME = 253
MIN_RSA_BITS = 2048


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """The host names in small letters, each once; InputError for none, an address or no host name.

    A browser keeps a passkey for a name only, and an authority's domains are names.
    """
    unique = tuple(dict.fromkeys(name.strip().lower().rstrip(".") for name in names))
    if not unique:
        raise InputError(
            "tls.no-name",
            "It is not said under which name the pages are opened.",
            "Give it with --name, as people type it: ward-a.hospital.example.",
        )
    for name in unique:
        labels = name.split(".")
        if _is_address(name) or len(name) > _MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
            raise InputError(
                "tls.name",
                f"'{name}' is not the name of a host.",
                "Give a name that the hospital's name server knows, as ward-a.hospital.example.",
            )
    return unique


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def check_within(names: Iterable[str], domains: Sequence[str]) -> None:
    """InputError for a name for which an authority may not speak: no browser would believe it."""
    for name in names:
        if not any(name == domain or name.endswith(f".{domain}") for domain in domains):
            raise InputError(
                "tls.domain",
                f"This authority makes certificates for {' and '.join(domains)} only, not for {name}.",
                "Choose another name, or make an authority for its domain.",
            )


def check_chain(chain: Sequence[x509.Certificate], key: PrivateKeyTypes, now: datetime) -> None:
    """InputError unless pages can be served under the first certificate with this key today."""
    first = chain[0]
    if first.public_key() != key.public_key():
        raise InputError(
            "tls.pair",
            "This key is not the key of the first certificate in the file.",
            "Give the key that belongs to it; the machine's own certificate stands first, then its"
            " authorities.",
        )
    _check_strength(key)
    if not first.not_valid_before_utc <= now < first.not_valid_after_utc:
        raise InputError(
            "tls.time",
            f"This certificate holds from {first.not_valid_before_utc:%Y-%m-%d} to"
            f" {first.not_valid_after_utc:%Y-%m-%d}, and this machine's clock says {now:%Y-%m-%d}.",
            "Ask for a new one, or set the clock.",
        )
    _check_use(first)
    for lower, upper in zip(chain, chain[1:], strict=False):
        _check_issued(lower, upper)


def _check_strength(key: PrivateKeyTypes) -> None:
    strong = isinstance(key, ec.EllipticCurvePrivateKey) or (
        isinstance(key, rsa.RSAPrivateKey) and key.key_size >= MIN_RSA_BITS
    )
    if not strong:
        raise InputError(
            "tls.weak",
            f"This key is neither an elliptic curve's nor RSA of {MIN_RSA_BITS} bits or more.",
            "Ask for a certificate with such a key.",
        )


def _check_use(certificate: x509.Certificate) -> None:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if ExtendedKeyUsageOID.SERVER_AUTH not in uses:
        raise InputError(
            "tls.use",
            "This certificate is not meant for a server.",
            "Ask for one with the use 'server authentication'.",
        )


def _check_issued(lower: x509.Certificate, upper: x509.Certificate) -> None:
    try:
        lower.verify_directly_issued_by(upper)
    except Exception:  # each kind of key has errors of its own
        raise InputError(
            "tls.chain",
            "The certificates in this file do not follow each other.",
            "The machine's own stands first, then the authority that issued it, and so on.",
        ) from None
