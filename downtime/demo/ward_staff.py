"""The wards write on paper: each paper of the plan on a form from the pack, or on a blank."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from downtime.demo.plan import Paper
from downtime.demo.staff import WHY, Staff
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.paper import ledger
from downtime.paper.model import IssuedForm
from downtime.paper.packs.patient_pack import PatientPack
from downtime.paper.packs.print_pack import print_pack
from downtime.settings import Settings
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault


@dataclass(slots=True)
class WardStaff:
    """Staff at work with the pack that was printed for them, in one outage."""

    vault: Vault
    snapshot: Snapshot
    settings: Settings
    staff: Staff
    _downtime_numbers: dict[str, str] = field(default_factory=dict)

    def write(self, papers: Sequence[Paper]) -> None:
        """Take the right form for each paper of the plan, and write on it."""
        for paper in papers:
            form = self._printed_for(paper) if paper.mrn else self._blank(paper)
            self.staff.written[form.serial] = paper

    def _printed_for(self, paper: Paper) -> IssuedForm:
        """A form from the pack; one that is not in it is printed at the moment."""
        patient = self.snapshot.find_patient_by_identifier(paper.mrn)
        if patient is None:
            raise NotFoundError("demo.patient", "The plan names nobody.", "Report this.")
        if unused := self._unused(patient.id, paper.form):
            return unused
        print_pack(self.vault, self.settings, PatientPack(patient=patient.id, forms=(paper.form,)), self.staff.actors["nurse"], WHY, io.BytesIO(), snapshot=self.snapshot)  # fmt: skip
        unused = self._unused(patient.id, paper.form)
        if unused is None:
            raise NotFoundError("demo.form", "The form was not printed.", "Report this.")
        return unused

    def _unused(self, patient: str, name: str) -> IssuedForm | None:
        forms, written = ledger.list_patient_forms(self.vault, patient), self.staff.written
        return next((f for f in forms if f.form == name and f.serial not in written), None)

    def _blank(self, paper: Paper) -> IssuedForm:
        """A blank from the set of spares that this person's downtime number stands on."""
        outage = outages.find_current(self.vault)
        spares = ledger.list_missing(self.vault, outage.id if outage else "", paper.ward)
        number = self._downtime_numbers.get(paper.person, "")
        for form in spares:
            subject = form.subject
            if form.form != paper.form or subject.patient or form.serial in self.staff.written:
                continue
            if subject.downtime_number == number or (
                not number and subject.downtime_number not in self._downtime_numbers.values()
            ):
                self._downtime_numbers[paper.person] = subject.downtime_number
                return form
        raise NotFoundError("demo.blank", "The ward has no blank left.", "Print more spares.")
