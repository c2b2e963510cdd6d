"""The hospital had one event not been recorded: what its correction is checked against."""

from functools import cached_property

from downtime.clinical.model import Patient
from downtime.outage.events.hospital_now import HospitalNow
from downtime.outage.events.model import EventThread
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault


class HospitalWithout(HospitalNow):
    """What staff say of where people are, but for one event; whom it registered is a person still."""

    def __init__(self, vault: Vault, snapshot: Snapshot | None, root: str) -> None:
        super().__init__(vault, snapshot)
        self._recorded, self._root = HospitalNow(vault, snapshot), root

    @cached_property
    def movements(self) -> list[EventThread]:
        """All but that one."""
        return [thread for thread in self._recorded.movements if thread.root != self._root]

    def find_person(self, patient_id: str) -> Patient | None:
        """Also whom that event registered: later events may be about them."""
        return self._recorded.find_person(patient_id)
