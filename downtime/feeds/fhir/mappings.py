"""Which function reads which type of resource; the functions register themselves here."""

from collections.abc import Callable

from downtime.clinical.model import Record
from downtime.feeds.fhir.data_types import element_at
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.model import Change, FindingKind, Value

ResourceMapping = Callable[[ResourceReader, Resource], list[Change]]
FieldsMapping = Callable[[ResourceReader, Resource], dict[str, Value]]
RESOURCE_MAPPINGS: dict[str, ResourceMapping] = {}
"""Resource type to the function that reads it; `register_reader` and `register_field_reader` put it here."""


def register_reader(
    record: type[Record], *other_types: str
) -> Callable[[ResourceMapping], ResourceMapping]:
    """Marks the function that reads the FHIR resources of one type of record, and of other types."""

    def register(mapping: ResourceMapping) -> ResourceMapping:
        for resource_type in (record.__name__, *other_types):
            RESOURCE_MAPPINGS[resource_type] = mapping
        return mapping

    return register


def register_field_reader(
    record: type[Record],
    *other_types: str,
    patient: str = "subject",
    key: Callable[[ResourceReader, Resource], str] = ResourceReader.key_of,
) -> Callable[[FieldsMapping], FieldsMapping]:
    """Marks the function that gives the fields of one record of a patient.

    `patient` is the element that refers to the person; a resource of nobody gives no record.
    """

    def register(mapping: FieldsMapping) -> FieldsMapping:
        def read(reader: ResourceReader, resource: Resource) -> list[Change]:
            numbers = reader.patient(element_at(resource, patient), resource)
            if not numbers:
                note_without_patient(reader, resource, patient)
                return []
            fields = mapping(reader, resource)
            return [
                reader.change(resource, record.__name__, key(reader, resource), numbers, fields)
            ]

        register_reader(record, *other_types)(read)
        return mapping

    return register


def note_without_patient(reader: ResourceReader, resource: Resource, element: str) -> None:
    """Says that a resource is about nobody who can be told apart."""
    reader.note(
        FindingKind.RECORD_WITHOUT_PATIENT, resource, element, "it names no patient: it is not used"
    )
