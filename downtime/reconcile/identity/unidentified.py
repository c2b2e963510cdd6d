"""Who needs linking: every downtime number and every form whose person no exact number finds."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from downtime.entry.facts import Fact, Person, find_facts
from downtime.entry.keyed_form import make_base_fact
from downtime.entry.model import DRAFT, Entry
from downtime.entry.store import entries as entry_store
from downtime.errors import NotFoundError
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.model import IssuedForm
from downtime.paper.printed_definition import get_printed_definition
from downtime.reconcile.compare import load_records
from downtime.reconcile.identity import links as identity_links
from downtime.reconcile.identity import urgency
from downtime.reconcile.identity.candidates import PersonQuery
from downtime.reconcile.identity.match_patient import SERIAL, match_patient, links_between_forms
from downtime.reconcile.identity.store import Link
from downtime.reconcile.model import ItemState
from downtime.reconcile.record_index import RecordIndex
from downtime.reconcile.store import items as item_store
from downtime.settings import Settings
from downtime.snapshot import load_bundle
from downtime.vault.vault import Vault

TO_LINK, TO_CONFIRM, DONE, SETTLED = "to-link", "to-confirm", "linked", "settled"
Keyed = tuple[str, Fact]
"""A fact with the key under which its person may be linked."""


@dataclass(frozen=True)
class UnidentifiedPerson:
    """One person to link: all facts under one key, and the links that were ever proposed for it."""

    key: str
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]
    urgent: int
    """`urgent` of the most urgent of its forms; 0 when none of them is."""
    decided: bool = False
    """Whether all of it was compared and none of it waits for a decision."""
    found: bool = False
    """Whether something of it was found to be a patient's, by a link or another number."""

    @property
    def number(self) -> str:
        """The downtime number; empty for a form without one."""
        return "" if self.key.startswith(SERIAL) else self.key

    @cached_property
    def serials(self) -> tuple[str, ...]:
        """Of its forms, in order."""
        return tuple(sorted({fact.serial for fact in self.facts}))

    @property
    def ref(self) -> str:
        """Names the person in an address: its first form's serial, or the row of a list; no number."""
        return self.serials[0] if self.number else self.key.removeprefix(SERIAL)

    @cached_property
    def papers(self) -> tuple[Person, ...]:
        """Every variant of what the forms say of the person, without the patient printed for."""
        return tuple(dict.fromkeys(fact.person._replace(id="") for fact in self.facts))

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Names of its forms."""
        return tuple(sorted({fact.form for fact in self.facts}))

    @cached_property
    def wards(self) -> tuple[str, ...]:
        return tuple(sorted({fact.ward for fact in self.facts} - {""}))

    @cached_property
    def keyed_by(self) -> tuple[str, ...]:
        """Account ids of those who keyed its forms."""
        return tuple(sorted({fact.transcriber for fact in self.facts}))

    @property
    def first(self) -> str:
        """When the first of it happened (UTC)."""
        return min((fact.event for fact in self.facts if fact.event), default="")

    @property
    def last(self) -> str:
        return max((fact.event for fact in self.facts if fact.event), default="")

    @property
    def link(self) -> Link | None:
        """The link that is proposed or in force."""
        current = (identity_links.PROPOSED, identity_links.CONFIRMED)
        return next((link for link in self.links if link.state in current), None)

    @property
    def state(self) -> str:
        """`to-link`, `to-confirm`, `linked`, or `settled`: decided about, and linked to nobody.

        A downtime number that is a known patient's is linked all the same: whoever knows the number
        is to be told.
        """
        if self.link is None:
            return SETTLED if self.decided and not (self.number and self.found) else TO_LINK
        return DONE if self.link.state == identity_links.CONFIRMED else TO_CONFIRM

    @property
    def sought(self) -> PersonQuery:
        """What the candidates are looked up by."""
        return PersonQuery(self.papers, self.wards, self.first, self.last)

    @property
    def has_new_paper(self) -> bool:
        """Whether a form came after the link and says what nobody saw who decided."""
        return self.link is not None and not set(self.papers) <= set(self.link.paper)


def list_unidentified(vault: Vault, settings: Settings, outage: Outage) -> list[UnidentifiedPerson]:
    """The work list of an outage: the most urgent first, then by when they were first seen.

    A form that was printed for a patient is here when the last comparison did not find them.
    """
    made = identity_links.of_outage(vault.db, outage.id)
    found = [*_blanks(vault, settings, outage), *_unmatched(vault, outage)]
    gone = {key for key in made if key.startswith(SERIAL)} - {key for key, _ in found}
    found += [(key, fact) for key, fact in _decided(vault, settings, gone) if key in gone]
    groups: dict[str, list[Fact]] = {}
    for key, fact in _needing(vault, found, made):
        groups.setdefault(key, []).append(fact)
    places = urgency.urgency_order(vault.home, settings)
    keys = [fact.key for given in groups.values() for fact in given]
    patients = item_store.fetch_settled_patients(vault.db, outage.id, keys)
    listed = (
        UnidentifiedPerson(
            key, tuple(given), tuple(made.get(key, ())), urgency.most_urgent(given, places),
            all(fact.key in patients for fact in given),
            any(patients.get(fact.key) for fact in given),
        )
        for key, given in groups.items()
    )  # fmt: skip
    return sorted(listed, key=lambda one: (not one.urgent, one.urgent, one.first, one.key))


def find_unidentified(
    vault: Vault, settings: Settings, outage: Outage, ref: str
) -> UnidentifiedPerson:
    """The person whom a `ref` or the serial of a form names; NotFoundError when none has to be linked."""
    listed = list_unidentified(vault, settings, outage)
    number = ref.replace("-", "").upper()
    for one in (
        *(one for one in listed if one.ref == ref),
        *(one for one in listed if number in one.serials),
    ):
        return one
    raise NotFoundError(
        "identity.settled",
        "Nobody has to settle whom this form is about.",
        "See the work list for those who are left.",
    )


def _blanks(vault: Vault, settings: Settings, outage: Outage) -> Iterator[Keyed]:
    """The facts of forms that were printed for nobody and are entered."""
    for issued in ledger.list_forms_without_patient(vault, outage.id):
        entry = entry_store.fetch(vault.db, issued.serial)
        if entry is None or entry.state == DRAFT:
            continue
        if issued.outage or (not outage.drill and entry.event >= outage.opened):
            yield from _keyed(vault, settings, issued, entry)


def _decided(vault: Vault, settings: Settings, keys: Iterable[str]) -> Iterator[Keyed]:
    """The facts of forms that a link names: found by it, they are not unmatched any more."""
    for serial in sorted({key.removeprefix(SERIAL).partition("-")[0] for key in keys}):
        issued = ledger.get_form(vault, serial)
        entry = entry_store.fetch(vault.db, serial)
        if entry is not None and entry.state != DRAFT:
            yield from _keyed(vault, settings, issued, entry)


def _keyed(vault: Vault, settings: Settings, issued: IssuedForm, entry: Entry) -> Iterator[Keyed]:
    """Each fact under its key: of a form about one patient the serial, of a list the row."""
    definition = get_printed_definition(vault, issued)
    zone = ZoneInfo(settings.site.time_zone)
    about_one = bool(definition.identity)
    for fact in find_facts(definition, entry.answers, make_base_fact(issued, entry), zone):
        if fact.person.downtime_number:
            yield fact.person.downtime_number, fact
        elif about_one or fact.person != Person():
            yield SERIAL + (fact.serial if about_one else fact.key), fact


def _unmatched(vault: Vault, outage: Outage) -> Iterator[Keyed]:
    """What the last comparison did not find although it was printed for a patient."""
    for row in item_store.fetch_items(vault.db, outage.id, state=ItemState.UNMATCHED):
        fact = row.item.fact
        if fact.person.id and not fact.person.downtime_number:
            yield SERIAL + fact.serial, fact


def _needing(vault: Vault, found: list[Keyed], made: Mapping[str, object]) -> Iterator[Keyed]:
    """Without those whom an exact number finds beyond doubt; a downtime number always needs a link."""
    after = _people(vault, [fact.person for _, fact in found])
    by_paper = links_between_forms(fact for _, fact in found)
    for key, fact in found:
        if key.startswith(SERIAL) and key not in made:
            match = match_patient(fact.person, after, by_paper)
            if match.patient is not None and not match.doubt:
                continue
        yield key, fact


def _people(vault: Vault, persons: list[Person]) -> RecordIndex:
    """Whom the forms' numbers name in the snapshot in use; nobody where there is none."""
    try:
        opened = load_bundle.open_current_snapshot(vault)
    except NotFoundError:
        return RecordIndex()
    with closing(opened) as snapshot:
        return RecordIndex(load_records.load_people(snapshot, persons))
