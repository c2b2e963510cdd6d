"""The records clerks key what was written, twice where it is critical or in the sample, and account for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass

from downtime.demo.plan import Paper
from downtime.demo.staff import Staff
from downtime.entry import double_keying, file_form, keying, open_form, retire_forms, verify_entry
from downtime.entry.facts import PERSON_CHECK, PersonCheck
from downtime.entry.model import Entry, Task
from downtime.paper import ledger, move_form
from downtime.paper.forms.load_form import load_form
from downtime.paper.forms.model import KeyingPolicy
from downtime.paper.model import FormState
from downtime.settings import Settings
from downtime.vault.vault import Vault

UNUSED = "Not used during the outage; destroyed on the ward"
_WAITING = 4
"""Papers that wait at each of two steps while the recovery is under way."""
_MISREAD, _FIELD = "phoned-only", "value:1"
"""The part of the plan, and the field, that the first clerk misreads."""


@dataclass(slots=True)
class RecordsClerks:
    """One clerk keys, another keys again or compares, the supervisor decides between them."""

    vault: Vault
    settings: Settings
    staff: Staff
    keyed: int = 0
    """Forms of which somebody has keyed the fields, whatever else they wait for."""
    waiting_for_second: int = 0
    """Those of them that wait for a second keying."""
    filed: int = 0
    double_keyed: int = 0
    """Forms of which two people keyed fields, neither seeing the other's."""
    disputed: int = 0
    compared: int = 0
    """Forms that a second person laid beside the paper."""

    def key_all(self, papers: Mapping[str, Paper]) -> None:
        """Key these papers, see each form through until it is verified, and file it."""
        for serial, paper in papers.items():
            if load_form(paper.form).policy == KeyingPolicy.SCAN:
                move_form.mark_returned(self.vault, serial, self.staff.actors["clerk"])
                self.filed += 1
            else:
                self._key(serial, paper)
                self.keyed += 1
            file_form.file_form(self.vault, self.settings, serial, self.staff.actors["clerk2"])

    def key_some(self) -> None:
        """The same as far as they have come: some papers wait, a few at each of two steps."""
        papers, clerk = self.staff.written, self.staff.actors["clerk"]
        keyed_once = [serial for serial in papers if self._has_critical_fields(serial)][-_WAITING:]
        returned = [serial for serial in papers if serial not in keyed_once][-_WAITING:]
        for serial in returned:
            move_form.mark_returned(self.vault, serial, clerk)
        for serial in keyed_once:
            answers = self._check_person(serial, papers[serial].answers)
            keying.submit_entry(self.vault, self.settings, serial, answers, clerk)
        self.keyed += len(keyed_once)
        self.waiting_for_second = len(keyed_once)
        waiting = {*returned, *keyed_once}
        self.key_all({serial: papers[serial] for serial in papers if serial not in waiting})

    def _check_person(self, serial: str, answers: Mapping[str, str]) -> dict[str, str]:
        """What is keyed of a paper: it is about whom it was printed for, where that is anybody."""
        form = open_form.open_form(self.vault, serial, self.settings)
        check = {PERSON_CHECK: PersonCheck.SAME} if form.identity_known else {}
        return {**check, **answers}

    def _has_critical_fields(self, serial: str) -> bool:
        return bool(open_form.open_form(self.vault, serial, self.settings).critical_keys)

    def _key(self, serial: str, paper: Paper) -> None:
        read = self._check_person(serial, paper.answers)
        if paper.part == _MISREAD:
            read[_FIELD] += read[_FIELD][-1]
        clerk = self.staff.actors["clerk"]
        entry = keying.submit_entry(self.vault, self.settings, serial, read, clerk)
        steps = {
            Task.KEY_AGAIN: self._key_second_time,
            Task.ADJUDICATE: self._adjudicate,
            Task.COMPARE: self._compare,
        }
        while entry.waits:
            entry = steps[entry.waits](serial, paper)

    def _key_second_time(self, serial: str, paper: Paper) -> Entry:
        self.double_keyed += 1
        asked = open_form.open_form(self.vault, serial, self.settings).second_keys
        answers = {key: text for key, text in paper.answers.items() if key in asked}
        second = self.staff.actors["clerk2"]
        return double_keying.submit_second_keying(
            self.vault, self.settings, serial, answers, second
        )

    def _adjudicate(self, serial: str, paper: Paper) -> Entry:
        self.disputed += 1
        third, reason = self.staff.actors["records2"], "As it stands on the paper"
        return double_keying.adjudicate_entry(
            self.vault, self.settings, serial, paper.answers, third, reason
        )

    def _compare(self, serial: str, _: Paper) -> Entry:
        self.compared += 1
        return verify_entry.verify_entry(self.vault, serial, self.staff.actors["clerk2"])

    def account_for_unreturned(self, outage: str) -> tuple[int, int]:
        """One form was lost on its way; all the others were never written on."""
        unreturned = [form.serial for form in ledger.list_missing(self.vault, outage)]
        site = self.staff.actors["site"]
        lost = "Not found after a search of the ward"
        retire_forms.mark_lost(self.vault, unreturned[0], site, lost)
        unused = unreturned[1:]
        shown = retire_forms.preview_retirement(self.vault, unused, FormState.VOID).version
        voided = retire_forms.retire_forms(
            self.vault, unused, FormState.VOID, site, UNUSED, shown=shown
        )
        return len(voided.serials), 1
