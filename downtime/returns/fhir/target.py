"""How a FHIR system is reached and what it calls things: `[returns.targets.SYSTEM.fhir]`. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from downtime import config
from downtime.errors import InputError
from downtime.paper.forms.export_questionnaire import EXTENSION_BASE
from downtime.returns.fhir.datatypes import format_instant
from downtime.returns.matched_stays import Stay
from downtime.returns.profiles import PAGE, TARGETS, Fault, find_not_positive, setting_error
from downtime.setting_fields import setting
from downtime.settings import Settings
from downtime.transport.credentials import build_client_tls
from downtime.transport.local_hosts import is_local

BASE = EXTENSION_BASE.removesuffix("StructureDefinition/")
"""Where this project's own names begin."""
NHS = "https://fhir.nhs.uk/Id/nhs-number"
LEAST_ENTRIES = 8
FHIR_SERVER = "a FHIR server"


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirTarget:
    """One system's table. What is left out has the default."""

    url: str = setting("", "Base address of the server; transactions are posted to it. Required.")
    token_file: str = setting("", "File that holds the bearer token; read before each sending.")
    ca_file: str = setting("", "Certificates that are trusted (PEM); empty for the machine's.")
    certificate_file: str = setting("", "Own certificate with its key (PEM), if asked for one.")
    plain_http: bool = setting(False, "Allow an address without TLS that is not on this machine.")
    connect_seconds: float = setting(10.0, "Longest wait for a connection.")
    answer_seconds: float = setting(60.0, "Longest wait for an answer.")
    wait_cap_seconds: float = setting(3600.0, "Longest Retry-After that is obeyed to the letter.")
    max_answer_bytes: int = setting(8_388_608, "Longest answer that is read.")
    entries: int = setting(100, "Most entries of one transaction; a longer form goes out in parts.")
    appointment_minutes: int = setting(30, "Length of an appointment whose form names none.")
    hospital_number: str = setting("", "System of the hospital number; empty for site.mrn_system.")
    downtime_number: str = setting(BASE + "id/downtime-number", "System of downtime numbers.")
    item: str = setting(BASE + "id/item", "System of the identifier that each resource is given.")
    form: str = setting(BASE + "id/form", "System of form serials.")
    message: str = setting(BASE + "id/message", "System of the control IDs of bundles.")
    staff: str = setting(BASE + "id/staff", "System of account numbers of those who keyed.")
    location: str = setting(BASE + "id/location", "System of ward codes.")
    updates: bool = setting(
        True, "Change live records by conditional PATCH; else changes stay on the worklist."
    )
    visit: str = setting(BASE + "id/visit", "System of visit numbers.")
    appointment: str = setting(BASE + "id/appointment", "System of appointment numbers.")
    codes: str = setting(BASE + "CodeSystem/local", "Code system of codes that are not LOINC.")
    units: dict[str, str] = setting({}, "Unit of paper to its UCUM code, before the usual ones.")
    profiles: dict[str, str] = setting({}, "Resource type to the profile it names.")


def read_fhir_target(settings: Settings, system: str, table: Mapping[str, Any]) -> FhirTarget:
    """The FHIR table of a system; InputError names the first mistake."""
    profile = config.parse_table(FhirTarget, table, f"{TARGETS}.{system}.fhir.", PAGE)
    mrn_system = settings.site.mrn_system or f"{BASE}id/{settings.site.mrn_authority}"
    target = replace(profile, hospital_number=profile.hospital_number or mrn_system)
    for name, fault in _find_faults(target):
        raise setting_error(system, f"fhir.{name}", fault)
    return target


def profile_meta(resource_type: str, target: FhirTarget) -> dict[str, Any]:
    """The profile that a site asks for, if any."""
    profile = target.profiles.get(resource_type, "")
    return {"profile": [profile]} if profile else {}


@dataclass(frozen=True, slots=True)
class BundleContext:
    """What all resources of a bundle share; `phoned` is the system whose results are phoned."""

    target: FhirTarget
    zone: ZoneInfo
    phoned: str
    stays: Mapping[str, Stay] = field(default_factory=dict)
    """Key of a fact to the stay in which it happened, as far as it is known."""

    def format_time(self, stored: str) -> str:
        """A stored time as FHIR writes it."""
        return format_instant(stored, self.zone)


def _find_faults(target: FhirTarget) -> Iterator[Fault]:
    address = urlsplit(target.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        yield "url", "must be an address that begins with https://"
    elif address.scheme == "http" and not (target.plain_http or is_local(address.hostname)):
        yield "url", "has no TLS; patient data would go over the network in clear"
    if address.username or address.query or address.fragment:
        yield "url", "must hold no password, query or fragment"
    yield from find_not_positive(
        target, "connect_seconds", "answer_seconds", "wait_cap_seconds", "max_answer_bytes",
        "appointment_minutes",
    )  # fmt: skip
    if target.entries < LEAST_ENTRIES:
        yield "entries", f"must be at least {LEAST_ENTRIES}"


def check_credentials(target: FhirTarget, system: str) -> None:
    """InputError, naming the system's table, when certificates or the token cannot be read."""
    try:
        read_authorization(target.token_file)
        build_client_tls(FHIR_SERVER, target.ca_file, target.certificate_file)
    except InputError as fault:
        raise InputError(
            fault.code, f"returns.targets.{system}.fhir: {fault.sentence}", fault.next_step
        ) from None


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
