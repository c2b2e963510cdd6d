"""The story's end: what was decided goes back, the statement is signed, the outage is closed."""

from downtime.clock import to_text
from downtime.demo.deciding import Deciding
from downtime.demo.scene import Story
from downtime.demo.staff import ACCOUNTS, Staff
from downtime.outage import outages
from downtime.paper import ledger
from downtime.reconcile.compare import run_comparison as comparison
from downtime.returns import export_messages
from downtime.returns.statement import statement_files
from downtime.settings import Settings
from downtime.vault import audit, checkpoint
from downtime.vault.vault import Vault


def give_back(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """Messages and worklists, each item once."""
    to, records = story.folder / "returns", staff.actors["records"]
    with story.step(
        "return", "What was decided goes back to the systems; a second run sends nothing."
    ):
        sent = export_messages.export_messages(laptop, settings, "hl7v2", to, records)
        again = export_messages.export_messages(laptop, settings, "hl7v2", to, records)
        messages = [path for path in sent.files if path.suffix == ".hl7"]
        story.told(
            f"{sent.messages} items in {len(messages)} HL7 messages are handed over;"
            f" the second run: {again.messages}."
        )
        lists = export_messages.export_messages(laptop, settings, "worklist", to, records)
        ticked = Deciding(laptop, settings, staff).tick_worklists(
            comparison.find_latest_outage(laptop)
        )
        story.told(f"{ticked} lines that no message carries are keyed by hand and ticked off.")
    story.facts["returns"] = {
        "path": str(to),
        "items": sent.messages,
        "messages": len(messages),
        "again": again.messages,
        "worklists": [str(path) for path in lists.files],
        "ticked": ticked,
    }


def state(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """Three leads sign; a complete outage is closed."""
    with story.step("statement", "The completeness statement is made and signed by three leads."):
        made = Deciding(laptop, settings, staff).sign()
        paths = statement_files.save(made, settings, story.folder / "statement.pdf")
        story.told(
            f"{made.verdict}. Every form is accounted for." if made.is_complete else made.verdict
        )
        if made.is_complete:
            outages.close_outage(laptop, made.outage, staff.actors["site"], "Statement signed")
    totals = ledger.count_forms(laptop, made.outage)
    story.facts["statement"] = {
        "pdf": str(paths[0]),
        "json": str(paths[1]),
        "verdict": made.verdict,
        "issued": sum(count.count for count in totals),
    }


def seal(story: Story, laptop: Vault) -> None:
    """Checkpoint and check the audit chain, and say where everything lies."""
    checkpoint.make(laptop)
    found = audit.verify(laptop.db)
    story.told(f"The audit chain has {found.entries} entries, and every link of it holds.")
    story.facts["audit"] = {"entries": found.entries, "sound": found.first_bad is None}
    story.facts |= {
        "demonstration": True,
        "home": str(story.home.path),
        "size": story.size,
        "seed": story.seed,
        "made": to_text(story.clock.now),
        "accounts": str(story.folder / ACCOUNTS),
        "unlock_file": str(story.unlock_file),
    }
