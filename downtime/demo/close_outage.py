"""The story's end: what was decided goes back, the statement is signed, the outage is closed."""

from downtime.clock import to_text
from downtime.demo.context import Story
from downtime.demo.records_supervisors import RecordsSupervisors
from downtime.demo.staff import ACCOUNTS, Staff
from downtime.outage import outages
from downtime.paper import ledger
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.returns import export_messages
from downtime.returns.statement import statement_files
from downtime.settings import Settings
from downtime.vault import audit, checkpoint
from downtime.vault.vault import Vault


def return_decisions(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """Messages and worklists, each item once."""
    to, records = story.folder / "returns", staff.actors["records"]
    with story.step(
        "return", "What was decided goes back to the systems; a second run sends nothing."
    ):
        sent = export_messages.export_messages(laptop, settings, "hl7v2", to, records)
        repeated = export_messages.export_messages(laptop, settings, "hl7v2", to, records)
        messages = [path for path in sent.files if path.suffix == ".hl7"]
        story.report(
            f"{sent.items} items in {len(messages)} HL7 messages are handed over;"
            f" the second run: {repeated.items}."
        )
        lists = export_messages.export_messages(laptop, settings, "worklist", to, records)
        ticked = RecordsSupervisors(laptop, settings, staff).tick_worklists(
            find_latest_outage(laptop)
        )
        story.report(f"{ticked} lines that no message carries are keyed by hand and ticked off.")
    story.facts["returns"] = {
        "path": str(to),
        "items": sent.items,
        "messages": len(messages),
        "again": repeated.items,
        "worklists": [str(path) for path in lists.files],
        "ticked": ticked,
    }


def sign_statement(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """Three leads sign; a complete outage is closed."""
    with story.step("statement", "The completeness statement is made and signed by three leads."):
        statement = RecordsSupervisors(laptop, settings, staff).sign()
        paths = statement_files.save_statement(statement, settings, story.folder / "statement.pdf")
        story.report(
            f"{statement.verdict}. Every form is accounted for."
            if statement.is_complete
            else statement.verdict
        )
        if statement.is_complete:
            outages.close_outage(laptop, statement.outage, staff.actors["site"], "Statement signed")
    totals = ledger.count_forms(laptop, statement.outage)
    story.facts["statement"] = {
        "pdf": str(paths[0]),
        "json": str(paths[1]),
        "verdict": statement.verdict,
        "issued": sum(count.number for count in totals),
    }


def seal_audit_chain(story: Story, laptop: Vault) -> None:
    """Checkpoint and check the audit chain, and say where everything lies."""
    checkpoint.make_checkpoint(laptop)
    verification = audit.verify_chain(laptop.db)
    story.report(f"The audit chain has {verification.entries} entries, and every link of it holds.")
    story.facts["audit"] = {
        "entries": verification.entries,
        "sound": verification.first_bad is None,
    }
    story.facts |= {
        "demonstration": True,
        "home": str(story.home.path),
        "size": story.size,
        "seed": story.seed,
        "made": to_text(story.clock.now),
        "accounts": str(story.folder / ACCOUNTS),
        "unlock_file": str(story.unlock_file),
    }
