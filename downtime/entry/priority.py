"""In which order forms are keyed: who people are first, appointments last.

Source: the order of recovery that NHS and US downtime procedures share, written out in
docs/recovery.md. It is read from a form's record and system, so that a hospital's own form has
its place too.
"""

from collections.abc import Mapping

from downtime.clinical.record_types import RECORD_TYPES, KeyingRank, list_owners
from downtime.paper.forms.model import FormDefinition
from downtime.settings import Settings

RANKS: Mapping[KeyingRank, str] = {
    KeyingRank.IDENTITY: "Identity and registration",
    KeyingRank.MOVEMENTS: "Admissions, transfers, discharges",
    KeyingRank.ALLERGIES: "Allergies and alerts",
    KeyingRank.REQUESTS: "Requests",
    KeyingRank.RESULTS: "Results",
    KeyingRank.MEDICINES: "Medicines and transfusion",
    KeyingRank.OBSERVATIONS: "Observations",
    KeyingRank.DOCUMENTS: "Documents",
    KeyingRank.APPOINTMENTS: "Appointments and theatres",
}


def keying_rank(form: FormDefinition, settings: Settings) -> KeyingRank:
    """When a form is keyed."""
    owners = list_owners(settings.systems.records)
    asks_name = any(item.maps == "Patient.family" for item in form.fields())
    if form.record == "Encounter" and asks_name:  # a registration
        return KeyingRank.IDENTITY
    if form.record == "Observation" and form.system == owners["AllergyIntolerance"]:
        return KeyingRank.OBSERVATIONS  # a ward's own, not a laboratory's result
    if row := RECORD_TYPES.get(form.record):
        return row.keying_rank
    return _rank_document(form, owners["Patient"], owners["ServiceRequest"])


def _rank_document(form: FormDefinition, patients: str, laboratory: str) -> KeyingRank:
    """A document that is keyed all the same: a register of numbers, a move, the fate of blood."""
    if form.policy == "scan":
        return KeyingRank.DOCUMENTS
    if form.system == patients:
        return KeyingRank.MOVEMENTS if form.identity else KeyingRank.IDENTITY
    return KeyingRank.MEDICINES if form.system == laboratory else KeyingRank.DOCUMENTS
