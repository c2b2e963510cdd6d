"""The story's outage: it is declared, packs are printed, and the wards work on paper."""

from contextlib import closing
from datetime import timedelta

from downtime.demo.context import Story
from downtime.demo.staff import WHY, Staff
from downtime.demo.ward_staff import WardStaff
from downtime.outage import outages
from downtime.paper.packs.print_pack import print_pack
from downtime.paper.packs.ward_pack import WardPack
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault.files import replace_atomically
from downtime.vault.vault import Vault

SYSTEMS = ("PAS", "EPR", "LIMS")


def declare_outage(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """The site team says which systems are down, with the snapshot that is in use."""
    with story.step(
        "declare", f"{', '.join(SYSTEMS)} stop answering. The site team declares an outage."
    ):
        declared = outages.declare_systems_down(
            laptop, SYSTEMS, staff.actors["site"], "Ransomware", known=settings.systems.names
        )  # fmt: skip
        with closing(local_snapshots.open_current_snapshot(laptop)) as snapshot:
            waiting = snapshot.list_outstanding_tests()
        story.report(
            f"{declared.label}. {len(waiting)} requests still wait for a result: the list is at hand."
        )
    story.facts["outage"] = {"id": declared.id, "systems": list(SYSTEMS), "waiting": len(waiting)}


def print_packs(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """One file with the packs of all wards."""
    story.clock.now += timedelta(minutes=4)
    out = story.folder / "ward-packs.pdf"
    with (
        story.step("print", "Downtime packs are printed for every ward."),
        closing(local_snapshots.open_current_snapshot(laptop)) as snapshot,
        replace_atomically(out) as file,
    ):
        pack = print_pack(
            laptop, settings, WardPack(), staff.actors["nurse"], WHY, file, snapshot=snapshot
        )
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


def work_on_paper(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """Staff write what the plan says."""
    with (
        story.step("paper", "For six hours the wards work on paper."),
        closing(local_snapshots.open_current_snapshot(laptop)) as snapshot,
    ):
        WardStaff(laptop, snapshot, settings, staff).write(story.plan.papers)
        story.report(f"{len(staff.written)} forms are filled in; results come by telephone.")
