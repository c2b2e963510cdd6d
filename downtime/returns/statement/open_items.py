"""What still stands between an outage and the word 'complete', each thing named."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from downtime.entry import keying_policy
from downtime.entry.model import VERIFIED as ENTRY_VERIFIED
from downtime.entry.store import entries as entry_store
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import FormState, IssuedForm
from downtime.paper.printed_definition import get_printed_definition
from downtime.paper.serials import format_serial
from downtime.reconcile.harm import store
from downtime.reconcile.harm.model import KINDS as HARM
from downtime.reconcile.identity import links as identity_links
from downtime.reconcile.identity import unidentified
from downtime.reconcile.model import Decision, ItemFilter, ItemState
from downtime.reconcile.store import items as items_store
from downtime.returns.model import STATE_TITLES
from downtime.returns.statement import outage_forms as statement_ledger
from downtime.returns.statement import statement_facts
from downtime.returns.statement.open_item_owners import OwnedItems, Owners
from downtime.settings import Settings
from downtime.sync import duplicate_numbers, laptop_reports
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing that is open: what kind, a sentence, and the serials or item it is about."""

    kind: str
    sentence: str
    names: tuple[str, ...] = ()
    owners: tuple[OwnedItems, ...] = ()
    """Who sees to which of them, and by when; nobody has the others."""


def find_open_items(vault: Vault, settings: Settings, outage: Outage) -> list[OpenItem]:
    """Everything that is open, in the order in which it has to be settled."""
    owners = Owners.read(vault.db)
    return [
        *_systems(outage),
        *_laptops(vault, outage, owners),
        *_given_twice(vault, outage, owners),
        *_forms(vault, settings, outage, owners),
        *_links(vault, outage, owners),
        *_numbers(vault, settings, outage, owners),
        *_comparison(vault, outage),
        *_items(vault, outage, owners),
        *_messages(vault, outage),
        *_harm(vault, outage),
    ]


def _systems(outage: Outage) -> Iterator[OpenItem]:
    for name in outage.down:
        yield OpenItem("system-down", f"{name} is still declared down.", (name,))


def _laptops(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    for one in laptop_reports.find_awaited(vault, outage):
        name = f"{one.name} ({one.device})" if one.name else one.device
        names = (one.device, *one.unknown)
        yield OpenItem("laptop-awaited", f"Laptop {name}: {one.why}", names, owners.laptop(names))


def _given_twice(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    for one in duplicate_numbers.find_unsettled(vault, outage):
        serial = one.number.replace("-", "")
        yield OpenItem("given-twice", one.sentence, (one.number,), owners.forms([serial]))


_WAITING = {
    FormState.ISSUED: ("form-out", "still out"),
    FormState.COLLECTED: ("form-out", "collected by a runner and not returned"),
    FormState.RETURNED: ("form-unkeyed", "returned and not keyed"),
    FormState.KEYED: ("form-unverified", "keyed and not verified by a second person"),
}


def _forms(vault: Vault, settings: Settings, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    groups: dict[tuple[str, str, str], list[IssuedForm]] = defaultdict(list)
    ahead = statement_ledger.list_used_ahead(vault, outage, FormState.RETURNED, FormState.KEYED)
    for form in [*ledger.list_in_states(vault, outage.id, *_WAITING), *ahead]:
        groups[form.state, form.ward, form.form].append(form)
    order = list(_WAITING)
    for (state, ward, _), forms in sorted(
        groups.items(), key=lambda g: (order.index(g[0][0]), g[0])
    ):
        kind, words = _WAITING[state]
        if state == FormState.RETURNED and _policy(vault, settings, forms[0]) == keying_policy.SCAN:
            kind, words = "form-unfiled", "returned and not filed"
        where = f" of ward {ward}" if ward else ""
        sentence = f"{_plural(len(forms), forms[0].title)}{where}: {words}."
        serials = [form.serial for form in forms]
        yield OpenItem(kind, sentence, tuple(map(format_serial, serials)), owners.forms(serials))


def _policy(vault: Vault, settings: Settings, form: IssuedForm) -> str:
    return keying_policy.apply_policy(get_printed_definition(vault, form), settings).policy


def _links(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    found = identity_links.of_outage(vault.db, outage.id)
    waiting = [
        key
        for key, links in found.items()
        if any(link.state == identity_links.PROPOSED for link in links)
    ]
    if waiting:
        words = f"{_plural(len(waiting), 'link')} between paper and a patient: not confirmed yet."
        yield OpenItem("link-unconfirmed", words, tuple(waiting), owners.people(waiting))


def _numbers(
    vault: Vault, settings: Settings, outage: Outage, owners: Owners
) -> Iterator[OpenItem]:
    """Whoever waits with nothing else of theirs open (`_items` has the others)."""
    waiting = [
        one.number
        for one in unidentified.list_unidentified(vault, settings, outage)
        if one.number and one.decided and one.state == unidentified.TO_LINK
    ]
    if waiting:
        words = f"{_plural(len(waiting), 'downtime number')}: found by another number, not linked."
        yield OpenItem("number-unlinked", words, tuple(waiting), owners.people(waiting))


def _comparison(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    ahead = statement_ledger.list_used_ahead(vault, outage, FormState.VERIFIED)
    verified = {
        f.serial for f in [*ledger.list_in_states(vault, outage.id, FormState.VERIFIED), *ahead]
    }
    run = items_store.fetch_last_run(vault.db, outage.id)
    if run is None:
        if verified:
            yield OpenItem(
                "not-compared", "Nothing has been compared with the recovered systems yet."
            )
        return
    late = [
        format_serial(entry.serial)
        for entry in entry_store.find_in_state(vault.db, ENTRY_VERIFIED)
        if entry.serial in verified and entry.changed > run.at
    ]
    if late:
        words = f"{_plural(len(late), 'form')}: verified after the last comparison."
        yield OpenItem("not-compared", words, tuple(late))


def _items(vault: Vault, outage: Outage, owners: Owners) -> Iterator[OpenItem]:
    for row in items_store.fetch_item_page(vault.db, outage.id, ItemFilter(open_only=True), -1):
        kind = "unmatched" if row.item.state == ItemState.UNMATCHED else "undecided"
        words = f"{row.item.fact.title} ({row.item.state}): {row.item.explanation}"
        yield OpenItem(kind, words, (row.key,), owners.item(row))
    waiting = [
        row.key for row in items_store.fetch_items(vault.db, outage.id, decision=Decision.RETURN)
    ]
    if waiting:
        words = f"{_plural(len(waiting), 'item')}: decided to be returned and not sent yet."
        yield OpenItem("not-sent", words, tuple(waiting))


def _messages(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    for state, found in statement_facts.list_waiting_messages(vault, outage).items():
        words = f"{_plural(len(found), 'message')}: {STATE_TITLES[state]}."
        yield OpenItem(f"message-{state}", words, tuple(found))


def _harm(vault: Vault, outage: Outage) -> Iterator[OpenItem]:
    """What waited at T0 and was phoned wrongly: without a word from somebody it stays open."""
    compared = items_store.fetch_last_run(vault.db, outage.id)
    looked = store.fetch_last_run(vault.db, outage.id)
    if compared and (looked is None or looked.compared < compared.at):
        yield OpenItem(
            "harm-not-reviewed", "The harm review was not made since the last comparison."
        )
    for kind, keys in store.fetch_open_keys(vault.db, outage.id).items():
        what = HARM[kind][0].lower() + HARM[kind][1:]
        yield OpenItem(
            f"harm-{kind}",
            f"{_plural(len(keys), what)}: nobody has said what came of it.",
            tuple(keys),
        )


def _plural(count: int, word: str) -> str:
    return f"{count} × {word}"


def count_kinds(found: Iterable[OpenItem]) -> dict[str, int]:
    """How many things of each kind are open."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return counts
