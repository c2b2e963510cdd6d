"""What still stands between an outage and the word 'complete', each thing named."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from downtime.entry import policies
from downtime.entry import store as entry_store
from downtime.entry.model import VERIFIED as ENTRY_VERIFIED
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.issue import COLLECTED, ISSUED, KEYED, RETURNED, VERIFIED, Issued
from downtime.paper.printed import printed
from downtime.paper.serials import shown
from downtime.reconcile import store as items_store
from downtime.reconcile.harm import store
from downtime.reconcile.harm.findings import KINDS as HARM
from downtime.reconcile.identity import linking, unlinked
from downtime.reconcile.states import RETURN, UNMATCHED
from downtime.reconcile.store import Filter
from downtime.returns.statement import forms as statement_ledger
from downtime.returns.statement import parts
from downtime.returns.statement.owners import Owned, Owners
from downtime.returns.states import SAID
from downtime.settings import Settings
from downtime.sync import clashes, reports
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Open:
    """One thing that is open: what kind, a sentence, and the serials or item it is about."""

    kind: str
    sentence: str
    names: tuple[str, ...] = ()
    owners: tuple[Owned, ...] = ()
    """Who sees to which of them, and by when; nobody has the others."""


def find(vault: Vault, settings: Settings, outage: Outage) -> list[Open]:
    """Everything that is open, in the order in which it has to be settled."""
    owners = Owners.of(vault.db)
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


def _systems(outage: Outage) -> Iterator[Open]:
    for name in outage.down:
        yield Open("system-down", f"{name} is still declared down.", (name,))


def _laptops(vault: Vault, outage: Outage, owners: Owners) -> Iterator[Open]:
    for one in reports.missing(vault, outage):
        name = f"{one.name} ({one.device})" if one.name else one.device
        names = (one.device, *one.unknown)
        yield Open("laptop-awaited", f"Laptop {name}: {one.why}", names, owners.laptop(names))


def _given_twice(vault: Vault, outage: Outage, owners: Owners) -> Iterator[Open]:
    for one in clashes.unsettled(vault, outage):
        serial = one.number.replace("-", "")
        yield Open("given-twice", one.sentence, (one.number,), owners.forms([serial]))


_WAITING = {
    ISSUED: ("form-out", "still out"),
    COLLECTED: ("form-out", "collected by a runner and not returned"),
    RETURNED: ("form-unkeyed", "returned and not keyed"),
    KEYED: ("form-unverified", "keyed and not verified by a second person"),
}


def _forms(vault: Vault, settings: Settings, outage: Outage, owners: Owners) -> Iterator[Open]:
    groups: dict[tuple[str, str, str], list[Issued]] = defaultdict(list)
    ahead = statement_ledger.used_ahead(vault, outage, RETURNED, KEYED)
    for form in [*ledger.in_state(vault, outage.id, *_WAITING), *ahead]:
        groups[form.state, form.ward, form.form].append(form)
    order = list(_WAITING)
    for (state, ward, _), forms in sorted(
        groups.items(), key=lambda g: (order.index(g[0][0]), g[0])
    ):
        kind, words = _WAITING[state]
        if state == RETURNED and _policy(vault, settings, forms[0]) == policies.SCAN:
            kind, words = "form-unfiled", "returned and not filed"
        where = f" of ward {ward}" if ward else ""
        sentence = f"{_plural(len(forms), forms[0].title)}{where}: {words}."
        serials = [form.serial for form in forms]
        yield Open(kind, sentence, tuple(map(shown, serials)), owners.forms(serials))


def _policy(vault: Vault, settings: Settings, form: Issued) -> str:
    return policies.applied(printed(vault, form), settings).policy


def _links(vault: Vault, outage: Outage, owners: Owners) -> Iterator[Open]:
    found = linking.of_outage(vault.db, outage.id)
    waiting = [
        key for key, links in found.items() if any(link.state == linking.PROPOSED for link in links)
    ]
    if waiting:
        words = f"{_plural(len(waiting), 'link')} between paper and a patient: not confirmed yet."
        yield Open("link-unconfirmed", words, tuple(waiting), owners.people(waiting))


def _numbers(vault: Vault, settings: Settings, outage: Outage, owners: Owners) -> Iterator[Open]:
    """Whoever waits with nothing else of theirs open (`_items` has the others)."""
    waiting = [
        one.number
        for one in unlinked.unknowns(vault, settings, outage)
        if one.number and one.decided and one.state == unlinked.TO_LINK
    ]
    if waiting:
        words = f"{_plural(len(waiting), 'downtime number')}: found by another number, not linked."
        yield Open("number-unlinked", words, tuple(waiting), owners.people(waiting))


def _comparison(vault: Vault, outage: Outage) -> Iterator[Open]:
    ahead = statement_ledger.used_ahead(vault, outage, VERIFIED)
    verified = {f.serial for f in [*ledger.in_state(vault, outage.id, VERIFIED), *ahead]}
    run = items_store.last_run(vault.db, outage.id)
    if run is None:
        if verified:
            yield Open("not-compared", "Nothing has been compared with the recovered systems yet.")
        return
    late = [
        shown(entry.serial)
        for entry in entry_store.in_state(vault.db, ENTRY_VERIFIED)
        if entry.serial in verified and entry.changed > run.at
    ]
    if late:
        words = f"{_plural(len(late), 'form')}: verified after the last comparison."
        yield Open("not-compared", words, tuple(late))


def _items(vault: Vault, outage: Outage, owners: Owners) -> Iterator[Open]:
    for row in items_store.listed(vault.db, outage.id, Filter(open_only=True), -1):
        kind = "unmatched" if row.item.state == UNMATCHED else "undecided"
        words = f"{row.item.fact.title} ({row.item.state}): {row.item.explanation}"
        yield Open(kind, words, (row.key,), owners.item(row))
    waiting = [row.key for row in items_store.fetch(vault.db, outage.id, decision=RETURN)]
    if waiting:
        words = f"{_plural(len(waiting), 'item')}: decided to be returned and not sent yet."
        yield Open("not-sent", words, tuple(waiting))


def _messages(vault: Vault, outage: Outage) -> Iterator[Open]:
    for state, found in parts.not_through(vault, outage).items():
        words = f"{_plural(len(found), 'message')}: {SAID[state]}."
        yield Open(f"message-{state}", words, tuple(found))


def _harm(vault: Vault, outage: Outage) -> Iterator[Open]:
    """What waited at T0 and was phoned wrongly: without a word from somebody it stays open."""
    compared = items_store.last_run(vault.db, outage.id)
    looked = store.last_run(vault.db, outage.id)
    if compared and (looked is None or looked.compared < compared.at):
        yield Open("harm-not-reviewed", "The harm review was not made since the last comparison.")
    for kind, keys in store.open_keys(vault.db, outage.id).items():
        what = HARM[kind][0].lower() + HARM[kind][1:]
        yield Open(
            f"harm-{kind}",
            f"{_plural(len(keys), what)}: nobody has said what came of it.",
            tuple(keys),
        )


def _plural(count: int, word: str) -> str:
    return f"{count} × {word}"


def kinds(found: Iterable[Open]) -> dict[str, int]:
    """How many things of each kind are open."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return counts
