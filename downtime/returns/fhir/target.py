"""How a FHIR system is reached and what it calls things: `[returns.targets.SYSTEM.fhir]`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from downtime import config
from downtime.paper.forms.export_questionnaire import EXTENSION_BASE
from downtime.returns.profiles import PAGE, TARGETS, setting_error
from downtime.settings import Settings, setting

BASE = EXTENSION_BASE.removesuffix("StructureDefinition/")
"""Where this project's own names begin."""
NHS = "https://fhir.nhs.uk/Id/nhs-number"
LEAST_ENTRIES = 8


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
    units: dict[str, str] = setting({}, "Unit as paper prints it to its UCUM code.")
    profiles: dict[str, str] = setting({}, "Resource type to the profile it names.")


def read_fhir_target(settings: Settings, system: str, given: Mapping[str, Any]) -> FhirTarget:
    """The FHIR table of a system; InputError names the first mistake."""
    read = config.parse_table(FhirTarget, given, f"{TARGETS}.{system}.fhir.", PAGE)
    usual = settings.site.mrn_system or f"{BASE}id/{settings.site.mrn_authority}"
    made = replace(read, hospital_number=read.hospital_number or usual)
    for name, words in _faults(made):
        raise setting_error(system, f"fhir.{name}", words)
    return made


def _faults(made: FhirTarget) -> list[tuple[str, str]]:
    found = []
    address = urlsplit(made.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        found.append(("url", "must be an address that begins with https://"))
    elif address.scheme == "http" and not (made.plain_http or _is_local(address.hostname)):
        found.append(("url", "has no TLS; patient data would go over the network in clear"))
    if address.username or address.query or address.fragment:
        found.append(("url", "must hold no password, query or fragment"))
    found += [
        (name, "must be more than 0")
        for name in ("connect_seconds", "answer_seconds", "wait_cap_seconds", "max_answer_bytes",
                     "appointment_minutes")
        if getattr(made, name) <= 0
    ]  # fmt: skip
    if made.entries < LEAST_ENTRIES:
        found.append(("entries", f"must be at least {LEAST_ENTRIES}"))
    return found


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
