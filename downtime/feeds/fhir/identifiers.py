"""FHIR Identifiers of a person as the program's own: whose number, and whether it still holds.

An NHS number is one by its system or type, and only if it passes its check. A number is the
hospital's own when its type fits and its system, or the last step of it, or its assigner is the
site's (or one that the source's profile names). A number that has ended, or is marked as old, is
not taken: it leads to nobody.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from downtime.clinical.identifiers import MRN, NHS, Identifier, clean_nhs_number
from downtime.feeds.context import FeedContext
from downtime.feeds.fhir.data_types import all_codes, elements_at, extension_values, text_at
from downtime.feeds.fhir.periods import is_current

FHIR = "FHIR"
"""Type of an identifier that is a resource's own address."""
_NHS_SYSTEMS = (
    "https://fhir.nhs.uk/id/nhs-number",
    "http://fhir.nhs.net/id/nhs-number",
    "urn:oid:2.16.840.1.113883.2.1.4.1",
)
_NHS_TYPES = ("NH", "NHS")
_VISIT_TYPES = frozenset({"VN", "AN"})
_OWN_TYPES = frozenset({"", "MR", "MRN", "PI", "PT"})
_VERIFIED = frozenset({"01", "number-present-and-verified", "verified"})
_VERIFICATION = (
    "NHSNumberVerificationStatus",
    "NHSNumberVerificationStatus-1",
    "nhs-number-verification-status",
)
"""Ends of the addresses of the extension: UK Core, CareConnect, and what others call it."""


def parse_identifiers(
    items: Iterable[dict[str, Any]], context: FeedContext, now: str
) -> Iterator[Identifier]:
    """The numbers of a person that hold."""
    for item in items:
        value, system = text_at(item, "value"), text_at(item, "system")
        kind = _get_type(item)
        if not value or kind in _VISIT_TYPES or not is_current(item, now, context.zone):
            continue
        if _is_nhs(item):
            if digits := clean_nhs_number(value):
                yield Identifier(NHS, "NHS", digits)
        elif _is_own(item, system, kind, context):
            yield Identifier(MRN, context.authority, context.write_own_number(value))
        else:
            yield Identifier("MR" if kind == "MRN" else kind or "PI", system, value)


def has_damaged_nhs_number(patient: Any) -> bool:
    """Whether a number is sent as an NHS number and is none."""
    items = [item for item in elements_at(patient, "identifier") if _is_nhs(item)]
    return any(text_at(i, "value") and not clean_nhs_number(text_at(i, "value")) for i in items)


def nhs_number_status(patient: Any) -> str:
    """`verified` or `unverified` by the extension on the NHS number; empty when it has none."""
    for item in filter(_is_nhs, elements_at(patient, "identifier")):
        for name in _VERIFICATION:
            for extension in extension_values(item, name):
                codes = all_codes(extension, "valueCodeableConcept")
                codes |= {
                    text_at(extension, "valueCoding", "code"),
                    text_at(extension, "valueCode"),
                }
                return "verified" if codes & _VERIFIED else "unverified"
    return ""


def _get_type(item: Any) -> str:
    return next(iter(sorted(all_codes(item, "type") - {""})), "").upper()


def _is_nhs(item: Any) -> bool:
    return text_at(item, "system").casefold() in _NHS_SYSTEMS or _get_type(item) in _NHS_TYPES


def _is_own(item: Any, system: str, kind: str, context: FeedContext) -> bool:
    own_types = _OWN_TYPES | {kind.upper() for kind in context.profile.mrn_types}
    if kind not in own_types:
        return False
    if system and system == context.settings.site.mrn_system:
        return True
    names = {system.casefold(), system.rstrip("/").replace(":", "/").rsplit("/", 1)[-1].casefold()}
    names.add(text_at(item, "assigner", "display").casefold())
    is_named = kind not in ("", "PI", "PT")
    return bool(names & context.own_names) or (is_named and not system)
