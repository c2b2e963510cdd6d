"""How each system wants to be told: the tables `[returns.targets.SYSTEM]`, read and checked. Pure."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from types import MappingProxyType
from typing import Any

from downtime.errors import InputError
from downtime.returns.states import CHANNELS, FILE
from downtime.settings import Settings

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8")
ORDER_MESSAGES = ("OML^O21", "ORM^O01")
MERGES = ("A40", "A47")
CODES = ("gender", "class", "priority", "units", "tests", "wards", "routes", "discharge")
CHARSETS = {
    "UNICODE UTF-8": "utf-8",
    "8859/1": "latin-1",
    "8859/15": "iso8859-15",
    "ASCII": "ascii",
}
"""Character sets (MSH-18, table 0211) and how they are encoded."""
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_ADDED = re.compile(r"[A-Z][A-Z0-9]{2}\|[^\x00-\x1f\x7f]*")
_NEVER_LEFT_OUT = ("MSH", "EVN", "PID", "MRG", "SCH", "TXA")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def key(default: Any, doc: str) -> Any:
    """A key of a target's table, with the line that documents it."""
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata={"doc": doc})
    return field(default=default, metadata={"doc": doc})


def _default(one: Field[Any]) -> Any:
    return _NOTHING if one.default is MISSING else one.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One system's table. What is left out has the default."""

    system: str
    channel: str = key(FILE, "How it is told: " + ", ".join(CHANNELS) + ".")
    version: str = key("", "HL7 version; empty for returns.hl7_version.")
    application: str = key("", "MSH-5; empty for the system's name.")
    facility: str = key("", "MSH-6; empty for returns.receiving_facility.")
    order_message: str = key("", "OML^O21 or ORM^O01; empty for returns.order_message.")
    merge: str = key("A40", "How a merge is told: A40 (patient), or A47 (identifier).")
    allergies: bool = key(True, "Whether allergies go as messages; else they stay to be keyed.")
    documents: bool = key(False, "Send scanned forms: as MDM^T02, or in the FHIR bundle.")
    charset: str = key("UNICODE UTF-8", "MSH-18: " + ", ".join(CHARSETS) + ".")
    leave_out: tuple[str, ...] = key((), "Segments that are left out, such as PV2 or NTE.")
    add: tuple[str, ...] = key((), "Segments added at the end, as they are, such as ZDT|1|Y.")
    only_known_tests: bool = key(
        False, "Send no test that codes.tests does not name; its items wait with a sentence."
    )
    codes: Mapping[str, Any] = key(_NOTHING, "Tables of codes: " + ", ".join(CODES) + ".")
    host: str = key("", "MLLP: name or address of the receiver.")
    port: int = key(0, "MLLP: its port.")
    tls: bool = key(False, "MLLP: encrypt, and check the receiver's certificate.")
    ca_file: str = key("", "MLLP: certificates that are trusted (PEM); empty for the machine's.")
    certificate_file: str = key("", "MLLP: own certificate with its key (PEM), if asked for one.")
    enhanced: bool = key(False, "MLLP: enhanced mode, a commit answer before the application's.")
    application_answer: bool = key(
        True, "MLLP: enhanced mode waits for the application's answer after the commit answer."
    )
    connect_seconds: float = key(10.0, "MLLP: longest wait for a connection.")
    answer_seconds: float = key(30.0, "MLLP: longest wait for an answer.")
    max_answer_bytes: int = key(1_048_576, "MLLP: longest answer that is read.")
    keep_open: bool = key(
        True, "MLLP: one connection for many messages; some receivers need a new one for each."
    )
    retry: tuple[str, ...] = key(
        (), "MLLP: answers (AE, AR, CE, CR) tried again instead of going to a person."
    )
    fhir: Mapping[str, Any] = key(_NOTHING, "How FHIR bundles are sent; see there.")


def target(settings: Settings, system: str) -> Target:
    """What is set for one system, with the general settings filled in; InputError for a mistake."""
    given = settings.returns.targets.get(system, {})
    if not isinstance(given, Mapping):
        raise _wrong(system, "", "must be a table")
    _check_system(settings, system, given)
    known = {one.name: one for one in fields(Target)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known or name == "system":
            raise _wrong(system, name, "is not known")
        values[name] = _typed(system, name, value, _default(known[name]))
    values["version"] = values.get("version") or settings.returns.hl7_version
    values["order_message"] = values.get("order_message") or settings.returns.order_message
    values["application"] = values.get("application") or system
    values["facility"] = (
        values.get("facility") or settings.returns.receiving_facility or settings.site.code
    )
    made = Target(system=system, **values)
    for name, words in _faults(made):
        raise _wrong(system, name, words)
    return made


def is_from(version: str, first: str) -> bool:
    """Whether an HL7 version is `first` or a later one."""
    return VERSIONS.index(version) >= VERSIONS.index(first)


def documentation() -> str:
    """The keys of a target's table as Markdown: what docs/returns.md shows."""
    rows = [
        f"| `{one.name}` | {_shown(_default(one))} | {one.metadata['doc']} |"
        for one in fields(Target)
        if one.name != "system"
    ]
    return "\n".join(["| key | default | |", "|---|---|---|", *rows])


def _check_system(settings: Settings, system: str, given: Mapping[str, Any]) -> None:
    if given and system not in settings.systems.names:
        raise InputError(
            "target.system",
            f"config.toml tells how to return to '{system}', which is not among systems.names.",
            "Correct the name, or add the system.",
        )


def _typed(system: str, name: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple) and isinstance(value, list):
        if all(isinstance(one, str) for one in value):
            return tuple(value)
    elif isinstance(default, Mapping) and isinstance(value, Mapping):
        return MappingProxyType(dict(value))
    elif isinstance(default, float) and type(value) is int:
        return float(value)
    elif type(value) is type(default):
        return value
    raise _wrong(system, name, "has the wrong type")


def _faults(made: Target) -> list[tuple[str, str]]:
    """(key, what is wrong with it), in the order of the table."""
    found: list[tuple[str, str]] = []
    choices = (
        ("channel", tuple(CHANNELS)),
        ("version", VERSIONS),
        ("order_message", ORDER_MESSAGES),
        ("merge", MERGES),
        ("charset", tuple(CHARSETS)),
    )
    for name, allowed in choices:
        if getattr(made, name) not in allowed:
            found.append((name, f"must be one of {', '.join(allowed)}"))
    if found:
        return found
    if is_from(made.version, "2.7") and made.merge == "A47":
        found.append(("merge", "must be A40 from version 2.7 on"))
    if is_from(made.version, "2.7") and made.order_message == "ORM^O01":
        found.append(("order_message", "must be OML^O21 from version 2.7 on"))
    found += [
        ("leave_out", f"names {one}, which cannot be left out")
        for one in made.leave_out
        if one in _NEVER_LEFT_OUT or not _SEGMENT.fullmatch(one)
    ]
    found += [
        ("add", "holds a text that is not one segment")
        for one in made.add
        if not _ADDED.fullmatch(one)
    ]
    found += [
        ("retry", "names an answer other than AE, AR, CE, CR")
        for one in made.retry
        if one not in ("AE", "AR", "CE", "CR")
    ]
    return found + _code_faults(made) + _network_faults(made)


def _code_faults(made: Target) -> list[tuple[str, str]]:
    found = [("codes", f"has no table '{name}'") for name in made.codes if name not in CODES]
    for name, table in made.codes.items():
        if not isinstance(table, Mapping) or not all(isinstance(v, str) for v in table.values()):
            found.append((f"codes.{name}", "must be a table of texts"))
    return found


def _network_faults(made: Target) -> list[tuple[str, str]]:
    if made.channel != "mllp":
        return []
    found = []
    if not made.host:
        found.append(("host", "is missing"))
    if not 0 < made.port < 65536:
        found.append(("port", "must be between 1 and 65535"))
    found += [
        (name, "must be more than 0")
        for name in ("connect_seconds", "answer_seconds", "max_answer_bytes")
        if getattr(made, name) <= 0
    ]
    return found


def _wrong(system: str, name: str, words: str) -> InputError:
    where = f"returns.targets.{system}" + (f".{name}" if name else "")
    return InputError(
        "target.setting",
        f"The setting '{where}' in config.toml {words}.",
        "docs/returns.md lists what can be set for a system.",
    )


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default not in ("", ()) and not isinstance(default, Mapping) else ""
