"""What a name, an authority and a certificate have to fulfil before pages are served under them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from downtime.errors import InputError

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAX_NAME = 253
MIN_RSA_BITS = 2048
MOST_DAYS = 36_500
"""A hundred years: certificates write no year after 9999."""
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
"""P-256, P-384 and P-521: those that every browser speaks."""


def find_end(begins: datetime, days: int, setting: str) -> datetime:
    """When something ends that holds for so many days; InputError when no browser would take that."""
    if 1 <= days <= MOST_DAYS:
        return begins + timedelta(days=days)
    raise InputError(
        "tls.days",
        f"The setting {setting} is {days:,} days.",
        f"Set it to 1 to {MOST_DAYS:,} days in config.toml.",
    )


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """The host names in small letters, each once; InputError for none, an address or no host name.

    A browser keeps a passkey for a name only, and an authority's domains are names.
    """
    unique = tuple(dict.fromkeys(name.strip().lower().rstrip(".") for name in names))
    if not unique:
        raise InputError(
            "tls.no-name",
            "It is not said under which name the pages are opened.",
            "Name it as people type it: ward-a.hospital.example (--name, or in the certificate).",
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
    for certificate in chain:
        _check_time(certificate, now)
    _check_use(first)
    for lower, upper in zip(chain, chain[1:], strict=False):
        _check_issued(lower, upper)


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not starts <= now < ends:
        raise InputError(
            "tls.time",
            f"The certificate of {certificate.subject.rfc4514_string() or 'this machine'} holds from"
            f" {starts:%Y-%m-%d} to {ends:%Y-%m-%d}, and this machine's clock says {now:%Y-%m-%d}.",
            "Ask for a new one, or set the clock.",
        )


def _check_strength(key: PrivateKeyTypes) -> None:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        is_strong = isinstance(key.curve, CURVES)
    else:
        is_strong = isinstance(key, rsa.RSAPrivateKey) and key.key_size >= MIN_RSA_BITS
    if not is_strong:
        raise InputError(
            "tls.weak",
            f"This key is neither of the curves P-256, P-384 or P-521 nor RSA of {MIN_RSA_BITS} bits or more.",
            "Ask for a certificate with such a key.",
        )


def _check_use(certificate: x509.Certificate) -> None:
    try:
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    if authority:
        raise InputError(
            "tls.authority",
            "The first certificate in this file is an authority's: whoever had this machine's disk could"
            " make certificates for others.",
            "Give the machine's own first, then its authorities.",
        )
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
