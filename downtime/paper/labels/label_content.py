"""What labels say: of a patient, as a wristband, of a box of blank forms. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from downtime.clinical import display
from downtime.clinical.identifiers import find_downtime_number
from downtime.clinical.model import Patient
from downtime.paper.forms.model import FormDefinition
from downtime.paper.labels import gs1_codes
from downtime.paper.labels.label_design import LabelDesign, LabelRow
from downtime.paper.layout.model import DRILL
from downtime.paper.packs import snapshot_pages
from downtime.paper.serials import format_serial
from downtime.settings import SiteSettings
from downtime.snapshot.model import PatientRow

NOT_FOR_TUBES = "Not for transfusion sample tubes"
NOT_FOR_TUBES_SHORT = "Not for transfusion tubes"
NOT_FOR_CARE = f"{DRILL}: not for care"


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Where and when a label is printed; `printed` is the time as it stands on it."""

    site: SiteSettings
    today: date
    printed: str
    drill: bool


def patient_label(source: LabelSource, row: PatientRow, serial: str) -> LabelDesign:
    """Name, born, gender, NHS number, in this order and form (CUI PAB-0016, 0034, 0049)."""
    person, drill = row.patient, source.drill
    name, gender = display.format_name(person), display.format_gender(person)
    born = f"Born {display.format_birth(person, source.today)}  {gender}"
    nhs = display.format_nhs_number(person.nhs_number)
    number = f"NHS No. {nhs or display.NOT_RECORDED}"
    mrn = _local_number(source.site, person)
    place = snapshot_pages.format_location(row.encounter)
    return LabelDesign(
        top=(LabelRow(name, 12, 7, True), LabelRow(born, 10, 5)),
        rows_beside_code=(
            LabelRow(number, 11, 5, True),
            LabelRow(mrn, 10, 4.5, True),
            LabelRow(f"{DRILL}  {place}" if drill else place, 8.5, 4, drill, needed=False),
            LabelRow(NOT_FOR_TUBES, 6.5, 3, needed=False),
            LabelRow(f"{source.printed}  {format_serial(serial)}", 6.5, 3, needed=False),
        ),
        middle=(
            LabelRow(name, 9, 6, True),
            LabelRow(born, 8, 3.4),
            LabelRow(number, 9, 3.7, True),
            LabelRow(mrn, 8, 3.3, True),
            LabelRow(NOT_FOR_CARE if drill else NOT_FOR_TUBES_SHORT, 6.5, 2.8, needed=False),
        ),
        tiny=(
            person.family.upper() or "UNKNOWN",
            person.given,
            display.format_day(person.birth_date) or display.NOT_RECORDED,
            nhs or _own_number(person) or display.NOT_RECORDED,
        ),
        code=_code(source, person),
    )


def wristband_label(source: LabelSource, row: PatientRow, serial: str) -> LabelDesign:
    """Last name in capitals, first name, date of birth, NHS number 3-3-4 or blank when unverified.

    Source: DSCN 04/2009 and DCB1077. The hospital number stands below, as it does in the code.
    """
    person = row.patient
    name = ", ".join(filter(None, (person.family.upper() or "UNKNOWN SURNAME", person.given)))
    born = display.format_day(person.birth_date) or display.NOT_RECORDED
    return LabelDesign(
        top=(LabelRow(name, 14, 9, True), LabelRow(f"Born {born}", 12, 6, True)),
        rows_beside_code=(
            LabelRow(f"NHS No. {display.format_nhs_number(person.nhs_number)}", 12, 5.5, True),
            LabelRow(_local_number(source.site, person), 10, 5),
            LabelRow(NOT_FOR_CARE if source.drill else "", 6.5, 3, True, needed=False),
            LabelRow(f"{source.printed}  {format_serial(serial)}", 6.5, 3, needed=False),
        ),
        code=_code(source, person),
    )


class BirthOrder(NamedTuple):
    """Which of how many babies of one birth."""

    order: int
    babies: int

    @property
    def label(self) -> str:
        """`TWIN 1 of 2`; empty for one baby."""
        if self.babies == 1:
            return ""
        name = _SIBLINGS.get(self.babies, "BABY")
        return f"{name} {self.order} of {self.babies}"


_SIBLINGS = {2: "TWIN", 3: "TRIPLET"}


def newborn_band(
    source: LabelSource, row: PatientRow, mother: Patient, birth: BirthOrder, serial: str
) -> LabelDesign:
    """As `wristband_label`, with which baby it is and its mother; numbers are the baby's own.

    Babies of one birth have one surname, one day and often no given name: 'Twin 1' stands largest.
    """
    baby = row.patient
    family = baby.family.upper() or "UNKNOWN SURNAME"
    name = ", ".join((family, baby.given or "Baby"))
    born = display.format_day(baby.birth_date) or display.NOT_RECORDED
    gender = display.format_gender(baby)
    return LabelDesign(
        top=(
            LabelRow(birth.label, 15, 6.5 if birth.label else 0, True),
            LabelRow(name, 12, 5.5, True),
            LabelRow(f"Born {born}  {gender}", 10.5, 4.5, True),
            LabelRow(f"Mother: {display.format_name(mother)}", 8, 3.5),
        ),
        rows_beside_code=(
            LabelRow(f"NHS No. {display.format_nhs_number(baby.nhs_number)}", 10.5, 4.5, True),
            LabelRow(_local_number(source.site, baby), 9.5, 4.0),
            LabelRow(NOT_FOR_CARE if source.drill else "", 6.5, 2.5, True, needed=False),
            LabelRow(f"{source.printed}  {format_serial(serial)}", 6, 2.5, needed=False),
        ),
        code=_code(source, baby),
    )


def specimen_label(
    source: LabelSource, row: PatientRow, tube: str, tests: str, serial: str
) -> LabelDesign:
    """Name, born and numbers as `patient_label`; tube and tests in the site's words; room for the time."""
    person, drill = row.patient, source.drill
    name = display.format_name(person)
    born = f"Born {display.format_birth(person, source.today)}  {display.format_gender(person)}"
    nhs = display.format_nhs_number(person.nhs_number)
    number = f"NHS No. {nhs or display.NOT_RECORDED}"
    mrn = _local_number(source.site, person)
    note = NOT_FOR_CARE if drill else NOT_FOR_TUBES_SHORT
    return LabelDesign(
        top=(LabelRow(name, 11, 5.5, True), LabelRow(born, 9.5, 4.2)),
        rows_beside_code=(
            LabelRow(number, 10, 4.2, True),
            LabelRow(mrn, 9.5, 4.0, True),
            LabelRow(tube, 9.5, 4.2, True),
            LabelRow(tests, 7, 3, needed=False),
            LabelRow("Taken at:              by:", 7, 3.4),
            LabelRow(note, 6.5, 2.8, needed=False),
            LabelRow(f"{source.printed}  {format_serial(serial)}", 6, 2.6, needed=False),
        ),
        middle=(
            LabelRow(name, 8.5, 5.6, True),
            LabelRow(born, 7.5, 3.3),
            LabelRow(f"{nhs or display.NOT_RECORDED}  {_own_number(person)}", 8, 3.5, True),
            LabelRow(tube, 8, 3.5, True),
            LabelRow(note, 6.5, 2.8, needed=False),
        ),
        code=_code(source, person),
    )


def handwritten_label(row: PatientRow) -> LabelDesign:
    """In place of a label on which the name does not fit: where the patient lies, and what to do."""
    location = snapshot_pages.format_location(row.encounter)
    instruction = "The name is too long for this label: write it by hand."
    return LabelDesign(
        top=(LabelRow(location, 12, 10, True, False),),
        rows_beside_code=(LabelRow(instruction, 9, 16, needed=False),),
        middle=(LabelRow(location, 9, 6, True, False), LabelRow(instruction, 8, 12, needed=False)),
        tiny=(row.encounter.bed if row.encounter else "", "By hand"),
    )


def stock_label(source: LabelSource, form: FormDefinition, serial: str) -> LabelDesign:
    """Title, purpose and version of the blanks in a box."""
    version = f"Version {form.version}, {form.name}"
    printed = f"{source.printed}  {format_serial(serial)}"
    return LabelDesign(
        top=(LabelRow(form.title, 13, 9, True, False), LabelRow(form.purpose, 8, 8, needed=False)),
        rows_beside_code=(
            LabelRow(version, 8.5, 4.5, needed=False),
            LabelRow("Blank stock: each sheet has a serial number", 7, 3.5, needed=False),
            LabelRow(source.site.name, 7, 3.5, needed=False),
            LabelRow(printed, 6.5, 3, needed=False),
        ),
        middle=(
            LabelRow(form.title, 10, 10, True, False),
            LabelRow(version, 7, 4.6, needed=False),
            LabelRow(printed, 6.5, 4.6, needed=False),
        ),
    )


def _own_number(person: Patient) -> str:
    """The hospital number, else the downtime number of somebody whom no system knows."""
    return person.mrn or find_downtime_number(person.identifiers)


def _local_number(site: SiteSettings, person: Patient) -> str:
    """`Hospital No. 1000001`, or `Downtime No. DK700042X`."""
    number = _own_number(person)
    name = site.mrn_name if person.mrn or not number else "Downtime No."
    return f"{name} {number or display.NOT_RECORDED}"


def _code(source: LabelSource, patient: Patient) -> str:
    site = source.site
    number = _own_number(patient)
    return gs1_codes.gs1_content(site.gs1_prefix, patient.nhs_number, site.code, number)
