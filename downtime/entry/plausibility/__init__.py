"""Plausibility: what keyed answers say held against outage, patient, ward and what is usual."""
