"""How a FHIR system is reached and what it calls things: `[returns.targets.SYSTEM.fhir]`. Pure."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from downtime.errors import InputError
from downtime.paper.definitions.fhir_write import OURS
from downtime.settings import Settings

BASE = OURS.removesuffix("StructureDefinition/")
"""Where this project's own names begin."""
NHS = "https://fhir.nhs.uk/Id/nhs-number"
LEAST_ENTRIES = 8
_NOTHING: Mapping[str, str] = MappingProxyType({})


def _key(default: Any, doc: str) -> Any:
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata={"doc": doc})
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirTarget:
    """One system's table. What is left out has the default; see `documentation`."""

    url: str = _key("", "Base address of the server; transactions are posted to it. Required.")
    token_file: str = _key("", "File that holds the bearer token; read before each sending.")
    ca_file: str = _key("", "Certificates that are trusted (PEM); empty for the machine's.")
    certificate_file: str = _key("", "Own certificate with its key (PEM), if asked for one.")
    plain_http: bool = _key(False, "Allow an address without TLS that is not on this machine.")
    connect_seconds: float = _key(10.0, "Longest wait for a connection.")
    answer_seconds: float = _key(60.0, "Longest wait for an answer.")
    wait_cap_seconds: float = _key(3600.0, "Longest Retry-After that is obeyed to the letter.")
    max_answer_bytes: int = _key(8_388_608, "Longest answer that is read.")
    entries: int = _key(100, "Most entries of one transaction; a longer form goes out in parts.")
    appointment_minutes: int = _key(30, "Length of an appointment whose form names none.")
    hospital_number: str = _key("", "System of the hospital number; empty for site.mrn_system.")
    downtime_number: str = _key(BASE + "id/downtime-number", "System of downtime numbers.")
    item: str = _key(BASE + "id/item", "System of the identifier that each resource is given.")
    form: str = _key(BASE + "id/form", "System of form serials.")
    message: str = _key(BASE + "id/message", "System of the control IDs of bundles.")
    staff: str = _key(BASE + "id/staff", "System of account numbers of those who keyed.")
    location: str = _key(BASE + "id/location", "System of ward codes.")
    updates: bool = _key(
        True, "Change live records by conditional PATCH; else changes stay on the worklist."
    )
    visit: str = _key(BASE + "id/visit", "System of visit numbers.")
    appointment: str = _key(BASE + "id/appointment", "System of appointment numbers.")
    codes: str = _key(BASE + "CodeSystem/local", "Code system of codes that are not LOINC.")
    units: Mapping[str, str] = _key(_NOTHING, "Unit as paper prints it to its UCUM code.")
    profiles: Mapping[str, str] = _key(_NOTHING, "Resource type to the profile it names.")


def fhir_target(settings: Settings, system: str, given: Mapping[str, Any]) -> FhirTarget:
    """The FHIR table of a system; InputError names the first mistake."""
    known = {one.name: _default(one) for one in fields(FhirTarget)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise _wrong(system, name, "is not known")
        values[name] = _typed(system, name, value, known[name])
    usual = settings.site.mrn_system or f"{BASE}id/{settings.site.mrn_authority}"
    values["hospital_number"] = values.get("hospital_number") or usual
    made = FhirTarget(**values)
    for name, words in _faults(made):
        raise _wrong(system, name, words)
    return made


def documentation() -> str:
    """The keys as a Markdown table: what docs/returns.md shows."""
    rows = [
        f"| `{one.name}` | {_shown(_default(one))} | {one.metadata['doc']} |"
        for one in fields(FhirTarget)
    ]
    return "\n".join(["| key | default | |", "|---|---|---|", *rows])


def _default(one: Field[Any]) -> Any:
    return one.default_factory() if callable(one.default_factory) else one.default


def _typed(system: str, name: str, value: Any, default: Any) -> Any:
    if isinstance(default, Mapping) and isinstance(value, Mapping):
        if all(isinstance(one, str) for one in value.values()):
            return MappingProxyType(dict(value))
    elif isinstance(default, float) and type(value) is int:
        return float(value)
    elif type(value) is type(default):
        return value
    raise _wrong(system, name, "has the wrong type")


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


def _wrong(system: str, name: str, words: str) -> InputError:
    return InputError(
        "target.setting",
        f"The setting 'returns.targets.{system}.fhir.{name}' in config.toml {words}.",
        "docs/returns.md lists what can be set for a system.",
    )


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default != "" and not isinstance(default, Mapping) else ""
