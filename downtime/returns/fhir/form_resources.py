"""What stands around the facts of a form: its answers, who wrote and keyed them, its document. Pure."""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from downtime.entry import write_response
from downtime.entry.event_facts import EventAnswer
from downtime.entry.model import Entry
from downtime.entry.scans import FieldPosition
from downtime.paper.forms.export_questionnaire import EXTENSION_BASE, QUESTIONNAIRE
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

PICTURE_EXTENSION = EXTENSION_BASE + "answer-picture"
"""Where an answer stands on the scan: the document, its page, and the part of that page."""


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
    positions: Mapping[str, FieldPosition] = field(default_factory=dict)
    """Where each answer stands on the pictures of the scan, by key."""
    document_address: str = ""
    """Of the station that shows the scan; empty where the scan itself goes along."""

    @property
    def number(self) -> str:
        """The serial; with the count of corrections once it was corrected."""
        entry = self.entry
        return f"{entry.serial}.{entry.corrections}" if entry.corrections else entry.serial

    @property
    def document_url(self) -> str:
        """How the other entries of a bundle refer to its scan."""
        return urn("DocumentReference", self.number)

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
    if form.scan:
        _link_pictures(response.get("item", []), definition, form, "")
    return drop_empty_elements(
        response
        | {
            "identifier": identifier(context.target.form, form.number),
            "questionnaire": f"{QUESTIONNAIRE}{entry.form}|{entry.version}",
            "status": "amended" if entry.corrections else "completed",
            "subject": subject,
        }
    )


def _link_pictures(
    items: Sequence[Json], definition: FormDefinition, form: SourceForm, row: str
) -> None:
    """Say beside each answer where it stands on the scan: page, and part of it as a media fragment has it."""
    rows: Counter[str] = Counter()
    repeated = {item.link_id: bool(item.repeated) for item in definition.fields()}
    for item in items:
        link_id = item["linkId"]
        rows[link_id] += 1
        if "item" in item:
            _link_pictures(item["item"], definition, form, str(rows[link_id]))
            continue
        key = f"{link_id}:{row}" if repeated.get(link_id) else link_id
        if position := form.positions.get(key):
            item.setdefault("extension", []).append(_picture_extension(position, form))


def _picture_extension(position: FieldPosition, form: SourceForm) -> Json:
    parts = (position.x, position.y, position.width, position.height)
    region = ",".join(f"{100 * part:.2f}" for part in parts)
    return {
        "url": PICTURE_EXTENSION,
        "extension": [
            {"url": "document", "valueReference": {"reference": form.document_url}},
            {"url": "page", "valuePositiveInt": position.page},
            {"url": "region", "valueString": f"xywh=percent:{region}"},
        ],
    }


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
        "entity": [
            {"role": "source", "what": _refer_to_source(form, context)},
            *([{"role": "source", "what": {"reference": form.document_url}}] if form.scan else []),
        ],
    }


def _refer_to_source(form: SourceForm, context: BundleContext) -> Json:
    if form.definition is None and not form.event_answers:
        return {"identifier": identifier(context.target.form, form.number)}
    return {"reference": form.response_url}


def build_document(
    form: SourceForm, definition: FormDefinition, subject: Json, context: BundleContext
) -> Json:
    """The scanned form. The pages are inside: a Binary has nothing by which a replay is known. Or their
    address is, where the site keeps them on its station.
    """
    entry, title = form.entry, definition.title
    number = identifier(context.target.form, form.number)
    # FHIR defines Attachment.hash as SHA-1; it guards against damage, not against malice.
    digest = hashlib.sha1(form.scan, usedforsecurity=False).digest()
    attachment = {
        "contentType": form.scan_type,
        **_carry_scan(form),
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


def _carry_scan(form: SourceForm) -> Json:
    if form.document_address:
        return {"url": form.document_address, "size": len(form.scan)}
    return {"data": base64.b64encode(form.scan).decode()}


def _staff_reference(account: str, name: str, context: BundleContext) -> Json:
    if not account:
        return {}
    return {"identifier": identifier(context.target.staff, account), "display": name}
