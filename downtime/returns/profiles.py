"""How decisions reach each system: the tables `[returns.targets.SYSTEM]`, read and checked. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from downtime import config
from downtime.errors import InputError
from downtime.returns.model import Channel
from downtime.setting_fields import setting
from downtime.settings import Settings

TARGETS, PAGE = "returns.targets", "docs/returns.md"
VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8")
ORDER_MESSAGES = ("OML^O21", "ORM^O01")
MERGES = ("A40", "A47")
RETRY_CODES = ("AE", "AR", "CE", "CR")
"""Answers that a site may have sent again instead of having a person look."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One system's table. What is left out has the default."""

    system: str = ""
    channel: Channel = setting(Channel.FILE, "Channel: " + ", ".join(Channel) + ".")
    version: str = setting("", "HL7 version; empty for returns.hl7_version.")
    application: str = setting("", "MSH-5; empty for the system's name.")
    facility: str = setting("", "MSH-6; empty for returns.receiving_facility.")
    order_message: str = setting("", "OML^O21 or ORM^O01; empty for returns.order_message.")
    merge: str = setting("A40", "Message of a merge: A40 (patient), or A47 (identifier).")
    allergies: bool = setting(True, "Whether allergies go as messages; else they stay to be keyed.")
    documents: bool = setting(False, "Send scanned forms: as MDM^T02, or in the FHIR bundle.")
    document_address: str = setting(
        "", "Address of this station (https://…): a scan is named by its page there, and not sent."
    )
    charset: str = setting("UNICODE UTF-8", "MSH-18: " + ", ".join(CHARSETS) + ".")
    leave_out: tuple[str, ...] = setting((), "Segments that are left out, such as PV2 or NTE.")
    add: tuple[str, ...] = setting((), "Segments added at the end, as they are, such as ZDT|1|Y.")
    only_known_tests: bool = setting(
        False, "Send no test that codes.tests does not name; its items wait with a sentence."
    )
    codes: dict[str, Any] = setting({}, "Tables of codes: " + ", ".join(CODES) + ".")
    host: str = setting("", "MLLP: name or address of the receiver.")
    port: int = setting(0, "MLLP: its port.")
    tls: bool = setting(False, "MLLP: encrypt, and check the receiver's certificate.")
    ca_file: str = setting(
        "", "MLLP: certificates that are trusted (PEM); empty for the machine's."
    )
    certificate_file: str = setting(
        "", "MLLP: own certificate with its key (PEM), if asked for one."
    )
    enhanced: bool = setting(
        False, "MLLP: enhanced mode, a commit answer before the application's."
    )
    application_answer: bool = setting(
        True, "MLLP: enhanced mode waits for the application's answer after the commit answer."
    )
    connect_seconds: float = setting(10.0, "MLLP: longest wait for a connection.")
    answer_seconds: float = setting(30.0, "MLLP: longest wait for an answer.")
    max_answer_bytes: int = setting(1_048_576, "MLLP: longest answer that is read.")
    keep_open: bool = setting(
        True, "MLLP: one connection for many messages; some receivers need a new one for each."
    )
    retry: tuple[str, ...] = setting(
        (), f"MLLP: answers ({', '.join(RETRY_CODES)}) tried again instead of going to a person."
    )
    fhir: dict[str, Any] = setting({}, "How FHIR bundles are sent; see there.")


def read_target(settings: Settings, system: str) -> Target:
    """What is set for one system, with the general settings filled in; InputError for a mistake."""
    table = settings.returns.targets.get(system, {})
    if not isinstance(table, Mapping):
        raise setting_error(system, "", "must be a table")
    if table and system not in settings.systems.names:
        raise InputError(
            "target.system",
            f"config.toml says how to return to '{system}', which is not among systems.names.",
            "Correct the name, or add the system.",
        )
    if "system" in table:
        raise setting_error(system, "system", "is not known")
    channel = table.get("channel", Channel.FILE)
    if channel not in list(Channel):
        raise setting_error(system, "channel", f"must be one of {', '.join(Channel)}")
    profile = config.parse_table(
        Target, {**table, "channel": Channel(channel)}, f"{TARGETS}.{system}.", PAGE
    )
    target = replace(
        profile,
        system=system,
        version=profile.version or settings.returns.hl7_version,
        order_message=profile.order_message or settings.returns.order_message,
        application=profile.application or system,
        facility=profile.facility or settings.returns.receiving_facility or settings.site.code,
    )
    for name, fault in _find_faults(target):
        raise setting_error(system, name, fault)
    return target


def is_from(version: str, first: str) -> bool:
    """Whether an HL7 version is `first` or a later one."""
    return VERSIONS.index(version) >= VERSIONS.index(first)


Fault = tuple[str, str]
"""A key of the table, and what is wrong with it."""


def _find_faults(target: Target) -> Iterator[Fault]:
    """What is wrong, in the order of the table."""
    choices = {
        "version": VERSIONS,
        "order_message": ORDER_MESSAGES,
        "merge": MERGES,
        "charset": tuple(CHARSETS),
    }
    for name, allowed in choices.items():
        if getattr(target, name) not in allowed:
            yield name, f"must be one of {', '.join(allowed)}"
            return  # nothing below can be judged without a version
    if is_from(target.version, "2.7"):
        if target.merge == "A47":
            yield "merge", "must be A40 from version 2.7 on"
        if target.order_message == "ORM^O01":
            yield "order_message", "must be OML^O21 from version 2.7 on"
    for name in target.leave_out:
        if name in _NEVER_LEFT_OUT or not _SEGMENT.fullmatch(name):
            yield "leave_out", f"names {name}, which cannot be left out"
    if not all(map(_ADDED.fullmatch, target.add)):
        yield "add", "holds a text that is not one segment"
    if not set(target.retry) <= set(RETRY_CODES):
        yield "retry", f"names an answer other than {', '.join(RETRY_CODES)}"
    yield from _find_code_faults(target)
    if target.channel == Channel.MLLP:
        yield from _find_network_faults(target)


def _find_code_faults(target: Target) -> Iterator[Fault]:
    for name, table in target.codes.items():
        if name not in CODES:
            yield "codes", f"has no table '{name}'"
        if not isinstance(table, Mapping) or not all(isinstance(v, str) for v in table.values()):
            yield f"codes.{name}", "must be a table of texts"


def _find_network_faults(target: Target) -> Iterator[Fault]:
    if not target.host:
        yield "host", "is missing"
    if not 0 < target.port < 65536:
        yield "port", "must be between 1 and 65535"
    yield from find_not_positive(target, "connect_seconds", "answer_seconds", "max_answer_bytes")


def find_not_positive(target: object, *names: str) -> Iterator[Fault]:
    """Those of these settings that must be more than 0 and are not."""
    return ((name, "must be more than 0") for name in names if getattr(target, name) <= 0)


def setting_error(system: str, name: str, fault: str) -> InputError:
    """What is wrong with a key of a system's table, or with the table."""
    where = f"{TARGETS}.{system}" + (f".{name}" if name else "")
    return InputError(
        "target.setting",
        f"The setting '{where}' in config.toml {fault}.",
        f"{PAGE} lists what can be set for a system.",
    )
