"""FHIR R4 in JSON: documents to resources, resources to changes of records."""
