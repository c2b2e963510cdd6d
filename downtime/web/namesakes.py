"""The same-name alert: who else in the hospital now is called like the person, or people, on the screen."""

from collections.abc import Iterable

from downtime.accounts.model import Permission
from downtime.clinical.model import Patient
from downtime.entry.facts import PaperPerson
from downtime.paper.model import Subject
from downtime.snapshot.model import PatientRow
from downtime.snapshot.search_terms import name_key
from downtime.web import request_context
from downtime.web.access_control import has_permission


def find_namesakes_shown(person: Patient | PaperPerson | Subject) -> list[PatientRow]:
    """Others in hospital now with the same name; nobody where none may be shown."""
    if not person.family or not has_permission(Permission.PATIENT_VIEW):
        return []
    key = person.patient if isinstance(person, Subject) else person.id
    named = Patient(id=key, family=person.family, given=person.given)
    hospital = request_context.hospital_now()
    return [row for row in hospital.find_namesakes(named) if not _is_same(row.patient, person)]


def list_same_names(people: Iterable[Patient]) -> set[str]:
    """Ids of those on a list whose name another one on it, or another one in hospital, has too."""
    name_by_id = {person.id: name_key(person) for person in people if person.family}
    hospital = request_context.hospital_now()
    ids_by_name = (
        hospital.snapshot.list_ids_by_name(name_by_id.values()) if hospital.snapshot else {}
    )
    registered = (row.patient for row in hospital.registered.values())
    for key, name in (*((p.id, name_key(p)) for p in registered), *name_by_id.items()):
        ids_by_name.setdefault(name, set()).add(key)
    return {key for key, name in name_by_id.items() if len(ids_by_name[name]) > 1}


def _is_same(patient: Patient, person: Patient | PaperPerson | Subject) -> bool:
    """Whether it is the person themself, whom paper knows by number alone."""
    return bool(person.mrn and person.mrn == patient.mrn) or bool(
        person.nhs_number and person.nhs_number == patient.nhs_number
    )
