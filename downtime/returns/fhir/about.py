"""What stands around the facts of a form: its answers, who wrote and keyed them, its scan. Pure."""

import base64
import hashlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from downtime.entry import response_writer
from downtime.entry.model import Entry
from downtime.paper.forms.fhir_write import QUESTIONNAIRE
from downtime.paper.forms.questionnaire import FormDefinition
from downtime.returns.fhir.target import FhirTarget
from downtime.returns.fhir.values import (
    TERMINOLOGY,
    Json,
    by,
    coding,
    filled,
    identifier,
    instant,
    urn,
)


@dataclass(frozen=True, slots=True)
class Form:
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


def response(form: Form, subject: Json, names: FhirTarget, zone: ZoneInfo) -> Json:
    """The QuestionnaireResponse: all that was keyed from the form, field by field."""
    entry = form.entry
    made = response_writer.write(entry, form.definition, zone)
    return filled(
        made
        | {
            "identifier": identifier(names.form, form.number),
            "questionnaire": f"{QUESTIONNAIRE}{entry.form}|{entry.version}",
            "status": "amended" if entry.corrections else "completed",
            "subject": subject,
        }
    )


def provenance(
    form: Form,
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
        ("author", by(entry.author)),
        ("enterer", _staff(entry.transcriber, entry.transcriber_name, names)),
        ("verifier", _staff(entry.verifier, entry.verifier_name, names)),
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


def document(form: Form, subject: Json, names: FhirTarget, zone: ZoneInfo) -> Json:
    """The scanned form. The pages are inside: a Binary has nothing a replay could be told by."""
    entry = form.entry
    number = identifier(names.form, form.number)
    return filled(
        {
            "resourceType": "DocumentReference",
            "masterIdentifier": number,
            "identifier": [number],
            "status": "current",
            "type": {"text": form.definition.title},
            "subject": subject,
            "date": instant(entry.entered, zone),
            "author": [by(entry.author)] if entry.author else [],
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
            "context": {"period": filled({"start": instant(entry.event, zone)})},
        }
    )


def response_url(form: Form) -> str:
    """How the other entries of a bundle refer to the response."""
    return urn("QuestionnaireResponse", form.number)


def _staff(account: str, name: str, names: FhirTarget) -> Json:
    return {"identifier": identifier(names.staff, account), "display": name} if account else {}


def _sha1(content: bytes) -> bytes:
    """FHIR defines Attachment.hash as SHA-1; it guards against damage, not against malice."""
    return hashlib.sha1(content, usedforsecurity=False).digest()
