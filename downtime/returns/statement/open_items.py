"""What still stands between an outage and the word 'complete': each thing named, and who has it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from downtime.accounts.break_glass.review_access import list_accesses
from downtime.entry import keying_policy
from downtime.entry.event_facts import read_unfinished_events
from downtime.entry.model import EntryState
from downtime.entry.queries import list_queries
from downtime.entry.queries.model import QueryState
from downtime.entry.store import entries as entry_store
from downtime.outage.laptop_outages import find_paper_window
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.assignments import list_assignments
from downtime.paper.forms.model import KeyingPolicy
from downtime.paper.ledger import get_printed_definition
from downtime.paper.model import Assignment, AssignmentKind, FormState, IssuedForm
from downtime.paper.serials import format_serial
from downtime.paper.store import issued_forms
from downtime.paper.store.issued_forms import FormLine
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
from downtime.returns.statement.model import (
    FORM_KINDS,
    HARM_KINDS,
    MESSAGE_KINDS,
    OpenItem,
    OpenKind,
    OwnedItems,
)
from downtime.returns.statement.pages_without_home import find_late, find_pages, find_unscanned
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

    def of_queries(self, ids: Iterable[str]) -> tuple[OwnedItems, ...]:
        """Of questions on fields, by their ids."""
        queries = self.assignments[AssignmentKind.QUERY]
        return _group_by_owner((query_id, queries.get(query_id)) for query_id in ids)

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


Finder = Callable[[Vault, Settings, Outage, Owners], Iterator[OpenItem]]


def find_open_items(
    vault: Vault, settings: Settings, outage: Outage, without: Collection[OpenKind] = ()
) -> list[OpenItem]:
    """Everything that is open, in the order in which it has to be settled; but for these kinds."""
    owners = Owners.read(vault.db)
    return [
        item
        for kinds, find in _FINDERS
        if not kinds.issubset(without)
        for item in find(vault, settings, outage, owners)
    ]


def _systems_down(_: Vault, __: Settings, outage: Outage, ___: Owners) -> Iterator[OpenItem]:
    return (OpenItem(OpenKind.SYSTEM_DOWN, (name,), subject=name) for name in outage.down)


def _awaited_laptops(
    vault: Vault, _: Settings, outage: Outage, owners: Owners
) -> Iterator[OpenItem]:
    for laptop in laptop_reports.find_awaited(vault, outage):
        names = (laptop.device, *laptop.unreported)
        yield OpenItem(
            OpenKind.LAPTOP_AWAITED,
            names,
            owners.of_laptop(names),
            subject=f"{laptop.name} ({laptop.device})" if laptop.name else laptop.device,
            explanation=laptop.explanation,
        )


def _numbers_given_twice(
    vault: Vault, _: Settings, outage: Outage, owners: Owners
) -> Iterator[OpenItem]:
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
    groups: dict[tuple[int, FormState, str, str], list[FormLine]] = defaultdict(list)
    for form in list_unfinished_lines(vault, outage):
        groups[_STATE_ORDER.index(form.state), form.state, form.ward, form.form].append(form)
    for (_, _, ward, _), forms in sorted(groups.items(), key=lambda group: group[0]):
        first = ledger.find_form(vault.db, forms[0].serial)
        kind, explanation = find_unfinished_kind(vault, settings, first)
        serials = [form.serial for form in forms]
        yield OpenItem(
            kind,
            tuple(map(format_serial, serials)),
            owners.of_forms(serials),
            subject=forms[0].title,
            ward=ward,
            explanation=explanation,
        )


def list_unfinished_lines(vault: Vault, outage: Outage) -> Iterator[FormLine]:
    """Forms of the outage, those printed ahead that it used among them, that are still to be done."""
    ahead = outage_forms.list_used_ahead(vault, outage, FormState.RETURNED, FormState.KEYED)
    yield from issued_forms.fetch_lines(vault.db, outage.id, _UNFINISHED)
    yield from (
        FormLine(f.serial, f.form, f.title, f.layout, f.ward, FormState(f.state), f.changed_at)
        for f in ahead
    )


def find_unfinished_kind(
    vault: Vault, settings: Settings, form: IssuedForm
) -> tuple[OpenKind, str]:
    """What such a form waits for, and in words; the same for all of its layout and state."""
    if form.state == FormState.RETURNED and _is_filed_as_scan(vault, settings, form):
        return OpenKind.FORM_UNFILED, "returned and not filed"
    return _UNFINISHED[FormState(form.state)]


def _is_filed_as_scan(vault: Vault, settings: Settings, form: IssuedForm) -> bool:
    definition = get_printed_definition(vault, form)
    return keying_policy.apply_policy(definition, settings).policy == KeyingPolicy.SCAN


_QUERY_WORDS = {
    QueryState.OPEN: "nobody has answered",
    QueryState.ANSWERED: "answered, and nobody has closed it",
}


def _open_queries(vault: Vault, _: Settings, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    ahead = [form.serial for form in outage_forms.list_used_ahead(vault, outage)]
    for query in list_queries.list_queries_of_outage(vault, outage.id, ahead):
        if query.is_open:
            form = ledger.find_form(vault.db, query.serial)
            yield OpenItem(
                OpenKind.QUERY_OPEN,
                (query.id,),
                owners.of_queries([query.id]),
                subject=f"{form.title}, {format_serial(query.serial)}",
                ward=form.ward,
                explanation=_QUERY_WORDS[query.state],
            )


def _unconfirmed_links(
    vault: Vault, _: Settings, outage: Outage, owners: Owners
) -> Iterator[OpenItem]:
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


_COMPARED = (FormState.VERIFIED, FormState.FILED)
"""States of forms whose verified entries are compared: that its paper lies in a file ends nothing."""


def _uncompared_forms(vault: Vault, _: Settings, outage: Outage, __: Owners) -> Iterator[OpenItem]:
    run = comparison_runs.fetch_last_run(vault.db, outage.id)
    changed = entry_store.find_serials_changed_since(
        vault.db, EntryState.VERIFIED, run.at if run else ""
    )
    if not changed:
        return
    ahead = outage_forms.list_used_ahead(vault, outage, *_COMPARED)
    verified = issued_forms.fetch_lines(vault.db, outage.id, _COMPARED)
    serials = {form.serial for form in verified} | {form.serial for form in ahead}
    if run is None and serials:
        yield OpenItem(OpenKind.NOT_COMPARED)
    elif uncompared := tuple(format_serial(serial) for serial in changed if serial in serials):
        yield OpenItem(OpenKind.NOT_COMPARED, uncompared)


def _overtaken_comparison(
    vault: Vault, _: Settings, outage: Outage, __: Owners
) -> Iterator[OpenItem]:
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


def _unrecovered_items(vault: Vault, _: Settings, outage: Outage, __: Owners) -> Iterator[OpenItem]:
    keys: dict[str, list[str]] = defaultdict(list)
    for row in items_store.fetch_items(vault.db, outage.id, state=ItemState.NOT_RECOVERED):
        if row.is_open:
            keys[row.item.fact.system].append(row.key)
    for system, of_system in sorted(keys.items()):
        yield OpenItem(OpenKind.NOT_RECOVERED, tuple(of_system), subject=system)


def _unfinished_events(vault: Vault, _: Settings, outage: Outage, __: Owners) -> Iterator[OpenItem]:
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


def _unreviewed_accesses(
    vault: Vault, _: Settings, outage: Outage, __: Owners
) -> Iterator[OpenItem]:
    """People without an account who were let in while it lasted, on any machine, running ones too."""
    start, end = find_paper_window(vault.db, outage)
    for access in list_accesses(vault):
        if not access.reviewed and start <= access.started < end:
            yield OpenItem(OpenKind.ACCESS_UNREVIEWED, (access.id,), subject=access.label)


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


def _unsent_items(vault: Vault, _: Settings, outage: Outage, __: Owners) -> Iterator[OpenItem]:
    unsent = items_store.fetch_items(vault.db, outage.id, decision=Decision.RETURN)
    if keys := tuple(row.key for row in unsent):
        yield OpenItem(OpenKind.NOT_SENT, keys)


def _waiting_messages(vault: Vault, _: Settings, outage: Outage, __: Owners) -> Iterator[OpenItem]:
    for state in WAITING:
        messages = outbox_messages.list_messages(vault.db, outage.id, state=state)
        if control_ids := tuple(message.control_id for message in messages):
            yield OpenItem(OpenKind.of_message(state), control_ids)


def is_review_outdated(vault: Vault, outage: Outage) -> bool:
    """Whether the harm review was not made since the last comparison."""
    compared = comparison_runs.fetch_last_run(vault.db, outage.id)
    reviewed = harm_store.fetch_last_run(vault.db, outage.id)
    return bool(compared and (reviewed is None or reviewed.compared < compared.at))


def _unjudged_findings(vault: Vault, _: Settings, outage: Outage, __: Owners) -> Iterator[OpenItem]:
    """What waited at T0 and was phoned wrongly: without a word from somebody it stays open."""
    if is_review_outdated(vault, outage):
        yield OpenItem(OpenKind.HARM_NOT_REVIEWED)
    for kind, keys in harm_store.fetch_open_keys(vault.db, outage.id).items():
        yield OpenItem(OpenKind.of_finding(kind), tuple(keys))


_FINDERS: tuple[tuple[frozenset[OpenKind], Finder], ...] = (
    (frozenset({OpenKind.SYSTEM_DOWN}), _systems_down),
    (frozenset({OpenKind.LAPTOP_AWAITED}), _awaited_laptops),
    (frozenset({OpenKind.NUMBER_TWICE}), _numbers_given_twice),
    (FORM_KINDS, _unfinished_forms),
    (frozenset({OpenKind.PAGE_UNFILED}), lambda vault, _, outage, __: find_pages(vault, outage)),
    (frozenset({OpenKind.PAGE_UNSCANNED}), lambda v, _, o, who: find_unscanned(v, o, who.of_forms)),
    (frozenset({OpenKind.PAGE_LATE}), lambda v, _, o, who: find_late(v, o, who.of_forms)),
    (frozenset({OpenKind.QUERY_OPEN}), _open_queries),
    (frozenset({OpenKind.LINK_UNCONFIRMED}), _unconfirmed_links),
    (frozenset({OpenKind.NUMBER_UNLINKED}), _unlinked_numbers),
    (frozenset({OpenKind.NOT_COMPARED}), _uncompared_forms),
    (frozenset({OpenKind.NEWER_SNAPSHOT}), _overtaken_comparison),
    (frozenset({OpenKind.NOT_RECOVERED}), _unrecovered_items),
    (
        frozenset(
            {
                OpenKind.EVENT_NOT_COMPARED,
                OpenKind.RESULT_NOT_READ_BACK,
                OpenKind.UNIT_WITHOUT_FATE,
            }
        ),
        _unfinished_events,
    ),
    (frozenset({OpenKind.ACCESS_UNREVIEWED}), _unreviewed_accesses),
    (frozenset({OpenKind.UNMATCHED, OpenKind.UNDECIDED}), _undecided_items),
    (frozenset({OpenKind.NOT_SENT}), _unsent_items),
    (MESSAGE_KINDS, _waiting_messages),
    (HARM_KINDS, _unjudged_findings),
)
"""Which kinds each finder gives, in the order in which they have to be settled."""
FOUND_KINDS = frozenset().union(*(kinds for kinds, _ in _FINDERS))
"""All that is found without deriving the records anew."""
