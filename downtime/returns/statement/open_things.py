"""Why it is still open: each open thing exactly once, with its ward, its owner and since when it waits.

The statement words what is open in lines, one of which may name many things. Here each thing is a line
of its own, so that somebody can have it, find it and settle it. A large hospital has tens of thousands:
forms, items, messages and findings are read without their contents, which are looked up for a page.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from downtime.errors import InputError
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.assignments import assign_owner
from downtime.paper.model import Assignment, AssignmentKind
from downtime.paper.serials import format_serial
from downtime.reconcile.assign_owner import AssignmentsByKind
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.harm.model import FindingKind
from downtime.reconcile.identity.match_patient import SERIAL
from downtime.reconcile.model import ItemState
from downtime.reconcile.store import items as items_store
from downtime.reconcile.wording import explain
from downtime.returns.model import WAITING
from downtime.returns.statement.model import (
    FORM_KINDS,
    HARM_KINDS,
    ITEM_KINDS,
    MESSAGE_KINDS,
    PERSON_KINDS,
    WORDINGS,
    OpenItem,
    OpenKind,
)
from downtime.returns.statement.open_items import (
    FOUND_KINDS,
    Owners,
    find_open_items,
    find_unfinished_kind,
    is_review_outdated,
    list_unfinished_lines,
)
from downtime.returns.statement.thing_names import name_thing
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_LIGHT = FORM_KINDS | ITEM_KINDS | MESSAGE_KINDS | HARM_KINDS
"""Kinds of which there may be thousands."""


class OpenThing(NamedTuple):
    """One thing that is open. `name` is what it is found by: a serial, a key, a code; empty for none."""

    kind: OpenKind
    name: str = ""
    subject: str = ""
    """What it is, in its own name; never who it is about."""
    ward: str = ""
    since: str = ""
    """UTC since when it waits, as far as that is known."""
    assignment: Assignment | None = None

    @property
    def reference(self) -> str:
        """Names it among all open things: what somebody ticks."""
        return f"{self.kind}:{self.name}"

    def is_overdue(self, now: str) -> bool:
        """Whether its owner is late."""
        return self.assignment is not None and self.assignment.is_overdue(now)


@dataclass(frozen=True, slots=True)
class OpenFilter:
    """Which open things; what is empty lets all through. `owner` may be `NOBODY` or `OVERDUE`."""

    kind: str = ""
    ward: str = ""
    owner: str = ""
    text: str = ""

    def select(self, things: Iterable[OpenThing], now: str) -> list[OpenThing]:
        """The things that are wanted; only what is asked for is looked at, since there are thousands."""
        conditions: list[Callable[[OpenThing], bool]] = []
        if self.kind:
            conditions.append(lambda thing: thing.kind == self.kind)
        if self.ward:
            conditions.append(lambda thing: thing.ward == self.ward)
        if self.owner == OVERDUE:
            conditions.append(lambda thing: thing.is_overdue(now))
        elif self.owner:
            conditions.append(lambda thing: self.owner == _owner_of(thing, NOBODY))
        if wanted := _fold(self.text):
            conditions.append(lambda thing: _has_text(thing, wanted))
        for condition in conditions:
            things = filter(condition, things)
        return list(things)


def _owner_of(thing: OpenThing, nobody: str = "") -> str:
    return thing.assignment.owner if thing.assignment else nobody


def _has_text(thing: OpenThing, wanted: str) -> bool:
    texts = (thing.name, thing.subject, thing.ward, _owner_of(thing))
    return any(wanted in _fold(text) for text in texts)


def _fold(text: str) -> str:
    return text.replace("-", "").casefold()


NOBODY, OVERDUE = "?nobody", "?overdue"


DERIVED_KINDS = frozenset(OpenKind) - FOUND_KINDS
"""What speaks against the records themselves: found by deriving all of them anew, which takes seconds."""


def list_derived(facts: Mapping[str, Any]) -> list[OpenThing]:
    """What a statement's facts say is open of the kinds that are derived."""
    return [
        OpenThing(OpenKind(line["kind"]), name, line["sentence"])
        for line in facts["open"]
        if line["kind"] in DERIVED_KINDS
        for name in line["names"] or ("",)
    ]


def list_open_things(
    vault: Vault, settings: Settings, outage: Outage, derived: Sequence[OpenThing] = ()
) -> list[OpenThing]:
    """Each open thing once, in the order in which it has to be settled, the oldest of a kind first.

    `derived` is what a statement found of the kinds that are derived.
    """
    owners = Owners.read(vault.db)
    things = [
        *derived,
        *_list_others(vault, settings, outage),
        *_list_forms(vault, settings, outage),
        *_list_items(vault, outage, owners),
        *_list_messages(vault, outage),
        *_list_findings(vault, outage),
    ]
    order = {kind: place for place, kind in enumerate(OpenKind)}
    if any(owners.assignments.values()):
        things = [_give_owner(thing, owners.assignments) for thing in things]
    return sorted(things, key=lambda thing: (order[thing.kind], thing.since, thing.name))


def count_by_kind(things: Iterable[OpenThing]) -> dict[OpenKind, int]:
    """How many of each kind, in the order of settling: they add up to all."""
    counted = Counter(thing.kind for thing in things)
    return {kind: counted[kind] for kind in OpenKind if counted[kind]}


def _list_others(vault: Vault, settings: Settings, outage: Outage) -> Iterator[OpenThing]:
    """What is few: as the statement has it, a thing for each name."""
    since = {system.name: system.declared for system in outage.systems}
    for item in find_open_items(vault, settings, outage, without=_LIGHT):
        for name in _names_of(item):
            begun = since.get(name, "") if item.kind == OpenKind.SYSTEM_DOWN else ""
            yield OpenThing(item.kind, name, item.subject, item.ward, begun)


def _names_of(item: OpenItem) -> Sequence[str]:
    if item.kind == OpenKind.LAPTOP_AWAITED:  # its own code, then its papers: one thing
        return item.names[:1]
    return item.names or ("",)


def _list_forms(vault: Vault, settings: Settings, outage: Outage) -> Iterator[OpenThing]:
    kinds: dict[tuple[str, str], OpenKind] = {}
    for form in list_unfinished_lines(vault, outage):
        key = (str(form.state), form.layout)
        if key not in kinds:
            issued = ledger.find_form(vault.db, form.serial)
            kinds[key], _ = find_unfinished_kind(vault, settings, issued)
        serial = format_serial(form.serial)
        yield OpenThing(kinds[key], serial, form.title, form.ward, form.changed_at)


_ITEM_KINDS = {
    ItemState.NOT_RECOVERED: OpenKind.NOT_RECOVERED,
    ItemState.UNMATCHED: OpenKind.UNMATCHED,
}


def _list_items(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenThing]:
    people = owners.assignments[AssignmentKind.PERSON]
    lines = items_store.fetch_open_lines(vault.db, outage.id, with_people=bool(people))
    for line in lines:
        kind = _ITEM_KINDS.get(line.state, OpenKind.UNDECIDED)
        kind = kind if line.is_open else OpenKind.NOT_SENT
        owner = people.get(line.downtime_number or f"{SERIAL}{line.serial}") or owners.assignments[
            AssignmentKind.FORM
        ].get(line.serial)
        yield OpenThing(kind, line.key, line.type, line.ward, line.event, owner)


def _list_messages(vault: Vault, outage: Outage) -> Iterator[OpenThing]:
    for state in WAITING:
        for message in outbox_messages.list_messages(vault.db, outage.id, state=state):
            subject = f"{message.kind} to {message.system}"
            kind = OpenKind.of_message(state)
            yield OpenThing(kind, message.control_id, subject, "", message.queued)


_KINDS_OF_FINDINGS = {kind: OpenKind.of_finding(kind) for kind in FindingKind}


def _list_findings(vault: Vault, outage: Outage) -> Iterator[OpenThing]:
    if is_review_outdated(vault, outage):
        yield OpenThing(OpenKind.HARM_NOT_REVIEWED)
    for kind, key, ward in harm_store.fetch_open_lines(vault.db, outage.id):
        yield OpenThing(_KINDS_OF_FINDINGS[kind], key, "", ward, outage.opened)


def _give_owner(thing: OpenThing, assignments: AssignmentsByKind) -> OpenThing:
    kind, target = assignment_target(thing)
    owner = assignments[kind].get(target)
    return thing if owner is None else thing._replace(assignment=owner)


def assignment_target(thing: OpenThing) -> tuple[AssignmentKind, str]:
    """Under which kind and target a thing is given to somebody."""
    if thing.kind in FORM_KINDS or thing.kind == OpenKind.NUMBER_TWICE:
        return AssignmentKind.FORM, thing.name.replace("-", "")
    if thing.kind in ITEM_KINDS:
        return AssignmentKind.ITEM, thing.name
    if thing.kind in PERSON_KINDS:
        return AssignmentKind.PERSON, thing.name
    if thing.kind == OpenKind.LAPTOP_AWAITED:
        return AssignmentKind.LAPTOP, thing.name
    if thing.kind == OpenKind.QUERY_OPEN:
        return AssignmentKind.QUERY, thing.name
    return AssignmentKind.OPEN, thing.reference


def describe_things(
    vault: Vault, settings: Settings, outage: Outage, things: Sequence[OpenThing]
) -> dict[str, str]:
    """What there is to say of each of a page's things, by its reference; no patient is named."""
    zone = ZoneInfo(settings.site.time_zone)
    keys = {thing.name: thing for thing in things if thing.kind in ITEM_KINDS}
    details = {
        keys[row.key].reference: f"{row.item.fact.title}: {explain(row.item, zone)}"
        for row in items_store.fetch_by_keys(vault.db, keys)
    }
    findings = {thing.name: thing for thing in things if thing.kind in HARM_KINDS}
    for finding in harm_store.fetch_by_keys(vault.db, outage.id, findings).values():
        thing = findings[finding.key]
        details[thing.reference] = f"{finding.title}: {finding.explain(zone)}"
    return details


HEAD = ("Why", "What", "Details", "Ward", "Since", "Owner", "Due", "Note")


def to_rows(
    things: Iterable[OpenThing], format_moment: Callable[[str], str]
) -> Iterator[tuple[str, ...]]:
    """The list for a spreadsheet; `format_moment` writes a stored time as the site shows it."""
    for thing in things:
        owner = thing.assignment
        yield (
            WORDINGS[thing.kind].title, name_thing(thing.kind, thing.name), thing.subject, thing.ward,
            format_moment(thing.since) if thing.since else "",
            owner.owner if owner else "", format_moment(owner.due) if owner else "",
            owner.note if owner else "",
        )  # fmt: skip


def assign_things(
    vault: Vault, settings: Settings, outage: Outage, references: Collection[str], owner: str,
    due: str, actor: Actor, note: str = "", *, derived: Sequence[OpenThing] = (),
) -> int:  # fmt: skip
    """Give open things to somebody until `due` (UTC text); how many.

    InputError for none, and for one that is not open: it was settled meanwhile, or never was.
    """
    if not references:
        raise InputError("open.none", "Nothing was ticked.", "Go back and tick at least one.")
    present = {
        thing.reference: thing for thing in list_open_things(vault, settings, outage, derived)
    }
    if settled := [text for text in references if text not in present]:
        raise InputError(
            "open.settled",
            f"{len(settled)} of them are not open any more.",
            "Open the list again, and tick what is left.",
        )
    for reference in references:
        kind, target = assignment_target(present[reference])
        assign_owner(vault, kind, target, owner, due, actor, note)
    return len(references)
