"""Fields whose paper says nothing that can be read: an explicit answer, never an empty one.

Such an answer is `?not-written` or `?illegible` in place of the value, whatever the field's type.
In FHIR it is an item without an answer that carries the data-absent-reason extension
(http://hl7.org/fhir/R4/extension-data-absent-reason.html).
"""

from collections.abc import Mapping

NOT_WRITTEN, ILLEGIBLE = "?not-written", "?illegible"

REASON_TEXTS: Mapping[str, str] = {
    NOT_WRITTEN: "Not written on the paper",
    ILLEGIBLE: "Illegible",
}
EXTENSION_URL = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
FHIR_CODES: Mapping[str, str] = {NOT_WRITTEN: "unknown", ILLEGIBLE: "error"}

_TYPED = {
    NOT_WRITTEN: ("?not-written", "not written", "not written on the paper", "--"),
    ILLEGIBLE: ("?illegible", "illegible", "??"),
}
_READ = {typed: answer for answer, all_typed in _TYPED.items() for typed in all_typed}


def parse_reason(text: str) -> str:
    """The answer that a typed text means: `--`, `??`, or its words; empty for anything else."""
    return _READ.get(text.strip().lower(), "")


def split_absent(answers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The answers that have a value, and by key the words of those that have none."""
    known = {key: text for key, text in answers.items() if text and text not in REASON_TEXTS}
    return known, {key: REASON_TEXTS[text] for key, text in answers.items() if text in REASON_TEXTS}


def known_value(answers: Mapping[str, str], key: str) -> str:
    """The value of an answer; empty when the paper says nothing that can be read."""
    text = answers.get(key, "")
    return "" if text in REASON_TEXTS else text
