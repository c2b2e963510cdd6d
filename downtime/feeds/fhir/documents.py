"""FHIR DocumentReference and Composition to records: letters and reports, by title and date.

The words of a document are kept when it is plain text; of any other kind its title tells that it is
there.
"""

import base64
import binascii
from typing import Any

from downtime.clinical import history
from downtime.feeds.fhir import statuses
from downtime.feeds.fhir.data_types import (
    concept_text,
    element_at,
    elements_at,
    text_at,
)
from downtime.feeds.fhir.mappings import register_field_reader
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.hl7.segments import decode_text
from downtime.feeds.model import Value

_PLAIN = "text/plain"
_MOST_CHARACTERS = 20_000
"""More of a document than anybody reads on a patient's page; its rest is left out."""


@register_field_reader(history.DocumentReference, "Composition")
def document_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    """A document that is filed for a patient."""
    attachments = [element_at(c, "attachment") for c in elements_at(resource, "content")]
    titles = [text_at(resource, "title"), *(text_at(item, "title") for item in attachments)]
    kind = concept_text(element_at(resource, "type"))
    titles += [text_at(resource, "description"), kind]
    dates = [text_at(resource, "date"), text_at(resource, "indexed")]
    dates += [text_at(item, "creation") for item in attachments]
    fields: dict[str, Value] = {
        "number": reader.business_identifier(resource),
        "title": next(filter(None, titles), ""),
        "kind": kind,
        "status": reader.status(resource, statuses.DOCUMENT),
        "author": reader.name_of(element_at(resource, "author", 0), resource),
        "text": "\n\n".join(filter(None, map(plain_text, attachments))),
        "date": "",
        "date_text": "",
    }
    reader.add_time(fields, "date", next(filter(None, dates), ""))
    return fields


def plain_text(attachment: Any) -> str:
    """The words of an Attachment that is plain text; empty for any other."""
    if text_at(attachment, "contentType").split(";")[0].strip().casefold() != _PLAIN:
        return ""
    try:
        data = base64.b64decode(text_at(attachment, "data"), validate=False)
    except (binascii.Error, ValueError):
        return ""
    return decode_text(data).replace("\x00", "").strip()[:_MOST_CHARACTERS]
