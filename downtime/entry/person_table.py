"""A person as six cells of a table for people: the same on every list that leaves the program."""

from downtime.clinical import display
from downtime.clinical.identifiers import is_nhs_number
from downtime.entry.facts import PaperPerson

PERSON_COLUMNS = ("Surname", "Given names", "Born", "NHS No.", "Hospital No.", "Downtime No.")


def person_cells(person: PaperPerson) -> list[str]:
    """What stands under HEAD; an NHS number that is none stays out."""
    nhs = person.nhs_number
    return [
        person.family,
        person.given,
        display.format_day(person.birth_date),
        display.format_nhs_number(nhs) if is_nhs_number(nhs) else "",
        person.mrn,
        person.downtime_number,
    ]
