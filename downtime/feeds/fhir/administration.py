"""FHIR Patient, Encounter and Location to records.

What these leave out is 'not said': they meet what other feeds say of the same person, stay or bed.
An encounter's key is its visit number (identifier of type VN), else its id: what else it is known by
may be the number of an episode, which it shares with others. Only a
Location that is a bed or a ward (physicalType or form `bd`, `wa`) is a place Downtime keeps; a bed
whose ward comes in another document is put together when records are settled.
"""

from typing import Any

from downtime.clinical import model
from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import BedStatus, EncounterClass, EncounterStatus, Gender
from downtime.feeds import times
from downtime.feeds.fhir import statuses
from downtime.feeds.fhir.data_types import (
    all_codes,
    concept_text,
    concept_texts,
    element_at,
    elements_at,
    extension_values,
    first_code,
    text_at,
    texts_at,
)
from downtime.feeds.fhir.identifiers import has_damaged_nhs_number, nhs_number_status
from downtime.feeds.fhir.mappings import note_without_patient, register_reader
from downtime.feeds.fhir.periods import (
    choose_address,
    choose_phone,
    human_name,
    is_current,
    is_past,
)
from downtime.feeds.fhir.resource_reader import Resource, ResourceReader
from downtime.feeds.hl7.codes import BED_STATES
from downtime.feeds.model import LINKS, Change, FindingKind, Operation, Value, bed_key
from downtime.feeds.named_resources import is_reference_text, reference_text
from downtime.feeds.profiles import CodeTable

_GENDERS = frozenset(Gender)
_CLASSES = {
    "IMP": EncounterClass.INPATIENT,
    "ACUTE": EncounterClass.INPATIENT,
    "NONAC": EncounterClass.INPATIENT,
    "OBSENC": EncounterClass.INPATIENT,
    "I": EncounterClass.INPATIENT,
    "INPATIENT": EncounterClass.INPATIENT,
    "EMER": EncounterClass.EMERGENCY,
    "E": EncounterClass.EMERGENCY,
    "EMERGENCY": EncounterClass.EMERGENCY,
    "AMB": EncounterClass.OUTPATIENT,
    "O": EncounterClass.OUTPATIENT,
    "OUTPATIENT": EncounterClass.OUTPATIENT,
    "AMBULATORY": EncounterClass.OUTPATIENT,
    "VR": EncounterClass.OUTPATIENT,
    "VIRTUAL": EncounterClass.OUTPATIENT,
    "HH": EncounterClass.OUTPATIENT,
    "HOME": EncounterClass.OUTPATIENT,
    "FLD": EncounterClass.OUTPATIENT,
    "FIELD": EncounterClass.OUTPATIENT,
    "SS": EncounterClass.DAYCASE,
    "DAYTIME": EncounterClass.DAYCASE,
    "PRENC": "",
}
"""v3 ActEncounterCode, the words of DSTU2 and the letters of HL7 v2; PRENC is pre-admission."""
_OUTPATIENT_LETTER = "O"
_RESPONSIBLE = frozenset({"ATND", "PPRF", "CON"})
_PLACED = ("active", "")
_PLANNED_END = ("plannedEndDate", "ExpectedDischargeDate", "expected-discharge-date")
"""Ends of extensions in which R4 servers carry what R5 calls `plannedEndDate`."""
_MOST_PARENTS = 6
"""How far up a Location is followed; no hospital nests deeper, and a circle ends here."""


@register_reader(model.Patient)
def read_patient(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Patient: the person, and a merge when it says that another took its place."""
    if has_damaged_nhs_number(resource):
        reason = "an NHS number does not pass its check: it is not used"
        reader.note(FindingKind.NUMBER_DAMAGED, resource, "identifier", reason)
    numbers = reader.identifiers(resource)
    if not numbers:
        reason = "it has neither an identifier that holds nor an id: it is not used"
        reader.note(FindingKind.PATIENT_WITHOUT_NUMBER, resource, "identifier", reason)
        return []
    fields = reader.context.identity_fields(numbers) | _person_fields(reader, resource)
    if "nhs_number" in fields and (status := nhs_number_status(resource)):
        fields["nhs_number_status"] = status
    merges = []
    for link in elements_at(resource, "link"):
        other = reader.patient(element_at(link, "other"), resource)
        if text_at(link, "type") == "replaced-by" and other:
            merges.append(_read_merge(reader, resource, other, numbers))
        elif text_at(link, "type") == "replaces" and other:
            merges.append(_read_merge(reader, resource, numbers, other))
    fields[LINKS] = tuple(merge.key for merge in merges)
    return [reader.change(resource, "Patient", "", numbers, fields), *merges]


def _read_merge(
    reader: ResourceReader,
    resource: Resource,
    surviving: tuple[Identifier, ...],
    merged: tuple[Identifier, ...],
) -> Change:
    return Change(
        type="Patient",
        source=reader.source(resource, "Patient"),
        key=f"{surviving[0]}|{(merged or surviving)[0]}",
        patient=surviving,
        event=reader.updated(resource),
        sent=reader.sent or reader.modified,
        operation=Operation.MERGE,
        merged=tuple(number for number in merged if number not in surviving),
        position=reader.position,
    )


def _person_fields(reader: ResourceReader, resource: Resource) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    now, zone = reader.now, reader.context.zone
    if "name" in resource:
        names = human_name(resource["name"], now, zone)
        fields["family"], fields["given"], fields["prefix"] = names
    if born := text_at(resource, "birthDate"):
        fields["birth_date"], fields["birth_date_text"] = times.parse_date(born, zone), born
        if not fields["birth_date"]:
            reason = "a date of birth that cannot be read"
            reader.note(FindingKind.TIME_UNREADABLE, resource, "birthDate", reason)
    if gender := text_at(resource, "gender"):
        fields["gender"] = _read_gender(reader, resource, gender)
    died = text_at(resource, "deceasedDateTime")
    died_at = reader.parse_time(died)
    if died and not died_at:
        reason = "a time of death that cannot be read: it is said that they died"
        reader.note(FindingKind.TIME_UNREADABLE, resource, "deceasedDateTime", reason)
        died_at = "true"
    if died_at or isinstance(resource.get("deceasedBoolean"), bool):
        fields["deceased"] = died_at or ("true" if resource.get("deceasedBoolean") else "")
    if any(elements_at(resource, "address")):
        home = choose_address(resource, now, zone)
        parts = [*texts_at(home, "line"), text_at(home, "city"), text_at(home, "district")]
        fields["address"] = ", ".join(p for p in parts if p) or text_at(home, "text")
        fields["postcode"] = text_at(home, "postalCode")
    if any(elements_at(resource, "telecom")):
        fields["phone"] = choose_phone(resource, now, zone)
    for doctor in elements_at(resource, "generalPractitioner"):
        if name := reader.name_of(doctor, resource):
            fields.setdefault("general_practitioner", name)
    return fields


def _read_gender(reader: ResourceReader, resource: Resource, gender: str) -> str:
    if gender in _GENDERS:
        return gender
    if meaning := reader.context.meaning(CodeTable.GENDER, gender):
        return meaning
    reader.note(FindingKind.UNKNOWN_CODE, resource, "gender", "a gender that is none of FHIR's")
    return Gender.UNKNOWN


@register_reader(model.Encounter)
def read_encounter(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Encounter: a stay, and where the patient is in it."""
    numbers = reader.patient(element_at(resource, "subject"), resource)
    if not numbers:
        note_without_patient(reader, resource, "subject")
        return []
    services = (concept_text(item) or reader.name_of(item, resource)
                for item in elements_at(resource, "serviceType"))  # fmt: skip
    values = {
        "visit_number": reader.business_identifier(resource, "VN"),
        "status": _read_status(reader, resource),
        "specialty": next(filter(None, services), ""),
        "reason": _reasons(resource),
        "consultant": _attending_doctor(reader, resource),
    }
    fields: dict[str, Value] = {name: value for name, value in values.items() if value}
    _add_times(reader, resource, fields)
    fields.update(_current_place(reader, resource, str(values["status"])))
    bed = fields.get("bed", "")
    if kind := _read_class(reader, resource, bool(bed) and not is_reference_text(bed)):
        fields["kind"] = kind
    key = encounter_key(reader, resource)
    return [reader.change(resource, "Encounter", key, numbers, fields)]


def _read_status(reader: ResourceReader, resource: Resource) -> str:
    """The status; a stay whose period has ended is over, whatever its status says.

    One that ended before it began did neither: its status is believed.
    """
    status = reader.status(resource, statuses.ENCOUNTER)
    period = element_at(resource, "period") or element_at(resource, "actualPeriod")
    has_ended = is_past(text_at(period, "end"), reader.now, reader.context.zone)
    if has_ended and _ends_before_start(reader, period):
        reader.note(
            FindingKind.TIME_UNREADABLE, resource, "period", "its end lies before its start"
        )
    elif has_ended and status in (EncounterStatus.IN_PROGRESS, EncounterStatus.PLANNED):
        reason = "its period has ended, and its status says that it has not: it counts as over"
        reader.note(FindingKind.UNKNOWN_STATUS, resource, "status", reason)
        return EncounterStatus.FINISHED
    return status


def _ends_before_start(reader: ResourceReader, period: Any) -> bool:
    started, ended = (reader.parse_time(text_at(period, name)) for name in ("start", "end"))
    return bool(ended) and ended < started[: len(ended)]


def encounter_key(reader: ResourceReader, resource: Resource) -> str:
    """The key of an Encounter: its visit number, as HL7 v2 messages have it, else its id."""
    return reader.typed_identifier(resource, "VN") or reader.key_of(resource)


def _reasons(resource: Resource) -> str:
    """R4 `reasonCode`; R5 `reason` with its `value`; STU3 `reason` itself."""
    reasons = list(elements_at(resource, "reason"))
    values = [value for reason in reasons for value in elements_at(reason, "value")]
    texts = [concept_texts(resource, "reasonCode"), *map(concept_text, [*values, *reasons])]
    return ", ".join(dict.fromkeys(filter(None, texts)))


def _add_times(reader: ResourceReader, resource: Resource, fields: dict[str, Value]) -> None:
    """Start and end; an end that is still to come is an expected one."""
    period = element_at(resource, "period") or element_at(resource, "actualPeriod")
    reader.add_time(fields, "started", text_at(period, "start"))
    end, expected = text_at(period, "end"), text_at(resource, "plannedEndDate")
    for name in _PLANNED_END:
        for extension in extension_values(resource, name):
            expected = expected or text_at(extension, "valueDateTime")
            expected = expected or text_at(extension, "valueDate")
    if is_past(end, reader.now, reader.context.zone):
        if not _ends_before_start(reader, period):
            reader.add_time(fields, "ended", end)
    else:
        expected = end or expected
    if time := reader.parse_time(expected):
        fields["expected_end"] = time


def _read_class(reader: ResourceReader, resource: Resource, has_bed: bool) -> str:
    """R4 a Coding, R5 a list of concepts. Who lies in a bed is no outpatient where classes say so."""
    items = list(elements_at(resource, "class"))
    code = next((c for item in items if (c := text_at(item, "code") or first_code(item))), "")
    code = code or next((t for item in items if (t := concept_text(item))), "")
    kind = reader.context.meaning(CodeTable.PATIENT_CLASS, code) or _CLASSES.get(code.upper())
    if code and kind is None:
        reason = "a class of stay that is not known: name it in the profile's patient_class"
        reader.note(FindingKind.UNKNOWN_CODE, resource, "class", reason)
    bed_classes = {letter.upper() for letter in reader.context.profile.bed_classes}
    lies_in_bed = has_bed and bool({code.upper(), _OUTPATIENT_LETTER} & bed_classes)
    if kind == EncounterClass.OUTPATIENT and lies_in_bed:
        return EncounterClass.INPATIENT
    return kind or ""


def _attending_doctor(reader: ResourceReader, resource: Resource) -> str:
    """Who is responsible now; of several whose time is over the last one."""
    people = elements_at(resource, "participant")
    doctors = [item for item in people if all_codes(item, "type") & _RESPONSIBLE]
    now, zone = reader.now, reader.context.zone
    current = [doctor for doctor in doctors if is_current(doctor, now, zone)]
    for doctor in [*current, *doctors[::-1]]:
        person = element_at(doctor, "individual") or element_at(doctor, "actor")
        if name := reader.name_of(person, resource):
            return name
    return ""


def _current_place(reader: ResourceReader, resource: Resource, status: str) -> dict[str, Value]:
    """Ward, bay and bed of the location that holds, said as a whole: nowhere, when none does.

    Of a stay that is over, the last one is where it was.
    """
    places = list(elements_at(resource, "location"))
    holding = [place for place in places if _holds(reader, place)]
    if status in (EncounterStatus.FINISHED, EncounterStatus.CANCELLED):
        holding = holding or places
    holding.sort(key=lambda place: text_at(place, "period", "start"))
    for place in reversed(holding):
        if fields := _read_place(reader, place, resource):
            return fields
    return {"ward": "", "bay": "", "bed": ""} if places and not holding else {}


def _holds(reader: ResourceReader, place: Any) -> bool:
    return text_at(place, "status") in _PLACED and is_current(
        place, reader.now, reader.context.zone
    )


def _read_place(reader: ResourceReader, place: Any, resource: Resource) -> dict[str, Value]:
    reference = element_at(place, "location")
    display = text_at(reference, "display")
    location = reader.resolve(reference, resource)
    ward, _, bay, bed = find_ward_and_bed(reader, location)
    address = reader.address_of(reference, resource, "Location")
    if ward or not address:
        ward = ward or display
        return {"ward": ward, "bay": bay, "bed": bed} if ward or bed else {}
    waiting = reference_text(address)
    return {"ward": reference_text(address, display), "bay": waiting, "bed": waiting}


def location_kind(location: Resource) -> str:
    """`bd`, `ro`, `wa` …: R4 `physicalType`, R5 `form`."""
    codes = all_codes(location, "physicalType") | all_codes(location, "form")
    return next((code for code in ("bd", "ro", "wa") if code in codes), "")


def find_ward_and_bed(reader: ResourceReader, location: Resource) -> tuple[str, str, str, str]:
    """Ward, the ward's name, bay and bed, going up from a Location to what it is part of."""
    labels = {"wa": "", "ro": "", "bd": ""}
    ward_name = ""
    for _ in range(_MOST_PARENTS):
        kind = location_kind(location)
        if kind:
            name = text_at(location, "name")
            labels[kind] = (reader.business_identifier(location) if kind == "wa" else "") or name
            ward_name = name if kind == "wa" else ward_name
        location = reader.resolve(element_at(location, "partOf"), location)
    return labels["wa"], ward_name, labels["ro"], labels["bd"]


@register_reader(model.Location)
def read_location(reader: ResourceReader, resource: Resource) -> list[Change]:
    """Location: a bed, or a ward without its beds; one whose ward is elsewhere waits for it."""
    if location_kind(resource) not in ("bd", "wa"):
        return []
    ward, ward_name, bay, bed = find_ward_and_bed(reader, resource)
    if not ward:
        return []
    values = {"ward": ward, "ward_name": ward_name, "bay": bay, "bed": bed}
    fields: dict[str, Value] = {name: text for name, text in values.items() if text}
    fields.update(bed_fields(resource))
    return [reader.change(resource, "Location", bed_key(ward, bay, bed), (), fields)]


def bed_fields(location: Resource) -> dict[str, Value]:
    """State and note of a bed, as far as they are said."""
    state = BED_STATES.get(text_at(location, "operationalStatus", "code").upper())
    if text_at(location, "status") in ("suspended", "inactive"):
        state = state or BedStatus.CLOSED
    values = {"status": state, "note": text_at(location, "description")}
    return {name: value for name, value in values.items() if value}
