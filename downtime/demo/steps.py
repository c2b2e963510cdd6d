"""The steps of the story: the outage and its paper, then recovery, and the end of the outage."""

import io
from contextlib import closing
from datetime import timedelta

from downtime.clock import to_text
from downtime.demo.context import Story
from downtime.demo.records_clerks import RecordsClerks
from downtime.demo.records_supervisors import RecordsSupervisors
from downtime.demo.staff import ACCOUNTS, WHY
from downtime.demo.ward_staff import WardStaff
from downtime.fleet.machine_state import note_machine_state
from downtime.outage import outages
from downtime.paper import ledger
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from downtime.paper.readiness import check_readiness as rounds
from downtime.paper.readiness.model import Sighted
from downtime.paper.readiness.proof_page import ProofPage
from downtime.reconcile.compare import run_comparison as comparison
from downtime.reconcile.harm import review
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import ItemState
from downtime.returns import export_messages
from downtime.returns.queue_messages import QueueResult
from downtime.returns.statement import close_books, statement_files
from downtime.snapshot import local_snapshots
from downtime.vault import audit, checkpoint
from downtime.vault.files import replace_atomically

SYSTEMS = ("PAS", "EPR", "LIMS")
MEANS = {
    ItemState.ALREADY_THERE: "the system knows it by now",
    ItemState.NEW: "on paper only",
    ItemState.NEWER_LIVE: "the system knows something later",
    ItemState.CONFLICT: "paper and system disagree",
    ItemState.UNMATCHED: "nobody in the system is surely this patient",
    ItemState.NOT_COMPARED: "kept as a document, or told with another item",
    ItemState.NOT_RECOVERED: "its system has sent nothing since it came back",
    ItemState.ON_ANOTHER_FORM: "the same unit of blood is returned from another form",
}
"""What the states of the comparison mean, for somebody who sees them first."""


def declare_outage(story: Story) -> None:
    """The site team says which systems are down, with the snapshot that is in use."""
    site, names = story.staff.actors["site"], story.settings.systems.names
    with story.step(
        "declare", f"{', '.join(SYSTEMS)} stop answering. The site team declares an outage."
    ):
        declared = outages.declare_systems_down(
            story.laptop, SYSTEMS, site, "Ransomware", known=names
        )
        with closing(local_snapshots.open_current_snapshot(story.laptop)) as snapshot:
            waiting = len(snapshot.list_outstanding_tests())
        story.report(
            f"{declared.label}. {waiting} requests still wait for a result: the list is at hand."
        )
    story.facts["outage"] = {"id": declared.id, "systems": list(SYSTEMS), "waiting": waiting}


def check_readiness(story: Story) -> None:
    """The nurse in charge looks whether the laptop is ready, as each shift does."""
    nurse, out = story.staff.actors["nurse"], io.BytesIO()
    with story.step("readiness", "The shift looks whether the laptop is ready for an outage."):
        sighted = Sighted(sheets=2500, is_plugged_in=True)
        round_ = rounds.check_readiness(story.laptop, story.settings, sighted, nurse)
        page = print_pack(story.laptop, story.settings, ProofPage(round=round_.id), nurse, WHY, out)
        (proof,) = ledger.list_pack_forms(story.laptop, page.id)
        proved = rounds.prove_readiness(story.laptop, proof.serial, nurse)
        faults = "; ".join(check.fault for check in proved.faults)
        story.report("It is ready." if proved.is_ready else f"Not ready: {faults}")


def print_packs(story: Story) -> None:
    """One file with the packs of all wards."""
    story.clock.now += timedelta(minutes=4)
    out, nurse = story.folder / "ward-packs.pdf", story.staff.actors["nurse"]
    with (
        story.step("print", "Downtime packs are printed for every ward."),
        replace_atomically(out) as file,
    ):
        pack = print_pack(story.laptop, story.settings, WardPack(), nurse, WHY, file)
        story.report(
            f"{pack.pages} pages: lists, patient summaries, {pack.forms} forms for patients and"
            f" {pack.blank_forms} blank ones."
        )
    story.facts["pack"] = {
        "path": str(out),
        "pages": pack.pages,
        "forms": pack.forms,
        "blank_forms": pack.blank_forms,
    }


def work_on_paper(story: Story) -> None:
    """Staff write what the plan says."""
    with (
        story.step("paper", "For six hours the wards work on paper."),
        closing(local_snapshots.open_current_snapshot(story.laptop)) as snapshot,
    ):
        WardStaff(story.laptop, snapshot, story.settings, story.staff).write(story.plan.papers)
        story.report(f"{len(story.staff.written)} forms are filled in; results come by telephone.")


def end_outage(story: Story) -> None:
    """The systems come back."""
    story.clock.now = story.plan.end
    with story.step("end", "The systems are back."):
        site = story.staff.actors["site"]
        outages.mark_restored(story.laptop, SYSTEMS, site, "Restored and checked")
    story.clock.now = story.plan.after


def key_forms(story: Story) -> None:
    """The paper comes back and every form is accounted for."""
    with story.step("key", "The paper comes back. Clerks key it; nobody checks their own entry."):
        clerks = RecordsClerks(story.laptop, story.settings, story.staff)
        clerks.key_all(story.staff.written)
        unused, lost = clerks.account_for_unreturned(str(story.facts["outage"]["id"]))
        story.report(f"{clerks.keyed} forms are keyed and verified, {clerks.filed} filed as paper.")
        story.report(
            f"Fields of {clerks.double_keyed} are keyed by two people, neither seeing the other's;"
            f" {clerks.disputed} differs, and a third person decides."
        )
        story.report(f"{clerks.compared} are laid beside their paper by a second person.")
        story.report(
            f"{unused} unused forms are void; {lost} cannot be found and is declared lost."
        )
    story.facts["forms"] = {
        "keyed": clerks.keyed,
        "keyed_twice": clerks.double_keyed,
        "disputed": clerks.disputed,
        "compared": clerks.compared,
        "filed": clerks.filed,
        "void": unused,
        "lost": lost,
    }


def compare_forms(story: Story) -> int:
    """Compare, settle who is who, and compare again; how many items there are then."""
    laptop, settings, records = story.laptop, story.settings, story.staff.actors["records"]
    with story.step(
        "compare", "The paper is compared with the hospital as it was, and as it is now."
    ):
        compared = comparison.run_comparison(laptop, settings, records, WHY)
        for state, count in sorted(compared.states.items()):
            story.report(f"{count:>6}  {state:<14} {MEANS[ItemState(state)]}")
    story.facts["comparison"] = {"items": compared.items, **compared.states}
    with story.step(
        "link", "Who came on a downtime number? One person proposes, another confirms."
    ):
        linked, unknown = _supervisors(story).link_people(find_latest_outage(laptop))
        compared = comparison.run_comparison(laptop, settings, records, WHY)
        story.report(
            f"{linked} are patients of the recovered systems; {unknown} is in none of them."
        )
        unmatched = compared.states.get(ItemState.UNMATCHED, 0)
        story.report(f"Compared again: {unmatched} items have no patient.")
    story.facts["links"] = {"confirmed": linked, "unknown": unknown}
    return compared.items


def decide_items(story: Story, items: int) -> None:
    """Decide whatever is open of so many items, and look for harm."""
    with story.step(
        "decide", "The records supervisor decides each item that is open, with reasons."
    ):
        decided, by_two = _supervisors(story).decide_all(find_latest_outage(story.laptop))
        story.report(f"{decided} of {items} are decided, {by_two} of them by two people.")
    story.facts["comparison"] |= {"decided": decided, "decided_by_two": by_two}
    with story.step("harm", "What did the outage do to patients? Leads look at every finding."):
        review.run_review(story.laptop, story.settings, story.staff.actors["records"], WHY)
        explained, reviewed = _supervisors(story).look_for_harm()
        story.report(f"{explained} requests without a result are explained, {reviewed} reviewed.")
    story.facts["harm"] = {"explained": explained, "reviewed": reviewed}


def return_decisions(story: Story) -> None:
    """Messages and worklists, each item once."""
    folder = story.folder / "returns"

    def export(name: str) -> QueueResult:
        actor = story.staff.actors["records"]
        return export_messages.export_messages(story.laptop, story.settings, name, folder, actor)

    with story.step(
        "return", "What was decided goes back to the systems; a second run sends nothing."
    ):
        sent, repeated = export("hl7v2"), export("hl7v2")
        messages = [path for path in sent.files if path.suffix == ".hl7"]
        story.report(
            f"{sent.items} items in {len(messages)} HL7 messages are handed over;"
            f" the second run: {repeated.items}."
        )
        lists = export("worklist")
        ticked = _supervisors(story).tick_worklists(find_latest_outage(story.laptop))
        story.report(f"{ticked} lines that no message carries are keyed by hand and ticked off.")
    story.facts["returns"] = {
        "path": str(folder),
        "items": sent.items,
        "messages": len(messages),
        "again": repeated.items,
        "worklists": [str(path) for path in lists.files],
        "ticked": ticked,
    }


def sign_statement(story: Story) -> None:
    """Three leads sign; a complete outage is closed."""
    with story.step("statement", "The completeness statement is made and signed by three leads."):
        statement = _supervisors(story).sign()
        out, verdict = story.folder / "statement.pdf", statement.verdict
        paths = statement_files.save_statement(story.laptop, statement, story.settings, out)
        complete = statement.is_complete
        story.report(f"{verdict}. Every form is accounted for." if complete else verdict)
        if complete:
            site = story.staff.actors["site"]
            close_books.close_outage(
                story.laptop, story.settings, statement.outage, site, "Statement signed"
            )
    totals = ledger.count_forms(story.laptop, statement.outage)
    story.facts["statement"] = {
        "pdf": str(paths[0]),
        "json": str(paths[1]),
        "verdict": verdict,
        "issued": sum(count.number for count in totals),
    }


def seal_audit_chain(story: Story) -> None:
    """Checkpoint and check the audit chain, note how the laptop does, say where everything lies."""
    checkpoint.make_checkpoint(story.laptop)
    # Without it the sign-in page says that this laptop holds no data.
    note_machine_state(story.laptop, story.settings, outages.list_down_systems(story.laptop))
    chain = audit.verify_chain(story.laptop.db)
    story.report(f"The audit chain has {chain.entries} entries, and every link of it holds.")
    story.facts |= {
        "audit": {"entries": chain.entries, "sound": chain.first_bad is None},
        "demonstration": True,
        "home": str(story.home.path),
        "size": story.size,
        "seed": story.seed,
        "made": to_text(story.clock.now),
        "accounts": str(story.folder / ACCOUNTS),
        "unlock_file": str(story.unlock_file),
    }


def _supervisors(story: Story) -> RecordsSupervisors:
    return RecordsSupervisors(story.laptop, story.settings, story.staff)
