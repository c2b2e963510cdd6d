"""The records supervisors settle who is who, decide and return; the leads look for harm and sign."""

from contextlib import closing
from dataclasses import dataclass

from downtime.demo.staff import WHY, Staff
from downtime.outage.model import Outage
from downtime.reconcile import decide_item, find_items
from downtime.reconcile.harm import review
from downtime.reconcile.harm.model import FindingKind
from downtime.reconcile.identity import link_person
from downtime.reconcile.identity.model import Link
from downtime.reconcile.identity.unidentified import (
    PersonState,
    UnidentifiedPerson,
    list_unidentified,
)
from downtime.reconcile.model import Decision, ItemState, StoredItem
from downtime.returns.model import Lead
from downtime.returns.rekey import rekey_lines, tick_line
from downtime.returns.statement import sign_statement
from downtime.returns.statement.completeness_statement import Statement
from downtime.settings import Settings
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class RecordsSupervisors:
    """Those who decide, at the laptop that holds the recovered snapshot."""

    vault: Vault
    settings: Settings
    staff: Staff

    def link_people(self, outage: Outage) -> tuple[int, int]:
        """Two people agree who somebody with a number is; how many were linked, and left open."""
        people = [
            u
            for u in list_unidentified(self.vault, self.settings, outage)
            if u.state == PersonState.TO_LINK
        ]
        linked = sum(self._link(outage, person) for person in people)
        return linked, len(people) - linked

    def link_first_and_propose_next(self, outage: Outage) -> tuple[int, int]:
        """One person is linked, and a second supervisor has yet to agree to the next."""
        people = [
            u
            for u in list_unidentified(self.vault, self.settings, outage)
            if u.state == PersonState.TO_LINK
        ]
        linked = sum(self._link(outage, person) for person in people[:1])
        proposals = (self._propose(outage, person) for person in people[1:])
        return linked, int(any(link is not None for link in proposals))

    def _link(self, outage: Outage, person: UnidentifiedPerson) -> bool:
        link = self._propose(outage, person)
        if link is None:
            return False
        second, reason = self.staff.actors["records2"], "Asked the ward as well"
        link_person.confirm_for_person(
            self.vault, self.settings, outage, person.ref, link.id, second, reason
        )
        return True

    def _propose(self, outage: Outage, person: UnidentifiedPerson) -> Link | None:
        with closing(link_person.open_recovered_snapshot(self.vault, outage)) as snapshot:
            candidates = link_person.find_candidates_for(snapshot, self.settings, person).candidates
        if not candidates or not candidates[0].is_numbered:
            return None
        return link_person.propose_for_person(
            self.vault, self.settings, outage, person.ref, candidates[0].person.id,
            self.staff.actors["records"],
            "The NHS number agrees, and the patient confirms name and birthday",
        )  # fmt: skip

    def decide_all(self, outage: Outage) -> tuple[int, int]:
        """Every open item as a careful supervisor would; how many, and how many by two people."""
        return self._decide(self._list_undecided(outage))

    def decide_half(self, outage: Outage) -> tuple[int, int]:
        """Every second open item, alone: how many are decided, and how many wait for a second person."""
        chosen = self._list_undecided(outage)[::2]
        proposed = 0
        for row in chosen:
            decision, reason = _choose_decision(row)
            first = self.staff.actors["records"]
            done = decide_item.decide_item(self.vault, row.key, decision, first, reason)
            proposed += done.is_open
        return len(chosen) - proposed, proposed

    def _list_undecided(self, outage: Outage) -> list[StoredItem]:
        return [row for row in find_items.list_items(self.vault, outage.id) if row.is_open]

    def _decide(self, undecided: list[StoredItem]) -> tuple[int, int]:
        for row in undecided:
            decision, reason = _choose_decision(row)
            first = self.staff.actors["records"]
            done = decide_item.decide_item(self.vault, row.key, decision, first, reason)
            if done.is_open:  # the rule asks for a second person
                second = self.staff.actors["records2"]
                decide_item.decide_item(self.vault, row.key, decision, second, "Agreed")
        return len(undecided), sum(row.item.needs_second_person for row in undecided)

    def look_for_harm(self) -> tuple[int, int]:
        """Requests without a result that are explained, and findings that a clinician reviews."""
        findings = [row.finding for row in review.list_findings(self.vault) if row.is_open]
        waiting = [finding.key for finding in findings if finding.kind == FindingKind.WAITING]
        others = [finding.key for finding in findings if finding.kind != FindingKind.WAITING]
        if waiting:
            review.record_explanation(
                self.vault, waiting, "taken-again", WHY, self.staff.actors["site"]
            )
        if others:
            note = "Right result acted on within the hour"
            review.record_review(self.vault, others, "low", note, self.staff.actors["site"])
        return len(waiting), len(others)

    def tick_worklists(self, outage: Outage) -> int:
        """Key by hand what no message carries, and tick it off; how many lines."""
        open_lines = [
            line for line in rekey_lines.list_lines(self.vault, outage.id) if line.tick is None
        ]
        for line in open_lines:
            control_id = line.message.control_id
            system_number = f"DEMO{control_id}"  # one for each line: two patients never share one
            tick_line.tick_line(self.vault, control_id, system_number, self.staff.actors["clerk"])
        return len(open_lines)

    def sign(self) -> Statement:
        """Three leads sign the same facts; the statement with their signatures."""
        signed = [
            sign_statement.sign_statement(
                self.vault,
                self.settings,
                lead,
                self.staff.actors[username],
                self.staff.confirm(self.vault, self.settings, username),
                WHY,
            )
            for lead, username in (
                (Lead.WARD, "nurse"),
                (Lead.RECORDS, "records"),
                (Lead.SAFETY, "site"),
            )
        ]
        return signed[-1]


def _choose_decision(row: StoredItem) -> tuple[Decision, str]:
    if row.item.state == ItemState.CONFLICT:
        return Decision.RESOLVED, "Given to clinical review; the live record is right"
    if Decision.RETURN in row.allowed:
        return Decision.RETURN, "On paper only; the system that owns it shall have it"
    return Decision.LEAVE, "The live record is newer, or the patient is not registered yet"
