"""The story's recovery: paper is keyed, compared, settled and decided, and harm is looked for."""

from downtime.demo.context import Story
from downtime.demo.records_clerks import RecordsClerks
from downtime.demo.records_supervisors import RecordsSupervisors
from downtime.demo.staff import WHY, Staff
from downtime.reconcile.compare import run_comparison as comparison
from downtime.reconcile.harm import review
from downtime.reconcile.latest_outage import find_latest_outage
from downtime.reconcile.model import ItemState
from downtime.settings import Settings
from downtime.vault.vault import Vault

MEANS = {
    ItemState.ALREADY_THERE: "the system knows it by now",
    ItemState.NEW: "on paper only",
    ItemState.NEWER_LIVE: "the system knows something later",
    ItemState.CONFLICT: "paper and system disagree",
    ItemState.UNMATCHED: "nobody in the system is surely this patient",
    ItemState.NOT_COMPARED: "kept as a document, or told with another item",
    ItemState.ON_ANOTHER_FORM: "the same unit of blood is returned from another form",
}
"""What the states of the comparison mean, for somebody who sees them first."""


def key_forms(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """The paper comes back and every form is accounted for."""
    with story.step("key", "The paper comes back. Clerks key it; nobody checks their own entry."):
        clerks = RecordsClerks(laptop, settings, staff)
        clerks.key_all()
        unused, lost = clerks.account_for_unreturned(str(story.facts["outage"]["id"]))
        story.report(f"{clerks.keyed} forms are keyed and verified, {clerks.filed} filed as paper.")
        story.report(
            f"Critical fields of {clerks.double_keyed} are keyed by two people, neither seeing the other's;"
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


def reconcile_forms(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """Compare, settle who is who, compare again, decide, and look for harm."""
    deciding, records = RecordsSupervisors(laptop, settings, staff), staff.actors["records"]
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
        linked, unknown = deciding.link_people(find_latest_outage(laptop))
        second_comparison = comparison.run_comparison(laptop, settings, records, WHY)
        story.report(
            f"{linked} are patients of the recovered systems; {unknown} is in none of them."
        )
        story.report(
            f"Compared again: {second_comparison.states.get(ItemState.UNMATCHED, 0)} items have no patient."
        )
    story.facts["links"] = {"confirmed": linked, "unknown": unknown}
    with story.step(
        "decide", "The records supervisor decides each item that is open, with reasons."
    ):
        decided, by_two = deciding.decide_all(find_latest_outage(laptop))
        story.report(
            f"{decided} of {second_comparison.items} are decided, {by_two} of them by two people."
        )
    story.facts["comparison"] |= {"decided": decided, "decided_by_two": by_two}
    with story.step("harm", "What did the outage do to patients? Leads look at every finding."):
        review.run_review(laptop, settings, records, WHY)
        explained, reviewed = deciding.look_for_harm()
        story.report(f"{explained} requests without a result are explained, {reviewed} reviewed.")
    story.facts["harm"] = {"explained": explained, "reviewed": reviewed}
