"""FHIR R4: transaction bundles, and REST to post them with."""
