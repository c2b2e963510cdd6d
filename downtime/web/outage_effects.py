"""What a step of an outage changes, in numbers, as its page shows it before the button."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from downtime.clinical import display
from downtime.clock import from_text
from downtime.outage import outages
from downtime.outage.model import Outage, OutageState
from downtime.paper import ledger
from downtime.paper.model import OUT, PackState
from downtime.returns.model import LEAD_TITLES
from downtime.returns.statement.completeness_statement import Statement
from downtime.returns.statement.open_groups import group_open_items
from downtime.snapshot.bed_board import word_counts
from downtime.web import request_context


class Effect(NamedTuple):
    """One sentence; an urgent one stands out."""

    text: str
    is_urgent: bool = False


def describe_age(made_at: str) -> Effect:
    """When what is counted below was counted: something was written since."""
    return Effect(
        f"As of {_moment(made_at)}: what was written since is counted when you close.", True
    )


def describe_declaration(systems: Sequence[str], since: str, *, drill: bool) -> Iterator[Effect]:
    """What a declaration opens, what it ends, what it leaves alone, and what is at hand then."""
    vault = request_context.vault()
    unclosed = outages.list_unclosed(vault)
    joined = next((item for item in unclosed if item.down and item.drill == drill), None)
    kind = "drill" if drill else "outage"
    start = f"{_moment(since)}, {_age(since)} ago" if since else "now"
    if joined:
        yield Effect(f"{_join(systems)}: down from {start}. Part of {joined.label}, which is open.")
    else:
        yield Effect(f"{_join(systems)}: down from {start}. A new {kind} opens.", not drill)
    for item in unclosed:
        if item.down and item.drill and not drill:
            yield Effect(
                f"{item.label} ends at once: {len(item.down)} systems of it count as restored."
                f" {_count_paper(item)} of it stay in its own books; take them off the wards: they"
                " are not for the care of patients.",
                True,
            )
        elif not item.down and not item.drill:
            yield Effect(f"{item.label} goes on being recovered. {_count_out(item)}.")
    yield from _describe_data(systems)


def _describe_data(systems: Sequence[str]) -> Iterator[Effect]:
    snapshot = request_context.snapshot_or_none()
    if snapshot is None:
        yield Effect("There is no hospital data on this laptop.", True)
        return
    newest = dict(snapshot.list_systems())
    ages = [
        f"{name} {_moment(newest[name])}" if newest.get(name) else f"{name} unavailable"
        for name in systems
    ]
    yield Effect(f"The snapshot in use is kept as T0. Newest data in it: {'; '.join(ages)}.")
    waiting = [
        row for row in snapshot.list_outstanding_tests() if row.request.source in set(systems)
    ]
    if waiting:
        wards = {row.encounter.ward for row in waiting if row.encounter}
        yield Effect(
            f"Requests without a result: {len(waiting):,}, on {len(wards)} wards. Their samples may have"
            " to be taken again: Tests outstanding lists them."
        )
    counts = word_counts(snapshot.count_board())
    yield Effect(f"{counts}, in the snapshot. {_count_printed_wards()}")


def _count_printed_wards() -> str:
    vault = request_context.vault()
    current = outages.find_current(vault)
    printed = {
        ward
        for pack in ledger.list_packs(vault, current.id if current else "")
        if pack.state == PackState.PRINTED
        for ward in pack.wards
    }
    return f"Packs were printed for {len(printed)} wards since."


def describe_return(outage: Outage, systems: Sequence[str], at: str) -> Iterator[Effect]:
    """How long each system was down, what stays down, and what has to come back on paper."""
    end = at or request_context.vault().now()
    for failure in outage.systems:
        if failure.name in systems and not failure.ended:
            lasted = display.format_duration(from_text(end) - from_text(failure.declared))
            yield Effect(f"{failure.name}: down from {_moment(failure.declared)}, for {lasted}.")
    still_down = [name for name in outage.down if name not in systems]
    if still_down:
        yield Effect(f"Still down: {_join(still_down)}. {outage.label} stays open.", True)
    else:
        yield Effect(
            f"{outage.label} is then being recovered. Paper forms are collected and keyed."
        )
    yield Effect(f"{_count_out(outage)}.")


def describe_closing(outage: Outage, statement: Statement) -> Iterator[Effect]:
    """What is open of an outage whose books are about to be closed, and who has signed."""
    signed = statement.valid_signatures
    yield Effect(f"Statement: {statement.verdict}.", not statement.is_complete)
    for group in group_open_items(statement.facts["open"], statement.made_at):
        yield Effect(f"Open: {group.title}: {group.n:,}.", True)
    missing = [title for lead, title in LEAD_TITLES.items() if lead not in signed]
    if missing:
        yield Effect(f"Not signed by: {_join(missing)}.", True)
    yield Effect(f"{_count_paper(outage)} of it. {_count_out(outage)}.")
    yield Effect("Its books can be opened again, by whoever may, with a reason.")


def describe_reopening(outage: Outage) -> Iterator[Effect]:
    """What opening closed books again changes."""
    yield Effect(
        f"{outage.label} is being recovered again: its paper is keyed, decided and returned."
    )
    yield Effect("Its statement says who opened it again, when and why.", True)
    yield Effect("A signature counts for as long as the facts are those that were signed.")


def describe_withdrawal(outage: Outage, name: str) -> Iterator[Effect]:
    """What taking a system out of an outage changes."""
    others = [system for system in outage.system_names if system != name]
    yield Effect(f"{name} counts as never lost in {outage.label}.")
    if others:
        yield Effect(f"{outage.label} is about {_join(others)} then.")
    else:
        yield Effect(f"{outage.label} holds no system then; close it.", True)
    yield Effect(f"{_count_paper(outage)} of it stay in its books. {_count_out(outage)}.")


def describe_start(outage: Outage, name: str, since: str) -> Iterator[Effect]:
    """What another start of a system changes."""
    failure = next(system for system in reversed(outage.systems) if system.name == name)
    yield Effect(f"{name}: down from {_moment(since)} instead of {_moment(failure.declared)}.")
    others = [system.declared for system in outage.systems if system is not failure]
    start = min([since, *others])
    if start != outage.opened:
        yield Effect(f"{outage.label} begins {_moment(start)} then.")
    yield Effect("Its T0 snapshot stays the one that was in use when it was declared.")


def describe_resumption(outage: Outage, name: str) -> Iterator[Effect]:
    """What it changes that a system was not back after all."""
    failure = next(system for system in reversed(outage.systems) if system.name == name)
    yield Effect(f"{name}: down since {_moment(failure.declared)}, without a break.", True)
    if outage.state == OutageState.RECOVERING:
        yield Effect(f"{outage.label} is open again; nothing of it can be closed meanwhile.")


def describe_other_kind(outage: Outage) -> Iterator[Effect]:
    """What it changes that a drill is real, or an outage a drill."""
    other = "a real outage" if outage.drill else "a drill"
    yield Effect(f"{_join(outage.down)}: down as before, in {other} of its own.", True)
    yield Effect(
        f"{_count_paper(outage)} of {outage.label} stay in its books, and keep the mark on their"
        " pages: take them off the wards and print them anew."
    )


def _count_paper(outage: Outage) -> str:
    vault = request_context.vault()
    packs = [p for p in ledger.list_packs(vault, outage.id) if p.state == PackState.PRINTED]
    forms = sum(count.number for count in ledger.count_forms(vault, outage.id))
    return f"{len(packs):,} packs and {forms:,} forms"


def _count_out(outage: Outage) -> str:
    counts = ledger.count_forms(request_context.vault(), outage.id)
    out = [count for count in counts if count.state in OUT]
    number, wards = sum(count.number for count in out), len({count.ward for count in out})
    return f"{number:,} forms of {outage.label} are still out on {wards} wards"


def _moment(stored: str) -> str:
    zone = ZoneInfo(request_context.settings().site.time_zone)
    return display.format_moment(stored, zone)


def _age(since: str) -> str:
    return display.format_duration(request_context.now() - from_text(since))


def _join(names: Sequence[str]) -> str:
    return ", ".join(names)
