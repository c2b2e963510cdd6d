"""Where those are whose paper is out, and who they are in the copy in use.

Unknown is not gone: whose system did not say where they are keeps their pages. A patient who was merged,
or whom an earlier copy knew by another id, is the same one; two people whom the copy holds are never one,
whatever number they share.
"""

from collections import defaultdict
from functools import cached_property

from downtime.clinical.model import Encounter
from downtime.paper.model import IssuedForm, Subject, make_subject
from downtime.paper.packs.print_context import PrintContext
from downtime.paper.store import people_on_paper


class Whereabouts:
    """Of everybody for whom paper was printed."""

    def __init__(self, context: PrintContext) -> None:
        self._context = context

    def list_ids(self, subject: Subject) -> set[str]:
        """The ids under which paper was printed for somebody of this copy, their own among them."""
        birth = subject.birth_date
        named = [
            *self._unknown["mrn", subject.mrn, birth],
            *self._unknown["nhs_number", subject.nhs_number, birth],
        ]
        earlier_ids = {id_ for id_, mrn in named if not (mrn and subject.mrn) or mrn == subject.mrn}
        return {subject.patient} | self._known[subject.patient] | earlier_ids

    def has_left(self, form: IssuedForm) -> bool:
        """Whether the patient of a form is on its ward no more, as staff or the systems say.

        Who lay on no ward when it was printed has left none by being on one now.
        """
        stay = self.find_stay(form)
        if stay is not None:
            return bool(stay.ward and form.ward) and stay.ward != form.ward
        return self.is_gone(form)

    def is_gone(self, form: IssuedForm) -> bool:
        """Whether the patient of a form is in hospital no more, as staff or the systems say."""
        stays = self._context.view.snapshot.find_availability(Encounter.__name__)
        is_said = self._find_id(form) in self._context.hospital.changes or stays.is_known
        return is_said and self.find_stay(form) is None

    def word_bed(self, form: IssuedForm) -> str:
        """In which bed the patient of a form is, with the ward where it is not the form's; empty if not known."""
        stay = self.find_stay(form)
        if stay is None:
            return "Left" if form.ward and self.is_gone(form) else ""
        if stay.ward == form.ward:
            return stay.bed
        place = f"{stay.ward} {stay.bed}".strip()
        return f"now {place}" if self.has_left(form) else place

    def find_stay(self, form: IssuedForm) -> Encounter | None:
        """Where the patient of a form is; None for who is in no ward, or is not known."""
        return self._context.hospital.find_stay(self._find_id(form))

    def _find_id(self, form: IssuedForm) -> str:
        """The id by which this copy knows whom a form was printed for; the form's own where it knows nobody."""
        if person := self._context.hospital.find_person(form.patient):
            return person.id
        rows = self._context.hospital.list_stays(form.ward) if form.ward else []
        subjects = (make_subject(row.patient) for row in rows)
        return next((s.patient for s in subjects if form.patient in self.list_ids(s)), form.patient)

    @cached_property
    def _known(self) -> defaultdict[str, set[str]]:
        """By the id of somebody in this copy, the ids on paper that are theirs."""
        known = defaultdict[str, set[str]](set)
        for id_, _, _, _ in self._people:
            if person := self._context.hospital.find_person(id_):
                known[person.id].add(id_)
        return known

    @cached_property
    def _unknown(self) -> defaultdict[tuple[str, str, str], list[tuple[str, str]]]:
        """By number and birth, the ids on paper that this copy does not hold, each with its hospital number."""
        known = set[str]().union(*self._known.values())
        unknown = defaultdict[tuple[str, str, str], list[tuple[str, str]]](list)
        for id_, mrn, nhs_number, birth in self._people:
            for kind, number in (("mrn", mrn), ("nhs_number", nhs_number)):
                if number and id_ not in known:
                    unknown[kind, number, birth].append((id_, mrn))
        return unknown

    @cached_property
    def _people(self) -> set[tuple[str, ...]]:
        db, is_drill = self._context.vault.db, self._context.is_drill
        return people_on_paper.fetch_people(db, drill=is_drill)
