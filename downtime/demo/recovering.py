"""The story's recovery: paper is keyed, compared, settled and decided, and harm is looked for."""

from downtime.demo.clerks import Clerks
from downtime.demo.deciding import Deciding
from downtime.demo.scene import Story
from downtime.demo.staff import WHY, Staff
from downtime.reconcile.compare import run_comparison as comparison
from downtime.reconcile.harm import review
from downtime.reconcile.model import ItemState
from downtime.settings import Settings
from downtime.vault.vault import Vault

MEANS = {
    ItemState.ALREADY_THERE: "the system knows it by now",
    ItemState.NEW: "on paper only",
    ItemState.NEWER_LIVE: "the system knows something later",
    ItemState.CONFLICT: "paper and system disagree",
    ItemState.UNMATCHED: "nobody in the system is surely this patient",
    ItemState.HELD: "kept as a document, or told with another item",
    ItemState.ON_ANOTHER_FORM: "the same unit of blood is returned from another form",
}
"""What the states of the comparison mean, for somebody who sees them first."""


def key(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """The paper comes back and every form is accounted for."""
    with story.step("key", "The paper comes back. Clerks key it; nobody checks their own entry."):
        clerks = Clerks(laptop, settings, staff)
        clerks.key_all()
        unused, lost = clerks.account_for_the_rest(str(story.facts["outage"]["id"]))
        story.told(f"{clerks.keyed} forms are keyed and verified, {clerks.filed} filed as paper.")
        story.told(
            f"Critical fields of {clerks.twice} are keyed by two people, neither seeing the other's;"
            f" {clerks.disputed} differs, and a third person decides."
        )
        story.told(f"{clerks.compared} are laid beside their paper by a second person.")
        story.told(f"{unused} unused forms are void; {lost} cannot be found and is declared lost.")
    story.facts["forms"] = {
        "keyed": clerks.keyed,
        "keyed_twice": clerks.twice,
        "disputed": clerks.disputed,
        "compared": clerks.compared,
        "filed": clerks.filed,
        "void": unused,
        "lost": lost,
    }


def reconcile(story: Story, laptop: Vault, settings: Settings, staff: Staff) -> None:
    """Compare, settle who is who, compare again, decide, and look for harm."""
    deciding, records = Deciding(laptop, settings, staff), staff.actors["records"]
    with story.step(
        "compare", "The paper is compared with the hospital as it was, and as it is now."
    ):
        compared = comparison.run_comparison(laptop, settings, records, WHY)
        for state, count in sorted(compared.states.items()):
            story.told(f"{count:>6}  {state:<14} {MEANS[state]}")
    story.facts["comparison"] = {"items": compared.items, **compared.states}
    with story.step(
        "link", "Who came on a downtime number? One person proposes, another confirms."
    ):
        linked, left = deciding.link_people(comparison.find_latest_outage(laptop))
        again = comparison.run_comparison(laptop, settings, records, WHY)
        story.told(f"{linked} are patients of the recovered systems; {left} is in none of them.")
        story.told(
            f"Compared again: {again.states.get(ItemState.UNMATCHED, 0)} items have no patient."
        )
    story.facts["links"] = {"confirmed": linked, "unknown": left}
    with story.step(
        "decide", "The records supervisor decides each item that is open, with reasons."
    ):
        decided, by_two = deciding.decide_all(comparison.find_latest_outage(laptop))
        story.told(f"{decided} of {again.items} are decided, {by_two} of them by two people.")
    story.facts["comparison"] |= {"decided": decided, "decided_by_two": by_two}
    with story.step("harm", "What did the outage do to patients? Leads look at every finding."):
        review.run(laptop, settings, records, WHY)
        explained, reviewed = deciding.look_for_harm()
        story.told(f"{explained} requests without a result are explained, {reviewed} reviewed.")
    story.facts["harm"] = {"explained": explained, "reviewed": reviewed}
