"""FHIR Dosage in words: how much, when, how often, for how long and at most. Pure.

Several steps stand one after the other, each with its own timing, so that no dose is read with the
timing of another. What is sent as text stays as it came; a dose that is sent beside a text which
does not hold it stands behind it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from downtime.clinical.model import MedicationRequestCategory
from downtime.feeds.fhir.data_types import (
    annotation_text,
    concept_text,
    element_at,
    elements_at,
    quantity_text,
    range_text,
    ratio_text,
    text_at,
)
from downtime.feeds.fhir.timings import timing_text

Dosage = dict[str, Any]
"""A Dosage element as its JSON came."""


def dosage_text(resource: Any, doses: list[Dosage]) -> str:
    """All steps, and what is noted of the prescription as a whole."""
    steps = list(map(_step_text, doses))
    timings = {timing_text(element_at(dose, "timing")) for dose in doses}
    if len(timings) > 1:
        steps = [
            ", ".join(filter(None, (step, timing_text(element_at(dose, "timing")))))
            for step, dose in zip(steps, doses, strict=True)
        ]
    whole = text_at(resource, "renderedDosageInstruction") or _join_steps(doses, steps)
    return "; ".join(filter(None, (whole, annotation_text(resource, "note").replace("\n", "; "))))


def frequency_text(doses: list[Dosage]) -> str:
    """When and how often; of steps that differ, that of each in their order."""
    timings = dict.fromkeys(timing_text(element_at(dose, "timing")) for dose in doses)
    return "; ".join(filter(None, timings))


def dosage_category(doses: list[Dosage]) -> MedicationRequestCategory | str:
    """Which chart these doses are on; empty when they do not say."""
    if any(map(_is_as_needed, doses)):
        return MedicationRequestCategory.AS_REQUIRED
    rates = (r for dose in doses for r in elements_at(dose, "doseAndRate"))
    if any("rateRatio" in r or "rateQuantity" in r or "rateRange" in r for r in rates):
        return MedicationRequestCategory.INFUSION
    counts = [text_at(dose, "timing", "repeat", "count") for dose in doses]
    if doses and all(count == "1" for count in counts):
        return MedicationRequestCategory.ONCE_ONLY
    return MedicationRequestCategory.REGULAR if any("timing" in dose for dose in doses) else ""


def _join_steps(doses: list[Dosage], steps: list[str]) -> str:
    """Steps of different sequence follow each other; others hold beside each other."""
    text, last = "", ""
    for dose, step in zip(doses, steps, strict=True):
        sequence = text_at(dose, "sequence")
        joint = "; then " if last and sequence and sequence != last else "; "
        text, last = f"{text}{joint if text and step else ''}{step}", sequence or last
    return text


def _step_text(dosage: Dosage) -> str:
    """One step as the source words it, with what its words leave out."""
    text = text_at(dosage, "text")
    parts = [text] if text else []
    parts += [dose for dose in _list_doses(dosage) if not _says(text, dose)]
    parts += [part for part in _list_instructions(dosage) if not _says(text, part)]
    return ", ".join(filter(None, parts)) or annotation_text(dosage, "note")


def _says(text: str, part: str) -> bool:
    """Whether a text holds another one, apart from blanks and case; 10 mg is not in 110 mg."""
    text, part = ("".join(t.casefold().split()) for t in (text, part))
    return bool(part) and re.search(rf"(?<![\d.,]){re.escape(part)}", text) is not None


def _list_doses(dosage: Dosage) -> Iterator[str]:
    old_form = [dosage] if "doseQuantity" in dosage or "rateQuantity" in dosage else []
    for item in [*elements_at(dosage, "doseAndRate"), *old_form]:
        dose = quantity_text(element_at(item, "doseQuantity"))
        rate = quantity_text(element_at(item, "rateQuantity"))
        rate = rate or ratio_text(element_at(item, "rateRatio"))
        amount = dose or _dose_range(element_at(item, "doseRange"))
        rate = rate or range_text(element_at(item, "rateRange"))
        yield " at ".join(filter(None, (amount, rate)))


def _list_instructions(dosage: Dosage) -> Iterator[str]:
    for instruction in elements_at(dosage, "additionalInstruction"):
        yield concept_text(instruction)
    yield text_at(dosage, "patientInstruction")
    reasons = [element_at(dosage, "asNeededCodeableConcept"), *elements_at(dosage, "asNeededFor")]
    for reason in filter(None, map(concept_text, reasons)):
        yield f"as required for {reason}"
    yield from _list_limits(dosage)


def _list_limits(dosage: Dosage) -> Iterator[str]:
    for limit in elements_at(dosage, "maxDosePerPeriod"):  # R5: several
        if text := ratio_text(limit):
            yield f"at most {text}"
    for name, span in (("maxDosePerAdministration", "dose"), ("maxDosePerLifetime", "lifetime")):
        if text := quantity_text(element_at(dosage, name)):
            yield f"at most {text} per {span}"


def _dose_range(node: Any) -> str:
    bounds: Iterable[str] = (quantity_text(element_at(node, end)) for end in ("low", "high"))
    return " to ".join(filter(None, bounds))


def _is_as_needed(dose: Dosage) -> bool:
    """R4 `asNeededBoolean` or `asNeededCodeableConcept`; R5 `asNeeded` or `asNeededFor`."""
    is_said = dose.get("asNeededBoolean") is True or dose.get("asNeeded") is True
    return is_said or "asNeededCodeableConcept" in dose or bool(dose.get("asNeededFor"))
