"""What still stands between an outage and the word 'complete': each thing named, and who has it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.entry import keying_policy
from downtime.entry.event_facts import read_unfinished_events
from downtime.entry.model import EntryState
from downtime.entry.store import entries as entry_store
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.assignments import list_assignments
from downtime.paper.forms.model import KeyingPolicy
from downtime.paper.ledger import get_printed_definition
from downtime.paper.model import Assignment, AssignmentKind, FormState, IssuedForm
from downtime.paper.serials import format_serial
from downtime.reconcile.assign_owner import find_owner
from downtime.reconcile.compare.forms_to_compare import find_forms_with_changed_records
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.identity import links as identity_links
from downtime.reconcile.identity import unidentified
from downtime.reconcile.identity.model import LinkState
from downtime.reconcile.model import Decision, ItemFilter, ItemState, StoredItem
from downtime.reconcile.store import comparison_runs
from downtime.reconcile.store import items as items_store
from downtime.reconcile.wording import explain
from downtime.returns.model import WAITING
from downtime.returns.statement import outage_forms
from downtime.returns.statement.model import WORDINGS, OpenItem, OpenKind, OwnedItems
from downtime.returns.store import outbox_messages
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.sync import duplicate_numbers, laptop_reports
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Owners:
    """All that was given to anybody, by what it is about."""

    assignments: Mapping[AssignmentKind, Mapping[str, Assignment]]

    @classmethod
    def read(cls, db: Database) -> "Owners":
        """As it stands in the vault."""
        return cls({kind: list_assignments(db, kind) for kind in AssignmentKind})

    def of_forms(self, serials: Iterable[str]) -> tuple[OwnedItems, ...]:
        """Of forms, by serial."""
        forms = self.assignments[AssignmentKind.FORM]
        return _group_by_owner((format_serial(serial), forms.get(serial)) for serial in serials)

    def of_people(self, keys: Iterable[str]) -> tuple[OwnedItems, ...]:
        """Of people who are not found, by the key under which they are linked."""
        people = self.assignments[AssignmentKind.PERSON]
        return _group_by_owner((key, people.get(key)) for key in keys)

    def of_item(self, row: StoredItem) -> tuple[OwnedItems, ...]:
        """Of an item: its own, else whoever has its person or its form."""
        return _group_by_owner([(row.key, find_owner(row, self.assignments))])

    def of_laptop(self, names: Sequence[str]) -> tuple[OwnedItems, ...]:
        """Of a laptop and of its papers that it has not reported."""
        assignments = {
            **self.assignments[AssignmentKind.FORM],
            **self.assignments[AssignmentKind.LAPTOP],
        }
        return _group_by_owner((name, assignments.get(name)) for name in names)


def _group_by_owner(pairs: Iterable[tuple[str, Assignment | None]]) -> tuple[OwnedItems, ...]:
    names_by_owner: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, assignment in pairs:
        if assignment:
            names_by_owner[assignment.due, assignment.owner].append(name)
    return tuple(
        OwnedItems(owner, due, tuple(names))
        for (due, owner), names in sorted(names_by_owner.items())
    )


def find_open_items(vault: Vault, settings: Settings, outage: Outage) -> list[OpenItem]:
    """Everything that is open, in the order in which it has to be settled."""
    owners = Owners.read(vault.db)
    return [
        *(OpenItem(OpenKind.SYSTEM_DOWN, (name,), subject=name) for name in outage.down),
        *_awaited_laptops(vault, outage, owners),
        *_numbers_given_twice(vault, outage, owners),
        *_unfinished_forms(vault, settings, outage, owners),
        *_unconfirmed_links(vault, outage, owners),
        *_unlinked_numbers(vault, settings, outage, owners),
        *_uncompared_forms(vault, outage),
        *_overtaken_comparison(vault, outage),
        *_unrecovered_items(vault, outage),
        *_unfinished_events(vault, outage),
        *_undecided_items(vault, settings, outage, owners),
        *_unsent_items(vault, outage),
        *_waiting_messages(vault, outage),
        *_unjudged_findings(vault, outage),
    ]


def _awaited_laptops(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    for laptop in laptop_reports.find_awaited(vault, outage):
        names = (laptop.device, *laptop.unreported)
        yield OpenItem(
            OpenKind.LAPTOP_AWAITED,
            names,
            owners.of_laptop(names),
            subject=f"{laptop.name} ({laptop.device})" if laptop.name else laptop.device,
            explanation=laptop.explanation,
        )


def _numbers_given_twice(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    for duplicate in duplicate_numbers.find_unsettled(vault, outage):
        serial = duplicate.number.replace("-", "")
        yield OpenItem(
            OpenKind.NUMBER_TWICE,
            (duplicate.number,),
            owners.of_forms([serial]),
            explanation=duplicate.sentence,
        )


_UNFINISHED = {
    FormState.ISSUED: (OpenKind.FORM_OUT, "still out"),
    FormState.COLLECTED: (OpenKind.FORM_OUT, "collected by a runner and not returned"),
    FormState.RETURNED: (OpenKind.FORM_UNKEYED, "returned and not keyed"),
    FormState.KEYED: (OpenKind.FORM_UNVERIFIED, "keyed and not verified by a second person"),
}

_STATE_ORDER = list(_UNFINISHED)


def _unfinished_forms(
    vault: Vault, settings: Settings, outage: Outage, owners: Owners
) -> Iterator[OpenItem]:
    groups: dict[tuple[int, FormState, str, str], list[IssuedForm]] = defaultdict(list)
    ahead = outage_forms.list_used_ahead(vault, outage, FormState.RETURNED, FormState.KEYED)
    for form in [*ledger.list_in_states(vault, outage.id, *_UNFINISHED), *ahead]:
        state = FormState(form.state)
        groups[_STATE_ORDER.index(state), state, form.ward, form.form].append(form)
    for (_, state, ward, _), forms in sorted(groups.items(), key=lambda group: group[0]):
        kind, explanation = _UNFINISHED[state]
        if state == FormState.RETURNED and _is_filed_as_scan(vault, settings, forms[0]):
            kind, explanation = OpenKind.FORM_UNFILED, "returned and not filed"
        serials = [form.serial for form in forms]
        yield OpenItem(
            kind,
            tuple(map(format_serial, serials)),
            owners.of_forms(serials),
            subject=forms[0].title,
            ward=ward,
            explanation=explanation,
        )


def _is_filed_as_scan(vault: Vault, settings: Settings, form: IssuedForm) -> bool:
    definition = get_printed_definition(vault, form)
    return keying_policy.apply_policy(definition, settings).policy == KeyingPolicy.SCAN


def _unconfirmed_links(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    keys = [
        key
        for key, links in identity_links.links_by_key(vault.db, outage.id).items()
        if any(link.state == LinkState.PROPOSED for link in links)
    ]
    if keys:
        yield OpenItem(OpenKind.LINK_UNCONFIRMED, tuple(keys), owners.of_people(keys))


def _unlinked_numbers(
    vault: Vault, settings: Settings, outage: Outage, owners: Owners
) -> Iterator[OpenItem]:
    """People who wait and have no undecided item (`_undecided_items` has the others)."""
    numbers = [
        person.number
        for person in unidentified.list_unidentified(vault, settings, outage)
        if person.number and person.is_decided and person.state == unidentified.PersonState.TO_LINK
    ]
    if numbers:
        yield OpenItem(OpenKind.NUMBER_UNLINKED, tuple(numbers), owners.of_people(numbers))


def _uncompared_forms(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    ahead = outage_forms.list_used_ahead(vault, outage, FormState.VERIFIED)
    verified = ledger.list_in_states(vault, outage.id, FormState.VERIFIED)
    serials = {form.serial for form in (*verified, *ahead)}
    run = comparison_runs.fetch_last_run(vault.db, outage.id)
    if run is None:
        if serials:
            yield OpenItem(OpenKind.NOT_COMPARED)
        return
    uncompared = [
        format_serial(entry.serial)
        for entry in entry_store.find_in_state(vault.db, EntryState.VERIFIED)
        if entry.serial in serials and entry.changed > run.at
    ]
    if uncompared:
        yield OpenItem(OpenKind.NOT_COMPARED, tuple(uncompared))


def _overtaken_comparison(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    """A newer snapshot that says something else of somebody on paper: the findings may not hold."""
    run = comparison_runs.fetch_last_run(vault.db, outage.id)
    current = local_snapshots.get_current_id(vault)
    if run is None or current in ("", run.snapshot):
        return
    serials = find_forms_with_changed_records(vault, outage.id, run, current)
    if serials is None:
        yield OpenItem(OpenKind.NEWER_SNAPSHOT)
    elif serials:
        names = tuple(map(format_serial, sorted(serials)))
        yield OpenItem(OpenKind.NEWER_SNAPSHOT, names, explanation=f" ({len(names)} forms)")


def _unrecovered_items(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    keys: dict[str, list[str]] = defaultdict(list)
    for row in items_store.fetch_items(vault.db, outage.id, state=ItemState.NOT_RECOVERED):
        if row.is_open:
            keys[row.item.fact.system].append(row.key)
    for system, of_system in sorted(keys.items()):
        yield OpenItem(OpenKind.NOT_RECOVERED, tuple(of_system), subject=system)


def _unfinished_events(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    """What was recorded on the screen and is not compared, read back or told the end of."""
    run = comparison_runs.fetch_last_run(vault.db, outage.id)
    since = run.at if run else ""
    events = read_unfinished_events(vault, outage, since)
    for kind, ids in (
        (OpenKind.EVENT_NOT_COMPARED, events.changed),
        (OpenKind.RESULT_NOT_READ_BACK, events.not_read_back),
        (OpenKind.UNIT_WITHOUT_FATE, events.without_fate),
    ):
        if ids:
            yield OpenItem(kind, ids)


def _undecided_items(
    vault: Vault, settings: Settings, outage: Outage, owners: Owners
) -> Iterator[OpenItem]:
    zone = ZoneInfo(settings.site.time_zone)
    for row in items_store.fetch_item_page(vault.db, outage.id, ItemFilter(open_only=True), -1):
        if row.item.state == ItemState.NOT_RECOVERED:
            continue
        is_unmatched = row.item.state == ItemState.UNMATCHED
        yield OpenItem(
            OpenKind.UNMATCHED if is_unmatched else OpenKind.UNDECIDED,
            (row.key,),
            owners.of_item(row),
            subject=f"{row.item.fact.title} ({row.item.state})",
            explanation=explain(row.item, zone),
        )


def _unsent_items(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    unsent = items_store.fetch_items(vault.db, outage.id, decision=Decision.RETURN)
    if keys := tuple(row.key for row in unsent):
        yield OpenItem(OpenKind.NOT_SENT, keys)


def _waiting_messages(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    for state in WAITING:
        messages = outbox_messages.list_messages(vault.db, outage.id, state=state)
        if control_ids := tuple(message.control_id for message in messages):
            yield OpenItem(OpenKind.of_message(state), control_ids)


def _unjudged_findings(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    """What waited at T0 and was phoned wrongly: without a word from somebody it stays open."""
    compared = comparison_runs.fetch_last_run(vault.db, outage.id)
    reviewed = harm_store.fetch_last_run(vault.db, outage.id)
    if compared and (reviewed is None or reviewed.compared < compared.at):
        yield OpenItem(OpenKind.HARM_NOT_REVIEWED)
    for kind, keys in harm_store.fetch_open_keys(vault.db, outage.id).items():
        yield OpenItem(OpenKind.of_finding(kind), tuple(keys))


FIRST = 3
"""Lines of each kind that are seen without asking for more."""

_ONE_EACH = (OpenKind.LAPTOP_AWAITED,)
"""Kinds whose names are not counted: a laptop's are its own code and its papers."""


class OpenGroup(NamedTuple):
    """The open things of one kind; what somebody is late with comes first."""

    title: str
    n: int
    """Forms, items, messages …, not lines: one line may name many."""
    lines: tuple[Mapping[str, Any], ...]
    overdue: int
    """Lines that somebody is late with."""

    @property
    def first_lines(self) -> tuple[Mapping[str, Any], ...]:
        """Those that are seen at once."""
        return self.lines[:FIRST]

    @property
    def other_lines(self) -> tuple[Mapping[str, Any], ...]:
        """Those behind them."""
        return self.lines[FIRST:]


def group_open_items(lines: Iterable[Mapping[str, Any]], now: str) -> list[OpenGroup]:
    """The open things of a statement by kind, in its own order; `now` is UTC text."""
    lines_by_kind: dict[OpenKind, list[Mapping[str, Any]]] = {}
    for line in lines:
        lines_by_kind.setdefault(OpenKind(line["kind"]), []).append(line)
    return [_make_group(kind, lines, now) for kind, lines in lines_by_kind.items()]


def _make_group(kind: OpenKind, lines: list[Mapping[str, Any]], now: str) -> OpenGroup:
    def is_overdue(line: Mapping[str, Any]) -> bool:
        return any(owned["due"] < now for owned in line["owners"])

    ordered = sorted(lines, key=is_overdue, reverse=True)  # a stable order within each half
    counts = (1 if kind in _ONE_EACH else len(line["names"]) or 1 for line in lines)
    overdue = sum(map(is_overdue, lines))
    return OpenGroup(WORDINGS[kind].title, sum(counts), tuple(ordered), overdue)


def count_overdue(facts: Mapping[str, Any], now: str) -> int:
    """How many open things of a statement somebody should have settled by now (UTC text)."""
    return sum(
        len(owned["names"])
        for item in facts["open"]
        for owned in item["owners"]
        if owned["due"] < now
    )
