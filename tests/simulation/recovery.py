"""The recovery after a simulated month: hand over, key, settle, compare, decide, send, state."""

import re
import shutil
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from downtime.accounts.confirm_person import PasswordProof
from downtime.clock import to_text
from downtime.demo.form_answers import local
from downtime.entry import duplicate_entries, open_form, retire_forms
from downtime.entry.facts import PaperPerson
from downtime.entry.model import EntryChoice
from downtime.outage import outages
from downtime.paper import ledger, move_form
from downtime.reconcile import decide_in_bulk
from downtime.reconcile.compare import run_comparison as comparison
from downtime.reconcile.harm import review
from downtime.reconcile.harm.model import FindingKind
from downtime.reconcile.identity import links
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import Decision, ItemFilter, ItemState
from downtime.returns import outbox, send_messages
from downtime.returns.model import MessageState
from downtime.returns.statement import completeness_statement, sign_statement
from downtime.returns.statement.completeness_statement import Statement
from downtime.returns.store import outbox_messages as outbox_store
from downtime.snapshot import local_snapshots
from downtime.sync import excuse_laptop
from downtime.sync.export_bundle import export_bundle
from downtime.sync.merge_bundle import merge_bundle
from tests.simulation import faults
from tests.simulation import paper as month_paper
from tests.simulation.clerks import Written, key_paper
from tests.simulation.machines import WHY, Machine, publish_to
from tests.simulation.model import CLOCK_ERRORS, SYSTEMS, Simulation

EMPTY = ("held", "open")
NEW, DROPPED, DUPLICATE = ("new", "returned"), ("unmatched", "leave"), ("conflict", "leave")
"""What becomes of what a paper says: of somebody known, of somebody in no system, and twice."""
_ORDER = re.compile(rb"\rORC\|\w\w\|([^|^]+)")
"""The number of a request in a message (ORC-2)."""
BUNDLES_MERGED_AGAIN = 10
"""Papers at most that are keyed both on a laptop and at the station."""


def hand_over(s: Simulation) -> None:
    """Half-way, the laptops hand over; one of them is stolen after that."""
    s.clock.now = s.month.begin + timedelta(days=14)
    for laptop in s.fleet.laptops[:-1]:
        _carry(s, laptop)
    faults.put_back(s, s.fleet.laptops[0])
    for paper in _choose_keyed_on_two(s):
        s.clerks.enter(paper)


def end(s: Simulation) -> None:
    """The systems are back. On the laptops some papers were keyed, declared lost or void."""
    s.clock.now = s.month.end - timedelta(hours=1)
    for laptop in s.reporting:
        _work_on(s, laptop)
    s.clock.now = s.month.end
    for machine in (s.fleet.station, *s.reporting):
        outages.mark_restored(machine.vault, SYSTEMS, machine.actor, "Restored and checked")
    s.truth.ended = to_text(s.month.end + max(CLOCK_ERRORS))


def hand_over_again(s: Simulation) -> None:
    """All hand over again, in any order, some twice; what is not awaited is said so."""
    s.clock.now += timedelta(hours=1)
    carried = [*s.reporting, *s.reporting[:2]]
    s.dice("order").shuffle(carried)
    for laptop in carried:
        _carry(s, laptop)
    station, site = s.fleet.station, s.fleet.staff["site"]
    for gone, reason in (
        (s.lost, "Stolen; what it held at half-way was handed over"),
        (s.never, "Never found; its paper was destroyed unused"),
    ):
        excuse_laptop.excuse_laptop(station.vault, gone.code, site, reason)
    s.truth.laptops = {one.code: "reported" for one in s.fleet.laptops[:-1]}
    s.truth.laptops[s.never.code] = "never"


def _carry(s: Simulation, laptop: Machine) -> None:
    station = s.fleet.station
    sealed = export_bundle(laptop.vault, laptop.settings, station.code, laptop.actor, WHY)
    merge_bundle(station.vault, station.settings, sealed.data, s.fleet.staff["records"], WHY)


def _of(s: Simulation, laptop: Machine) -> list[Written]:
    return [paper for paper in s.written if paper.sheet.serial.startswith(laptop.code)]


def _choose_keyed_on_two(s: Simulation) -> list[Written]:
    """Papers that are keyed at the station although a laptop keys them too."""
    keyed = [paper for laptop in s.reporting for paper in _of(s, laptop)[::20]]
    today = local(s.clock.now)[:10]
    return [p for p in keyed if p.answers["event.date"] < today and not p.sheet.ahead][
        :BUNDLES_MERGED_AGAIN
    ]


def _work_on(s: Simulation, laptop: Machine) -> None:
    """One paper in twenty is keyed on the laptop; half of those lost or spoilt are said so there."""
    for paper in _of(s, laptop)[::20]:
        key_paper(laptop, paper, laptop.actor)
        paper.sheet.fate, paper.sheet.entered = "returned", True
    sheets = [x for x in s.truth.sheets.values() if x.serial.startswith(laptop.code)]
    for sheet in [x for x in sheets if x.fate in ("lost", "void")][::2]:
        _declare(laptop, sheet.serial, sheet.fate)


def _declare(machine: Machine, serial: str, fate: str) -> None:
    mark = retire_forms.mark_lost if fate == "lost" else retire_forms.void_form
    mark(machine.vault, serial, machine.actor, "Searched for" if fate == "lost" else "Spoilt")


def account(s: Simulation) -> None:
    """The station declares what else was lost or spoilt, and settles what was keyed twice."""
    station = s.fleet.station
    for sheet in s.truth.sheets.values():
        if sheet.fate in ("lost", "void"):
            form = ledger.get_form(station.vault, sheet.serial)
            if form.state != sheet.fate:
                _declare(station, sheet.serial, sheet.fate)
    for pair in duplicate_entries.find_duplicate_entries(station.vault.db):
        duplicate_entries.settle_duplicate_entry(
            station.vault, station.settings, pair.serial, pair.elsewhere.device, EntryChoice.LOCAL,
            s.fleet.staff["records"], "Keyed at the station first",
        )  # fmt: skip


def enter(s: Simulation) -> None:
    """The clerks key, key again, compare, correct and file every paper."""
    station = s.fleet.station
    for paper in s.written:
        if paper.sheet.filed:
            continue
        if paper.sheet.entered:
            s.clerks.see_through(paper, open_form.get_entry(station.vault, paper.sheet.serial))
        else:
            s.clerks.enter(paper)
    faults.enter_empty_forms(s)
    for sheet in s.notes:
        move_form.mark_returned(station.vault, sheet.serial, s.fleet.staff["clerk"])
        s.clerks.file(sheet)


def settle(s: Simulation) -> None:
    """The recovered hospital is loaded; of each laptop's strangers one is found, one wrongly so."""
    s.clock.now = s.month.end + timedelta(hours=10)
    begin, delay = s.month.begin, s.month.end - s.month.begin
    for without in ("lims", ""):
        publish_to(
            s.fleet, (s.fleet.station,), s.folder, s.seed, "after", begin, delay,
            change=partial(_take_away, without=without),
        )  # fmt: skip
        if without:
            faults.compare_without_laboratory(s)
            s.clock.now += timedelta(hours=1)
    known = {item for paper in s.written for item in month_paper.items(paper)}
    s.truth.items = dict.fromkeys(known, NEW)
    for paper in s.mistaken:
        s.truth.items |= dict.fromkeys(month_paper.items(paper), faults.CONFLICT)
    s.truth.items |= {f"{sheet.serial}-form": EMPTY for sheet, _ in s.empties}
    s.truth.empty, s.truth.wrong_numbers = len(s.empties), len(s.mistaken)
    for number, key in enumerate(s.strangers):
        if number % 3 < 2:
            _link(s, key, number, undo=number % 3 == 1)
        if number % 3:
            s.truth.nobody.add(key)
            for paper in s.strangers[key]:
                s.truth.items |= dict.fromkeys(month_paper.items(paper), DROPPED)
    _note_twice(s)


def _take_away(feeds: Path, *, without: str) -> None:
    """What one system sends is not there yet; the twin is known after the outage as before."""
    if without:
        shutil.rmtree(feeds / without)
    faults.add_twin(feeds)


def _note_twice(s: Simulation) -> None:
    """What two papers of one patient ask for, once it is known whose each paper is."""
    for paper in s.written:
        if paper.sheet.patient and paper.sheet.form == month_paper.REQUESTED:
            taken = datetime.fromisoformat(paper.answers["collected"])
            s.truth.asked += [
                (taken, paper.sheet.patient, test, paper.sheet.serial)
                for test in month_paper.tests(paper)
            ]
    s.truth.items |= dict.fromkeys(s.truth.list_requested_twice(), DUPLICATE)


def _link(s: Simulation, key: str, number: int, *, undo: bool) -> None:
    """Two people agree who somebody is; `undo`: a third finds that they were wrong."""
    station, staff = s.fleet.station, s.fleet.staff
    outage = find_latest_outage(station.vault).id
    recovered = local_snapshots.open_current_snapshot(station.vault)
    try:
        patient = recovered.list_inpatients()[number].patient
    finally:
        recovered.close()
    answers = s.strangers[key][0].answers
    paper = PaperPerson(downtime_number=key, birth_date=answers["patient.born"])
    person = PaperPerson(id=patient.id, mrn=patient.mrn, nhs_number=patient.nhs_number)
    link = links.propose_link(
        station.vault, outage, key, local_snapshots.get_current_id(station.vault), person, [paper],
        staff["clerk2"], "Photograph and scar agree",
    )  # fmt: skip
    links.confirm_link(
        station.vault, station.settings, link.key, link.id, staff["clerk3"], "Asked the family",
        [staff["clerk"].id],
    )  # fmt: skip
    if undo:
        links.undo_link(
            station.vault, link.key, link.id, staff["records"], "Somebody else after all"
        )
    else:
        for written in s.strangers[key]:
            written.sheet.patient = patient.id
    s.truth.links["undone" if undo else "confirmed"] += 1


def compare(s: Simulation) -> None:
    """All is compared and decided; what waited for a result at the beginning is explained."""
    station, staff = s.fleet.station, s.fleet.staff
    comparison.run_comparison(station.vault, station.settings, staff["records"], WHY)
    _decide(s, ItemState.NEW, Decision.RETURN, "On paper only")
    _decide(s, ItemState.UNMATCHED, Decision.LEAVE, "In no system")
    _decide(s, ItemState.CONFLICT, Decision.LEAVE, "Written twice")
    review.run_review(station.vault, station.settings, staff["records"], WHY)
    waiting = [
        r.finding.key
        for r in review.list_findings(station.vault, kind=FindingKind.WAITING)
        if r.is_open
    ]
    if waiting:
        review.record_explanation(station.vault, waiting, "taken-again", WHY, staff["site"])


def _decide(s: Simulation, state_: str, decision: str, reason: str) -> None:
    """Decide in bulk; where the rule asks for a second person, one confirms."""
    vault, wanted = s.fleet.station.vault, ItemFilter(state=state_)
    outage = find_latest_outage(vault).id
    settings = s.fleet.station.settings
    for who in (s.fleet.staff["records"], s.fleet.staff["site"]):
        after = ""
        while True:
            page = decide_in_bulk.preview_bulk_decision(
                vault, settings, outage, wanted, decision, who, after=after
            )
            if page.rows:
                decide_in_bulk.apply_bulk_decision(
                    vault, outage, wanted, decision, page.versions, who, reason
                )
            if not page.next_after:
                break
            after = page.next_after


def send(s: Simulation) -> None:
    """What was decided is sent; a person settles what a receiver refuses, until nothing waits."""
    station, records = s.fleet.station, s.fleet.staff["records"]
    for system in SYSTEMS:
        while True:
            send_messages.send_messages(
                station.vault, station.settings, system, records, pause=lambda _: True
            )
            refused = list(
                outbox_store.list_messages(
                    station.vault.db, system=system, state=MessageState.REFUSED
                )
            )
            for message in refused:
                outbox.resolve_message(station.vault, message.control_id, records, "Keyed by hand")
            if not refused:
                break
    contents = (text for one in s.receivers.values() for text in one.received.values())
    s.truth.orders = {order.decode() for text in contents for order in _ORDER.findall(text)}
    fates = {"acknowledged": "acknowledged", "refused": "settled"}
    s.truth.messages = {
        control: (receiver.system, fates[answer])
        for receiver in s.receivers.values()
        for control, answer in receiver.answers.items()
    }


def state(s: Simulation) -> Statement:
    """Three leads sign what is stated."""
    station, staff = s.fleet.station, s.fleet.staff
    for lead, username in (("ward", "nurse"), ("records", "records"), ("safety", "site")):
        signer = staff[username]
        just_now = PasswordProof(signer.id, station.vault.clock())
        sign_statement.sign_statement(station.vault, station.settings, lead, signer, just_now, WHY)
    return completeness_statement.gather_statement(station.vault, station.settings)
