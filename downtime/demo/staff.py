"""The demonstration's people: they sign in, write on paper, key it, check it, decide and sign."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import orjson

from downtime.accounts import people
from downtime.accounts.people import Credentials
from downtime.demo.plan import Paper
from downtime.entry import entries
from downtime.errors import NotFoundError
from downtime.outage import outages
from downtime.paper import ledger
from downtime.paper.definitions.definition import definition
from downtime.paper.issue import Issued
from downtime.paper.packs import pack
from downtime.reconcile import decide
from downtime.reconcile.harm import review
from downtime.reconcile.harm.findings import WAITING
from downtime.reconcile.states import CONFLICT, LEAVE, RESOLVED, RETURN
from downtime.reconcile.store import ItemRow
from downtime.returns.statement import signing
from downtime.returns.statement.statement import Statement
from downtime.settings import Settings
from downtime.snapshot.store import Snapshot
from downtime.vault import device
from downtime.vault.audit import Actor
from downtime.vault.files import write_atomic
from downtime.vault.vault import Vault

ACCOUNTS = "accounts.json"
WHY = "Demonstration"
UNUSED = "Not used during the outage; destroyed on the ward"

PEOPLE = (
    ("nurse", "Blessing Eze", "ward"),
    ("site", "Siobhán Duffy", "site"),
    ("clerk", "Marek Kowalski", "records-clerk"),
    ("clerk2", "Farah Aziz", "records-clerk"),
    ("records", "Owen Pritchard", "records-supervisor"),
    ("records2", "Gwen Harries", "records-supervisor"),
    ("admin", "Ngozi Adeyemi", "administrator"),
    ("auditor", "Ruth Lindqvist", "auditor"),
)


@dataclass(slots=True)
class Staff:
    """Who does what, and the forms they have written on: serial to answers."""

    actors: dict[str, Actor]
    written: dict[str, Paper] = field(default_factory=dict)
    _sets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def arrive(cls, vault: Vault, settings: Settings, installer: Actor, folder: Path) -> Self:
        """Make their accounts; passwords and second factors go to a file in `folder`."""
        code, actors, accounts = device.code(vault.home), {}, []
        for username, name, role in PEOPLE:
            password = people.new_password()
            made = people.create(
                vault, settings, username, name, role, password, installer, WHY, initial=False
            )
            actors[username] = made.person.actor(code)
            accounts.append(_account(made, password))
        content = orjson.dumps(accounts, option=orjson.OPT_INDENT_2)
        write_atomic(folder / ACCOUNTS, content)
        return cls(actors)

    def write(
        self, vault: Vault, snapshot: Snapshot, settings: Settings, papers: Sequence[Paper]
    ) -> None:
        """Take the right form for each paper of the plan, and write on it."""
        for paper in papers:
            form = self._form(vault, snapshot, settings, paper)
            self.written[form.serial] = paper

    def _form(self, vault: Vault, snapshot: Snapshot, settings: Settings, paper: Paper) -> Issued:
        if paper.mrn:
            return self._printed_for(vault, snapshot, settings, paper)
        return self._blank(vault, paper)

    def _printed_for(
        self, vault: Vault, snapshot: Snapshot, settings: Settings, paper: Paper
    ) -> Issued:
        """A form from the pack; one that is not in it is printed at the moment."""
        patient = snapshot.exact(paper.mrn)
        if patient is None:
            raise NotFoundError("demo.patient", "The plan names nobody.", "Report this.")
        if found := self._unused(ledger.of_patient(vault, patient.id), paper.form):
            return found
        pack.patient_pack(
            vault,
            snapshot,
            settings,
            patient.id,
            [paper.form],
            self.actors["nurse"],
            WHY,
            io.BytesIO(),
        )
        found = self._unused(ledger.of_patient(vault, patient.id), paper.form)
        if found is None:
            raise NotFoundError("demo.form", "The form was not printed.", "Report this.")
        return found

    def _blank(self, vault: Vault, paper: Paper) -> Issued:
        """A blank from the set of spares that this person's downtime number stands on."""
        outage = outages.current(vault)
        spares = ledger.missing(vault, outage.id if outage else "", paper.ward)
        number = self._sets.get(paper.person, "")
        for form in spares:
            subject = form.subject
            if form.form != paper.form or subject.patient or form.serial in self.written:
                continue
            if subject.downtime_number == number or (
                not number and subject.downtime_number not in self._sets.values()
            ):
                self._sets[paper.person] = subject.downtime_number
                return form
        raise NotFoundError("demo.blank", "The ward has no blank left.", "Print more spares.")

    def _unused(self, forms: Sequence[Issued], name: str) -> Issued | None:
        free = (f for f in forms if f.form == name and f.serial not in self.written)
        return next(free, None)

    def key(self, vault: Vault, settings: Settings) -> tuple[int, int]:
        """Key what was written, have it checked, file it; how many were keyed, and only filed."""
        keyed = filed = 0
        for serial, paper in self.written.items():
            if definition(paper.form).policy == "scan":
                ledger.returned(vault, serial, self.actors["clerk"])
                filed += 1
            else:
                entries.submit(vault, settings, serial, paper.answers, self.actors["clerk"])
                entries.verify(vault, serial, self.actors["clerk2"])
                keyed += 1
            entries.file_away(vault, serial, self.actors["clerk2"])
        return keyed, filed

    def account_for_the_rest(self, vault: Vault, outage: str) -> tuple[int, int]:
        """One form was lost on its way; all the others were never written on."""
        rest = [form.serial for form in ledger.missing(vault, outage)]
        ledger.lost(vault, rest[0], self.actors["site"], "Not found after a search of the ward")
        unused = ledger.void_unused(vault, rest[1:], self.actors["site"], UNUSED)
        return unused, 1

    def decide(self, vault: Vault, outage: str) -> int:
        """Decide every open item as a careful supervisor would; how many."""
        undecided = [row for row in decide.items(vault, outage) if row.is_open]
        for row in undecided:
            decision, reason = _judgement(row)
            done = decide.decide(vault, row.key, decision, self.actors["records"], reason)
            if done.is_open:  # the rule asks for a second person
                decide.decide(vault, row.key, decision, self.actors["records2"], "Agreed")
        return len(undecided)

    def look_for_harm(self, vault: Vault) -> int:
        """Say what came of everything that must not stay open; how many findings."""
        found = [row for row in review.rows(vault) if row.is_open]
        waiting = [row.finding.key for row in found if row.finding.kind == WAITING]
        others = [row.finding.key for row in found if row.finding.kind != WAITING]
        if waiting:
            review.explain(vault, waiting, "taken-again", WHY, self.actors["records"])
        if others:
            note = "Right result acted on within the hour"
            review.review(vault, others, "low", note, self.actors["site"])
        return len(found)

    def sign(self, vault: Vault, settings: Settings) -> Statement:
        """Three leads sign the same facts; the statement with their signatures."""
        signed = [
            signing.sign(vault, settings, lead, self.actors[username], WHY)
            for lead, username in (("ward", "nurse"), ("records", "records"), ("safety", "site"))
        ]
        return signed[-1]


def _judgement(row: ItemRow) -> tuple[str, str]:
    if row.item.state == CONFLICT:
        return RESOLVED, "Given to clinical review; the live record is right"
    if RETURN in row.allowed:
        return RETURN, "On paper only; the system that owns it shall have it"
    return LEAVE, "The live record is newer, or the patient is not registered yet"


def _account(made: Credentials, password: str) -> dict[str, str]:
    return {
        "username": made.person.username,
        "name": made.person.name,
        "role": made.person.role,
        "password": password,
        "one_time_code_secret": made.totp_secret,
    }
