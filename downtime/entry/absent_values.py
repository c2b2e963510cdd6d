"""Fields whose paper says nothing that can be read: an explicit answer, never an empty one.

Such an answer stands in place of the value, whatever the field's type. In FHIR it is an item
without an answer that carries the data-absent-reason extension
(http://hl7.org/fhir/R4/extension-data-absent-reason.html).
"""

from collections.abc import Mapping
from enum import StrEnum


class AbsentReason(StrEnum):
    """Why a field has no value; the answer that is kept."""

    NOT_WRITTEN = "?not-written"
    ILLEGIBLE = "?illegible"


REASON_TEXTS: Mapping[str, str] = {
    AbsentReason.NOT_WRITTEN: "Not written on the paper",
    AbsentReason.ILLEGIBLE: "Illegible",
}
EXTENSION_URL = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FHIR_CODES: Mapping[AbsentReason, str] = {
    AbsentReason.NOT_WRITTEN: "unknown",
    AbsentReason.ILLEGIBLE: "error",
}
_TYPED = {
    "?not-written": AbsentReason.NOT_WRITTEN,
    "not written": AbsentReason.NOT_WRITTEN,
    "not written on the paper": AbsentReason.NOT_WRITTEN,
    "--": AbsentReason.NOT_WRITTEN,
    "?illegible": AbsentReason.ILLEGIBLE,
    "illegible": AbsentReason.ILLEGIBLE,
    "??": AbsentReason.ILLEGIBLE,
}


def parse_reason(text: str) -> AbsentReason | None:
    """The reason that a typed text means: `--`, `??`, or its words; None for anything else."""
    return _TYPED.get(text.strip().lower())


def split_absent(answers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The answers that have a value, and by key the words of those that have none."""
    known = {key: text for key, text in answers.items() if text and text not in REASON_TEXTS}
    return known, {key: REASON_TEXTS[text] for key, text in answers.items() if text in REASON_TEXTS}


def known_value(answers: Mapping[str, str], key: str) -> str:
    """The value of an answer; empty when the paper says nothing that can be read."""
    text = answers.get(key, "")
    return "" if text in REASON_TEXTS else text
