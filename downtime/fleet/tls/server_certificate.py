"""The certificate of a machine's pages: issued by the site's authority, or the site's own taken in.

Certificate and key lie in the home's folder `tls`, the key for its owner alone (0600): the front that
encrypts the pages reads it while nobody is signed in.
"""

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from downtime.config import Home
from downtime.errors import InputError, NotFoundError
from downtime.fleet.model import AuditAction
from downtime.fleet.tls.model import ServerCertificate
from downtime.fleet.tls.policies import check_chain, check_names, check_within, find_end
from downtime.fleet.tls.site_authority import CLOCK_LENIENCE, SiteAuthority
from downtime.settings import Settings
from downtime.vault.files import make_private_folder, write_atomic
from downtime.vault.model import Actor
from downtime.vault.policies import check_reason
from downtime.vault.vault import Vault

MAX_FILE_BYTES = 200_000
_MAX_COMMON_NAME = 64


def certificate_path(home: Home) -> Path:
    """The machine's certificate, and after it those of its authorities."""
    return home.tls_folder / "certificate.pem"


def key_path(home: Home) -> Path:
    """The key of the machine's certificate."""
    return home.tls_folder / "key.pem"


def has_certificate(home: Home) -> bool:
    """Whether there is a file for it, readable or not."""
    return certificate_path(home).exists()


def read_certificate(home: Home) -> ServerCertificate | None:
    """The certificate of this machine's pages; None where there is none, or none that can be read."""
    try:
        (first, *_) = x509.load_pem_x509_certificates(certificate_path(home).read_bytes())
        return _describe(first)
    except (OSError, ValueError):
        return None


def require_certificate(home: Home) -> ServerCertificate:
    """The same; NotFoundError where there is none."""
    if certificate := read_certificate(home):
        return certificate
    raise NotFoundError(
        "tls.none",
        "This machine has no certificate for its pages.",
        "Make one with 'downtime tls certificate', or take the site's own with 'downtime tls adopt'.",
    )


def issue_certificate(
    vault: Vault,
    settings: Settings,
    authority: SiteAuthority,
    names: Iterable[str],
    actor: Actor,
    reason: str,
) -> ServerCertificate:
    """A new key and certificate for this machine; without names those of the one it has stay.

    InputError for a name for which the authority may not speak.
    """
    current = read_certificate(vault.home)
    checked = check_names(list(names) or (current.names if current else ()))
    check_within(checked, authority.domains)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(authority, key, checked, vault, settings)
    _store(vault, [certificate, authority.certificate], key, actor, AuditAction.TLS_ISSUE, reason)
    return _describe(certificate)


def adopt_certificate(
    vault: Vault, certificates: Path, key_file: Path, actor: Actor, reason: str
) -> ServerCertificate:
    """Take the site's own certificate with its key; InputError for one that no page can be served under."""
    try:
        chain = x509.load_pem_x509_certificates(_read(certificates))
    except ValueError:
        raise InputError(
            "tls.certificate",
            f"{certificates.name} holds no certificates that can be read.",
            "Give them as PEM: text between BEGIN CERTIFICATE and END CERTIFICATE.",
        ) from None
    key = _load_key(key_file)
    check_chain(chain, key, vault.clock())
    adopted = _describe(chain[0])
    check_names(name.removeprefix("*.") for name in adopted.names)
    _store(vault, chain, key, actor, AuditAction.TLS_ADOPT, reason)
    return adopted


def _sign(
    authority: SiteAuthority,
    key: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
    vault: Vault,
    settings: Settings,
) -> x509.Certificate:
    now = vault.clock()
    ends = find_end(now, settings.tls.certificate_days, "tls.certificate_days")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_MAX_COMMON_NAME])])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=False, crl_sign=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_LENIENCE)
        .not_valid_after(min(ends, authority.certificate.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        .add_extension(issuer_key, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _store(
    vault: Vault,
    chain: list[x509.Certificate],
    key: PrivateKeyTypes,
    actor: Actor,
    action: AuditAction,
    reason: str,
) -> None:
    """The key first: a front that is started in between refuses the pair, and goes on with the old one."""
    target = chain[0].fingerprint(hashes.SHA256()).hex()
    with vault.change(actor, action, target=target, reason=check_reason(reason)):
        make_private_folder(vault.home.tls_folder)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_atomic(key_path(vault.home), private)
        public = b"".join(link.public_bytes(serialization.Encoding.PEM) for link in chain)
        write_atomic(certificate_path(vault.home), public)


def _describe(certificate: x509.Certificate) -> ServerCertificate:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        hosts = tuple(names.value.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        hosts = ()
    return ServerCertificate(
        hosts,
        certificate.issuer.rfc4514_string(),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _load_key(path: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(_read(path), None)
    except TypeError:
        sentence = f"The key in {path.name} lies under a passphrase, which nobody types at night."
        step = (
            "Take the passphrase off ('openssl pkey'); the copy in the home is its owner's alone."
        )
    except (ValueError, UnsupportedAlgorithm):
        sentence = f"{path.name} holds no private key that can be read."
        step = "Give it as PEM: text between BEGIN PRIVATE KEY and END PRIVATE KEY."
    raise InputError("tls.key", sentence, step)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES)
