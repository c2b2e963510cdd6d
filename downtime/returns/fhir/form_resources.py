"""What stands around the facts of a form: whom they are about, its answers, who wrote and keyed them.

Pure. A known patient is a conditional reference (FHIR R4, 3.1.0.11.2): a receiver that finds none,
or two, refuses the transaction, so nothing can be filed to the wrong person or to a second record.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from downtime.entry import questionnaire_response
from downtime.entry.facts import PaperPerson
from downtime.entry.model import Entry
from downtime.paper.forms.export_questionnaire import QUESTIONNAIRE
from downtime.paper.forms.model import FormDefinition
from downtime.returns.fhir.datatypes import (
    TERMINOLOGY,
    Json,
    as_list,
    display_reference,
    drop_empty_elements,
    identifier,
    identifier_search,
    make_coding,
    urn,
)
from downtime.returns.fhir.target import NHS, BundleContext, FhirTarget, profile_meta


@dataclass(frozen=True, slots=True)
class SourceForm:
    """A verified form with the definition it was printed from, and its scan if there is one."""

    entry: Entry
    definition: FormDefinition
    scan: bytes = b""
    scan_type: str = "application/pdf"

    @property
    def number(self) -> str:
        """The serial; with the count of corrections once it was corrected."""
        entry = self.entry
        return f"{entry.serial}.{entry.corrections}" if entry.corrections else entry.serial

    @property
    def response_url(self) -> str:
        """How the other entries of a bundle refer to its response."""
        return urn("QuestionnaireResponse", self.number)


def build_response(form: SourceForm, subject: Json, context: BundleContext) -> Json:
    """The QuestionnaireResponse: all that was keyed from the form, field by field."""
    entry = form.entry
    response = questionnaire_response.write_response(entry, form.definition, context.zone)
    return drop_empty_elements(
        response
        | {
            "identifier": identifier(context.target.form, form.number),
            "questionnaire": f"{QUESTIONNAIRE}{entry.form}|{entry.version}",
            "status": "amended" if entry.corrections else "completed",
            "subject": subject,
        }
    )


def build_provenance(
    form: SourceForm, control_id: str, targets: Sequence[str], context: BundleContext
) -> Json:
    """Who wrote it on paper, who keyed it and who compared the two; when it happened and was keyed.

    Its tag is the bundle's control ID: R4 gives Provenance no identifier to search by.
    """
    entry = form.entry
    agents = {
        "author": display_reference(entry.author),
        "enterer": _staff_reference(entry.transcriber, entry.transcriber_name, context),
        "verifier": _staff_reference(entry.verifier, entry.verifier_name, context),
    }
    return {
        "resourceType": "Provenance",
        "meta": {"tag": [make_coding(context.target.message, control_id)]},
        "target": [{"reference": reference} for reference in targets],
        "occurredDateTime": context.format_time(entry.event),
        "recorded": context.format_time(entry.entered),
        "activity": {"coding": [make_coding(TERMINOLOGY + "v3-DataOperation", "CREATE", "create")]},
        "agent": [
            {
                "type": {
                    "coding": [make_coding(TERMINOLOGY + "provenance-participant-type", role)]
                },
                "who": person,
            }
            for role, person in agents.items()
            if person
        ],
        "entity": [{"role": "source", "what": {"reference": form.response_url}}],
    }


def build_document(form: SourceForm, subject: Json, context: BundleContext) -> Json:
    """The scanned form. The pages are inside: a Binary has nothing by which a replay is known."""
    entry, title = form.entry, form.definition.title
    number = identifier(context.target.form, form.number)
    # FHIR defines Attachment.hash as SHA-1; it guards against damage, not against malice.
    digest = hashlib.sha1(form.scan, usedforsecurity=False).digest()
    attachment = {
        "contentType": form.scan_type,
        "data": base64.b64encode(form.scan).decode(),
        "hash": base64.b64encode(digest).decode(),
        "title": title,
    }
    return drop_empty_elements(
        {
            "resourceType": "DocumentReference",
            "masterIdentifier": number,
            "identifier": [number],
            "status": "current",
            "type": {"text": title},
            "subject": subject,
            "date": context.format_time(entry.entered),
            "author": [display_reference(entry.author)] if entry.author else [],
            "content": [{"attachment": attachment}],
            "context": {"period": drop_empty_elements({"start": context.format_time(entry.event)})},
        }
    )


def _staff_reference(account: str, name: str, context: BundleContext) -> Json:
    if not account:
        return {}
    return {"identifier": identifier(context.target.staff, account), "display": name}


@dataclass(frozen=True, slots=True)
class PatientReference:
    """How resources refer to a patient, and the entry that registers one who is not there yet."""

    reference: Json
    entry: Json | None = None


def list_numbers(person: PaperPerson, target: FhirTarget) -> list[tuple[str, str]]:
    """Each number of a person with its system, the one to find them by first."""
    numbers = (
        (target.hospital_number, person.mrn),
        (NHS, person.nhs_number),
        (target.downtime_number, person.downtime_number),
    )
    return [(system, value) for system, value in numbers if value]


def reference_patient(
    person: PaperPerson, target: FhirTarget, *, register: bool
) -> PatientReference:
    """A known patient by number; with `register`, one who is created unless that number exists.

    A person without any number is nobody: the decision to return such an item is refused earlier.
    """
    number = list_numbers(person, target)[0]
    search = identifier_search(*number)
    if not register:
        return PatientReference({"reference": f"Patient?{search}"})
    url = urn("Patient", *number)
    request = {"method": "POST", "url": "Patient", "ifNoneExist": search}
    entry = {"fullUrl": url, "resource": build_patient(person, target), "request": request}
    return PatientReference({"reference": url}, entry)


def build_patient(person: PaperPerson, target: FhirTarget) -> Json:
    """The Patient as paper knows them; nobody is called by a name that was not written."""
    name = {
        "family": person.family,
        "given": [person.given] if person.given else [],
        "prefix": [person.prefix] if person.prefix else [],
    }
    address = {
        "line": [person.address] if person.address else [],
        "postalCode": person.postcode,
    }
    return drop_empty_elements(
        {
            "resourceType": "Patient",
            "meta": profile_meta("Patient", target),
            "identifier": [identifier(*number) for number in list_numbers(person, target)],
            "active": True,
            "name": [drop_empty_elements(name) or {"text": "UNKNOWN"}],
            "telecom": [{"system": "phone", "value": person.phone}] if person.phone else [],
            "gender": person.gender,
            "birthDate": person.birth_date,
            "address": as_list(drop_empty_elements(address)),
            "generalPractitioner": as_list(display_reference(person.general_practitioner)),
        }
    )


def merge_entry(
    temporary: PaperPerson, surviving: PaperPerson, target: FhirTarget, *, undo: bool = False
) -> Json:
    """The entry that retires a downtime number's record in favour of the patient's own.

    A conditional update of the temporary record alone: the surviving one is only pointed at, and
    a replay writes the same again. With `undo` the record stands by itself once more.
    """
    number = (target.downtime_number, temporary.downtime_number)
    resource = build_patient(temporary, target)
    if not undo:
        other = reference_patient(surviving, target, register=False).reference
        resource |= {"active": False, "link": [{"other": other, "type": "replaced-by"}]}
    return {
        "fullUrl": urn("Patient", *number),
        "resource": resource,
        "request": {"method": "PUT", "url": f"Patient?{identifier_search(*number)}"},
    }
