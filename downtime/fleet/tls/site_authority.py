"""The site's own authority: it signs the certificates of the pages, and of nothing but the site's names.

Its key lies where the site's root does, on a stick under its keeper's passphrase, and on no machine's
disk. What it may sign is said in its certificate (RFC 5280 4.2.1.10, name constraints, critical): a stick
that is stolen together with its passphrase makes no certificate of another site's pages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from downtime.errors import ConflictError, InputError, LockedError, NotFoundError
from downtime.fleet.site_keys import check_passphrase
from downtime.fleet.tls.policies import check_names, find_end
from downtime.settings import Settings
from downtime.vault.files import write_atomic

CERTIFICATE_NAME = "site-authority.pem"
KEY_NAME = "site-authority-key.pem"
CLOCK_LENIENCE = timedelta(days=1)
"""A certificate begins so long before it is made: a laptop's clock may be slow."""
_EVERY_ADDRESS = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_MAX_COMMON_NAME = 64


@dataclass(frozen=True, slots=True)
class SiteAuthority:
    """The authority's certificate with its opened key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains for whose names it may speak."""
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        permitted = constraints.value.permitted_subtrees or []
        return tuple(str(name.value) for name in permitted)


def create_authority(
    folder: Path, domains: Iterable[str], passphrase: str, settings: Settings, now: datetime
) -> x509.Certificate:
    """Make an authority in a folder: its certificate, for browsers, and its key under a passphrase.

    ConflictError when there is one; InputError for a domain or passphrase that cannot be used.
    """
    if (folder / KEY_NAME).exists():
        raise ConflictError(
            "tls.authority-exists",
            f"{KEY_NAME} lies there already.",
            "Use it, or name an empty folder: a key that is overwritten is lost.",
        )
    checked, key = check_names(domains), ec.generate_private_key(ec.SECP256R1())
    check_passphrase(passphrase, settings.accounts)
    certificate = _sign_itself(key, checked, settings, now)
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )
    write_atomic(folder / KEY_NAME, sealed)
    write_atomic(folder / CERTIFICATE_NAME, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate


def _sign_itself(
    key: ec.EllipticCurvePrivateKey, domains: tuple[str, ...], settings: Settings, now: datetime
) -> x509.Certificate:
    title = f"{settings.site.name} pages"[:_MAX_COMMON_NAME]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    public = key.public_key()
    usage = x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    constraints = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName(domain) for domain in domains],
        excluded_subtrees=[x509.IPAddress(network) for network in _EVERY_ADDRESS],
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_LENIENCE)
        .not_valid_after(find_end(now, settings.tls.authority_days, "tls.authority_days"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def open_authority(folder: Path, passphrase: str) -> SiteAuthority:
    """The authority in a folder; LockedError for a wrong passphrase, NotFoundError where there is none."""
    try:
        sealed = (folder / KEY_NAME).read_bytes()
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE_NAME).read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(
            "tls.no-authority",
            f"There is no {Path(error.filename).name} in {folder}.",
            "Put in the stick that 'downtime tls authority' wrote, and name its folder.",
        ) from None
    except ValueError:
        raise _damaged_error(CERTIFICATE_NAME) from None
    key = _unlock_key(sealed, passphrase)
    if key.public_key() != certificate.public_key():
        raise _damaged_error(KEY_NAME)
    return SiteAuthority(certificate, key)


def _unlock_key(sealed: bytes, passphrase: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(sealed, passphrase.encode() or None)
    except (TypeError, ValueError):
        raise LockedError(
            "tls.passphrase",
            f"The passphrase does not open {KEY_NAME}.",
            "Type the passphrase of that stick again.",
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _damaged_error(KEY_NAME)
    return key


def _damaged_error(name: str) -> InputError:
    return InputError(
        "tls.authority-damaged",
        f"{name} is not of an authority that 'downtime tls authority' made, or is damaged.",
        "Take the copy of that stick, or make a new authority.",
    )
