"""What stands around the facts of a form: its answers, who wrote and keyed them, its scan. Pure."""

import base64
import hashlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.entry import response_writer
from downtime.entry.model import Entry
from downtime.paper.forms.export_questionnaire import QUESTIONNAIRE
from downtime.paper.forms.model import FormDefinition
from downtime.returns.fhir.datatypes import (
    TERMINOLOGY,
    Json,
    coding,
    display_reference,
    identifier,
    instant,
    urn,
    without_empty,
)
from downtime.returns.fhir.target import FhirTarget


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


def build_response(form: SourceForm, subject: Json, names: FhirTarget, zone: ZoneInfo) -> Json:
    """The QuestionnaireResponse: all that was keyed from the form, field by field."""
    entry = form.entry
    made = response_writer.write_response(entry, form.definition, zone)
    return without_empty(
        made
        | {
            "identifier": identifier(names.form, form.number),
            "questionnaire": f"{QUESTIONNAIRE}{entry.form}|{entry.version}",
            "status": "amended" if entry.corrections else "completed",
            "subject": subject,
        }
    )


def build_provenance(
    form: SourceForm,
    control_id: str,
    targets: list[Json],
    source: Json,
    names: FhirTarget,
    zone: ZoneInfo,
) -> Json:
    """Who wrote it on paper, who keyed it and who compared the two; when it happened and was keyed.

    Its tag is the bundle's control ID: R4 gives Provenance no identifier to search by.
    """
    entry = form.entry
    agents = (
        ("author", display_reference(entry.author)),
        ("enterer", _staff_reference(entry.transcriber, entry.transcriber_name, names)),
        ("verifier", _staff_reference(entry.verifier, entry.verifier_name, names)),
    )
    return {
        "resourceType": "Provenance",
        "meta": {"tag": [coding(names.message, control_id)]},
        "target": targets,
        "occurredDateTime": instant(entry.event, zone),
        "recorded": instant(entry.entered, zone),
        "activity": {"coding": [coding(TERMINOLOGY + "v3-DataOperation", "CREATE", "create")]},
        "agent": [
            {
                "type": {"coding": [coding(TERMINOLOGY + "provenance-participant-type", role)]},
                "who": who,
            }
            for role, who in agents
            if who
        ],
        "entity": [{"role": "source", "what": source}],
    }


def build_document(form: SourceForm, subject: Json, names: FhirTarget, zone: ZoneInfo) -> Json:
    """The scanned form. The pages are inside: a Binary has nothing a replay could be told by."""
    entry = form.entry
    number = identifier(names.form, form.number)
    return without_empty(
        {
            "resourceType": "DocumentReference",
            "masterIdentifier": number,
            "identifier": [number],
            "status": "current",
            "type": {"text": form.definition.title},
            "subject": subject,
            "date": instant(entry.entered, zone),
            "author": [display_reference(entry.author)] if entry.author else [],
            "content": [
                {
                    "attachment": {
                        "contentType": form.scan_type,
                        "data": base64.b64encode(form.scan).decode(),
                        "hash": base64.b64encode(_sha1(form.scan)).decode(),
                        "title": form.definition.title,
                    }
                }
            ],
            "context": {"period": without_empty({"start": instant(entry.event, zone)})},
        }
    )


def response_url(form: SourceForm) -> str:
    """How the other entries of a bundle refer to the response."""
    return urn("QuestionnaireResponse", form.number)


def _staff_reference(account: str, name: str, names: FhirTarget) -> Json:
    return {"identifier": identifier(names.staff, account), "display": name} if account else {}


def _sha1(content: bytes) -> bytes:
    """FHIR defines Attachment.hash as SHA-1; it guards against damage, not against malice."""
    return hashlib.sha1(content, usedforsecurity=False).digest()
