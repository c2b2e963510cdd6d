"""Certificates and tokens of FHIR servers, read from the files that the settings name."""

import ssl
from pathlib import Path

from downtime.errors import InputError
from downtime.returns.fhir.target import FhirTarget


def check_credentials(target: FhirTarget, system: str) -> None:
    """InputError, naming the system's table, when certificates or the token cannot be read."""
    try:
        read_authorization(target.token_file)
        build_tls_context(target)
    except InputError as fault:
        raise InputError(
            fault.code, f"returns.targets.{system}.fhir: {fault.sentence}", fault.next_step
        ) from None


def build_tls_context(target: FhirTarget) -> ssl.SSLContext:
    """TLS that checks the server, with our own certificate where it is asked for; InputError."""
    try:
        context = ssl.create_default_context(cafile=target.ca_file or None)
        if target.certificate_file:
            context.load_cert_chain(target.certificate_file)
    except (OSError, ssl.SSLError):
        raise InputError(
            "target.certificate",
            "The certificates set for a FHIR server cannot be read.",
            "Check ca_file and certificate_file in config.toml, and who may read them.",
        ) from None
    return context


def read_authorization(token_file: str) -> dict[str, str]:
    """The header with the token as the file holds it now; none without a file; InputError."""
    if not token_file:
        return {}
    try:
        token = Path(token_file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token or not token.isprintable():
        raise InputError(
            "target.token",
            "The token set for a FHIR server cannot be read.",
            "Check token_file in config.toml, and that this program may read it.",
        )
    return {"Authorization": f"Bearer {token}"}
