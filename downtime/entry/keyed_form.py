"""An issued form beside what was keyed from it, and the base of the facts it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from downtime.entry.facts import PERSON_CHECK, Fact, PaperPerson, PersonCheck
from downtime.entry.model import Entry
from downtime.paper.forms.model import FormDefinition, FormItem, KeyingPolicy
from downtime.paper.model import IssuedForm

NOT_KEYED = ("patient.location", "patient.allergies")
"""Printed in the identity block for the ward; whoever keys does not need them."""
NUMBERS = ("patient.mrn", "patient.nhs", "patient.downtime-number")
"""What brings up a person."""


@dataclass(frozen=True, slots=True)
class KeyedForm:
    """A form as a screen shows it for keying: who it is for, its fields as printed, its entry."""

    issued: IssuedForm
    definition: FormDefinition
    entry: Entry | None
    last_save: str = ""
    """The mark of its last save, by whatever page."""
    typists: frozenset[str] = frozenset()
    """Ids of people who typed an earlier version of the entry."""
    names_other: bool = False
    """Whether the paper names somebody else than it was printed for: then they are keyed."""

    @property
    def answers(self) -> Mapping[str, str]:
        """What has been keyed so far."""
        return self.entry.answers if self.entry else {}

    def was_saved_last_by(self, page_id: str) -> bool:
        """Whether this page was the last to keep the form; it may have finished it."""
        return bool(page_id) and self.last_save.rpartition(":")[0] == page_id

    @property
    def identity_known(self) -> bool:
        """Whether the form was printed for a patient of the snapshot: then nobody keys who it is."""
        return bool(self.issued.subject.patient)

    @property
    def identity(self) -> list[FormItem]:
        """The identity block, where neither print nor the form's own fields say who it is about.

        Numbers come first: they bring up the person, who is then checked rather than typed.
        """
        is_known = self.identity_known and not self.names_other
        if is_known or self.asks_identity:
            return []
        items = [item for item in self.definition.identity if item.link_id not in NOT_KEYED]
        return sorted(items, key=lambda item: item.link_id not in NUMBERS)

    @property
    def asks_identity(self) -> bool:
        """Whether the form's own fields say who it is about."""
        return any(item.maps.startswith("Patient.") for item in self.definition.fields())

    @property
    def keyed_items(self) -> list[FormItem]:
        """Every field that is keyed, in the order of the screen."""
        return [i for i in (*self.identity, *self.definition.fields()) if i.keyed]

    @property
    def critical_keys(self) -> list[str]:
        """The fields that a second person keys blind; none of a form that is filed as a picture.

        Of an empty form only those that were keyed all the same, which stand in its sample.
        """
        if self.definition.policy == KeyingPolicy.SCAN or (self.entry and self.entry.emptiness):
            return []
        return [key for item in self.keyed_items if item.critical for key in item.answer_keys()]

    @property
    def second_keys(self) -> list[str]:
        """What a second person keys without seeing the first: critical fields, and those of the sample.

        Not what the scanner read in their stead.
        """
        wanted = {*self.critical_keys, *(self.entry.sample_keys if self.entry else ())}
        wanted -= self.entry.second_reading.keys() if self.entry else set()
        return [key for item in self.keyed_items for key in item.answer_keys() if key in wanted]

    @property
    def compared_keys(self) -> list[str]:
        """What is keyed twice, by two people or by one beside the scanner's reading."""
        compared = {*self.second_keys, *(self.entry.second_reading if self.entry else ())}
        return [key for item in self.keyed_items for key in item.answer_keys() if key in compared]

    @property
    def asks_for_person(self) -> bool:
        """Whether a second person keys who it is about, and so must not see who it was printed for."""
        items = {key: item for item in self.keyed_items for key in item.answer_keys()}
        return any(
            items[key].maps.startswith("Patient.") or key.startswith("patient.")
            for key in self.second_keys
        )


def with_person_check(form: KeyedForm, answers: Mapping[str, str]) -> KeyedForm:
    """The form as these answers have it: about the person it was printed for, or about another."""
    differs = answers.get(PERSON_CHECK) == PersonCheck.DIFFERS
    return replace(form, names_other=form.identity_known and differs)


def printed_person(issued: IssuedForm) -> PaperPerson:
    """The person on the form as it was printed; a blank has a downtime number or nothing."""
    subject = issued.subject
    return PaperPerson(
        id=subject.patient,
        mrn=subject.mrn,
        nhs_number=subject.nhs_number,
        downtime_number=subject.downtime_number,
        family=subject.family,
        given=subject.given,
        prefix=subject.prefix,
        birth_date=subject.birth_date,
        gender=subject.gender,
    )


def make_base_fact(issued: IssuedForm, entry: Entry) -> Fact:
    """What all facts of one form share."""
    return Fact(
        key=entry.serial,
        type="",
        system="",
        form=entry.form,
        serial=entry.serial,
        ward=issued.ward,
        person=printed_person(issued),
        event=entry.event,
        entered=entry.entered,
        author=entry.author,
        author_role=entry.author_role,
        transcriber=entry.transcriber,
    )
