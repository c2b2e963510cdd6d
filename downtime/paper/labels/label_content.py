"""What labels say: of a patient, as a wristband, of a box of blank forms. Pure."""

from dataclasses import dataclass
from datetime import date

from downtime.clinical import display
from downtime.clinical.model import Patient
from downtime.paper.forms.model import FormDefinition
from downtime.paper.labels import gs1_codes
from downtime.paper.labels.label_design import Face, Row
from downtime.paper.packs import snapshot_pages
from downtime.paper.serials import format_serial
from downtime.pdf.drawing import DRILL
from downtime.settings import SiteSettings
from downtime.snapshot.model import PatientRow

NOT_FOR_TUBES = "Not for transfusion sample tubes"
NOT_FOR_TUBES_SHORT = "Not for transfusion tubes"
NOT_FOR_CARE = f"{DRILL}: not for care"


@dataclass(frozen=True, slots=True)
class Source:
    """Where and when a label is printed; `printed` is the time as it stands on it."""

    site: SiteSettings
    today: date
    printed: str
    drill: bool


def patient(source: Source, row: PatientRow, serial: str) -> Face:
    """Name, born, gender, NHS number, in this order and form (CUI PAB-0016, 0034, 0049)."""
    who, drill = row.patient, source.drill
    name, gender = display.name(who), display.gender(who)
    born = f"Born {display.born(who, source.today)}  {gender}"
    nhs = display.nhs_number(who.nhs_number)
    number = f"NHS No. {nhs or display.NOT_RECORDED}"
    mrn = f"{source.site.mrn_name} {who.mrn or display.NOT_RECORDED}"
    place = snapshot_pages.format_location(row.encounter)
    return Face(
        top=(Row(name, 12, 7, True), Row(born, 10, 5)),
        beside=(
            Row(number, 11, 5, True),
            Row(mrn, 10, 4.5, True),
            Row(f"{DRILL}  {place}" if drill else place, 8.5, 4, drill, needed=False),
            Row(NOT_FOR_TUBES, 6.5, 3, needed=False),
            Row(f"{source.printed}  {format_serial(serial)}", 6.5, 3, needed=False),
        ),
        middle=(
            Row(name, 9, 6, True),
            Row(born, 8, 3.4),
            Row(number, 9, 3.7, True),
            Row(mrn, 8, 3.3, True),
            Row(NOT_FOR_CARE if drill else NOT_FOR_TUBES_SHORT, 6.5, 2.8, needed=False),
        ),
        tiny=(
            who.family.upper() or "UNKNOWN",
            who.given,
            display.day(who.birth_date) or display.NOT_RECORDED,
            nhs or who.mrn or display.NOT_RECORDED,
        ),
        code=_code(source, who),
    )


def band(source: Source, row: PatientRow, serial: str) -> Face:
    """Last name in capitals, first name, date of birth, NHS number 3-3-4 or blank when unverified.

    Source: DSCN 04/2009 and DCB1077. The hospital number stands below, as it does in the code.
    """
    who = row.patient
    name = ", ".join(filter(None, (who.family.upper() or "UNKNOWN SURNAME", who.given)))
    born = display.day(who.birth_date) or display.NOT_RECORDED
    return Face(
        top=(Row(name, 14, 9, True), Row(f"Born {born}", 12, 6, True)),
        beside=(
            Row(f"NHS No. {display.nhs_number(who.nhs_number)}", 12, 5.5, True),
            Row(f"{source.site.mrn_name} {who.mrn or display.NOT_RECORDED}", 10, 5),
            Row(NOT_FOR_CARE if source.drill else "", 6.5, 3, True, needed=False),
            Row(f"{source.printed}  {format_serial(serial)}", 6.5, 3, needed=False),
        ),
        code=_code(source, who),
    )


def by_hand(row: PatientRow) -> Face:
    """In place of a label on which the name does not fit: where the patient lies, and what to do."""
    where = snapshot_pages.format_location(row.encounter)
    do = "The name is too long for this label: write it by hand."
    return Face(
        top=(Row(where, 12, 10, True, False),),
        beside=(Row(do, 9, 16, needed=False),),
        middle=(Row(where, 9, 6, True, False), Row(do, 8, 12, needed=False)),
        tiny=(row.encounter.bed if row.encounter else "", "By hand"),
    )


def stock(source: Source, form: FormDefinition, serial: str) -> Face:
    """Title, purpose and version of the blanks in a box."""
    version = f"Version {form.version}, {form.name}"
    printed = f"{source.printed}  {format_serial(serial)}"
    return Face(
        top=(Row(form.title, 13, 9, True, False), Row(form.purpose, 8, 8, needed=False)),
        beside=(
            Row(version, 8.5, 4.5, needed=False),
            Row("Blank stock: each sheet has a serial number", 7, 3.5, needed=False),
            Row(source.site.name, 7, 3.5, needed=False),
            Row(printed, 6.5, 3, needed=False),
        ),
        middle=(
            Row(form.title, 10, 10, True, False),
            Row(version, 7, 4.6, needed=False),
            Row(printed, 6.5, 4.6, needed=False),
        ),
    )


def _code(source: Source, who: Patient) -> str:
    site = source.site
    return gs1_codes.content(site.gs1_prefix, who.nhs_number, site.code, who.mrn)
