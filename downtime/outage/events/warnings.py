"""What a person has to see before an event is saved: namesakes, an occupied bed, who has left."""

from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clinical.model import Encounter, Patient
from downtime.errors import ConflictError
from downtime.outage.events.hospital_now import HospitalNow
from downtime.outage.events.kinds import EVENT_ROWS, NEWBORN, UNKNOWN
from downtime.outage.events.model import Event, EventKind
from downtime.outage.events.registered_people import name_person
from downtime.outage.events.row_types import EventRow
from downtime.settings import Settings


class EventWarnings:
    """Sentences about one event to be; none means that it can be saved at once."""

    def __init__(
        self, hospital: HospitalNow, settings: Settings, sees: Callable[[str], bool]
    ) -> None:
        self._hospital, self._sees = hospital, sees
        self._zone = ZoneInfo(settings.site.time_zone)

    def list_warnings(
        self, row: EventRow, patient: str, answers: Mapping[str, str], happened: str
    ) -> tuple[str, ...]:
        """ConflictError for what cannot be at all."""
        self._check_is_alive(row, patient, happened)
        if row.kind == EventKind.ARRIVAL:
            return (
                *self._warn_of_namesakes(answers),
                *self._warn_of_earlier(patient, happened),
                *self._warn_of_bed(patient, answers),
            )
        if not row.places:
            return ()
        return (*self._warn_of_state(row, patient, happened), *self._warn_of_bed(patient, answers))

    def _check_is_alive(self, row: EventRow, patient: str, happened: str) -> None:
        change = self._hospital.changes.get(patient)
        if (
            row.places
            and change
            and change.event.kind == EventKind.DEATH
            and change.event.happened <= happened
        ):
            raise ConflictError(
                "event.died",
                f"This patient is recorded as having died ({self._word(change.event)}).",
                "If that is wrong, withdraw it first.",
            )

    def _warn_of_state(self, row: EventRow, patient: str, happened: str) -> Iterator[str]:
        change = self._hospital.changes.get(patient)
        if change and change.event.happened > happened:
            yield f"Something later is recorded already: {self._word(change.event)}."
        elif change and change.stay is None and row.kind != EventKind.ADMISSION:
            yield f"This patient has left: {self._word(change.event)}."
        stay = self._hospital.find_stay(patient)
        if row.kind == EventKind.ADMISSION and stay:
            place = display.format_place(stay.ward, stay.bay, stay.bed)
            yield f"This patient is in hospital already: {place}. Record a move instead."
        elif stay and change is None and stay.updated > happened:
            updated = display.format_moment(stay.updated, self._zone)
            yield f"{stay.source} says something newer of this stay ({updated}): the board will go by that."

    def _warn_of_earlier(self, patient: str, happened: str) -> Iterator[str]:
        """An arrival that is corrected to a later time would stand over what was done since."""
        change = self._hospital.changes.get(patient)
        if change and change.event.happened <= happened:
            yield f"Something is recorded before this arrival: {self._word(change.event)}."

    def _warn_of_bed(self, patient: str, answers: Mapping[str, str]) -> Iterator[str]:
        place = answers.get("ward", ""), answers.get("bay", ""), answers.get("bed", "")
        snapshot = self._hospital.snapshot
        wards = [row.code for row in snapshot.list_wards()] if snapshot else []
        if place[0] and wards and place[0] not in wards:
            yield f"No ward {place[0]} is known: {', '.join(wards[:20])}."
        yield from self._warn_of_number(place[0], place[2])
        others = self._hospital.find_bed_neighbours(*place)
        names = "; ".join(self._name(other) for other in others if other.id != patient)
        if names:
            yield f"{display.format_place(*place)} is taken: {names}."

    def _warn_of_number(self, ward: str, bed: str) -> Iterator[str]:
        """Figures that are no bed of the ward may be the rest of a scan; a place in words is a person's."""
        rows = self._hospital.read_ward(ward).rows if ward else ()
        beds = {row.location.bed for row in rows} - {""}
        if len(bed) > 1 and bed.isdecimal() and beds and bed not in beds:
            yield f"No bed {bed} is known on {ward}."

    def _warn_of_namesakes(self, answers: Mapping[str, str]) -> Iterator[str]:
        """Who has this name, or one of these numbers: it may be the same person."""
        name = name_person(answers)
        newcomer = Patient(id="", family=name.family, given=name.given)
        namesakes = (
            [] if answers["identity"] == UNKNOWN else self._hospital.find_namesakes(newcomer)
        )
        for row in namesakes:
            place = display.format_place(*_place(row.encounter)) or "no ward"
            where = f", {place}" if self._sees(row.patient.id) else ""
            yield (
                f"Same name: {self._name(row.patient)}{where}."
                + (
                    " Tell twins apart by their given names."
                    if answers["identity"] == NEWBORN
                    else ""
                )
            )
        for number in ("nhs_number", "mrn"):
            if owner := self._find_owner(answers.get(number, "")):
                yield f"This number is known: it is that of {self._name(owner)}. Find them instead."

    def _find_owner(self, number: str) -> Patient | None:
        if not number:
            return None
        if person := self._hospital.find_by_number(number):
            return person.patient
        snapshot = self._hospital.snapshot
        return snapshot.find_patient_by_identifier(number) if snapshot else None

    def _word(self, event: Event) -> str:
        moment = display.format_moment(event.happened, self._zone)
        return f"{EVENT_ROWS[event.kind].title.lower()} at {moment}, said by {event.author_name}"

    def _name(self, patient: Patient) -> str:
        """Who it is, for whom may see them."""
        if not self._sees(patient.id):
            return "somebody whom your account does not show (Break-glass leads to them)"
        born = display.format_day(patient.birth_date) or "not recorded"
        return f"{display.format_name(patient)}, born {born}"


def _place(stay: Encounter | None) -> tuple[str, str, str]:
    return (stay.ward, stay.bay, stay.bed) if stay else ("", "", "")
