"""What stands around the facts of a form: its answers, who wrote and keyed them, its document. Pure."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from downtime.entry import write_response
from downtime.entry.event_facts import EventAnswer
from downtime.entry.model import Entry
from downtime.paper.forms.export_questionnaire import QUESTIONNAIRE
from downtime.paper.forms.model import FormDefinition
from downtime.returns.fhir.datatypes import (
    TERMINOLOGY,
    Json,
    display_reference,
    drop_empty_elements,
    identifier,
    make_coding,
    urn,
)
from downtime.returns.fhir.target import BundleContext


@dataclass(frozen=True, slots=True)
class SourceForm:
    """A verified form with the definition it was printed from, and its scan if there is one.

    What was recorded on the screen has no definition, but the answers of its event.
    """

    entry: Entry
    definition: FormDefinition | None
    scan: bytes = b""
    scan_type: str = "application/pdf"
    event_answers: tuple[EventAnswer, ...] = ()

    @property
    def number(self) -> str:
        """The serial; with the count of corrections once it was corrected."""
        entry = self.entry
        return f"{entry.serial}.{entry.corrections}" if entry.corrections else entry.serial

    @property
    def response_url(self) -> str:
        """How the other entries of a bundle refer to its response."""
        return urn("QuestionnaireResponse", self.number)


def build_response(
    form: SourceForm, definition: FormDefinition, subject: Json, context: BundleContext
) -> Json:
    """The QuestionnaireResponse: all that was keyed from the form, field by field."""
    entry = form.entry
    response = write_response.write_response(entry, definition, context.zone)
    return drop_empty_elements(
        response
        | {
            "identifier": identifier(context.target.form, form.number),
            "questionnaire": f"{QUESTIONNAIRE}{entry.form}|{entry.version}",
            "status": "amended" if entry.corrections else "completed",
            "subject": subject,
        }
    )


def build_event_response(form: SourceForm, subject: Json, context: BundleContext) -> Json:
    """The QuestionnaireResponse of what was recorded on the screen: each answer with its question."""
    entry = form.entry
    items = [
        {"linkId": link_id, "text": question, "answer": [{"valueString": answer}]}
        for link_id, question, answer in form.event_answers
    ]
    return drop_empty_elements(
        {
            "resourceType": "QuestionnaireResponse",
            "identifier": identifier(context.target.form, form.number),
            "questionnaire": f"{QUESTIONNAIRE}{entry.form}|{entry.version}",
            "status": "amended" if entry.corrections else "completed",
            "subject": subject,
            "authored": context.format_time(entry.event),
            "author": display_reference(entry.author),
            "item": items,
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
        "entity": [{"role": "source", "what": _refer_to_source(form, context)}],
    }


def _refer_to_source(form: SourceForm, context: BundleContext) -> Json:
    if form.definition is None and not form.event_answers:
        return {"identifier": identifier(context.target.form, form.number)}
    return {"reference": form.response_url}


def build_document(
    form: SourceForm, definition: FormDefinition, subject: Json, context: BundleContext
) -> Json:
    """The scanned form. The pages are inside: a Binary has nothing by which a replay is known."""
    entry, title = form.entry, definition.title
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
