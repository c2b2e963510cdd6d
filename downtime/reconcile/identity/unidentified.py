"""Who needs linking: every downtime number and every form whose person no exact number finds."""

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from downtime.config import Home
from downtime.entry.event_facts import read_event_facts
from downtime.entry.events_on_paper import event_stamps
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.keyed_form import make_base_fact
from downtime.entry.model import Entry, EntryState
from downtime.entry.store import entries as entry_store
from downtime.errors import NotFoundError
from downtime.outage.events.model import is_event_id
from downtime.outage.laptop_outages import find_paper_window
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.forms.load_form import load_forms
from downtime.paper.ledger import get_printed_definition
from downtime.paper.model import IssuedForm
from downtime.reconcile.compare import load_records
from downtime.reconcile.identity.candidates import PersonQuery
from downtime.reconcile.identity.links import links_by_key
from downtime.reconcile.identity.match_patient import SERIAL, links_between_forms, match_patient
from downtime.reconcile.identity.model import CURRENT, Link, LinkState
from downtime.reconcile.model import ItemState
from downtime.reconcile.record_index import RecordIndex
from downtime.reconcile.store import items as item_store
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault.vault import Vault


class PersonState(StrEnum):
    """How far the identity of somebody on paper is settled."""

    TO_LINK = "to-link"
    TO_CONFIRM = "to-confirm"
    LINKED = "linked"
    SETTLED = "settled"
    """All of it is decided about, and linked to nobody."""


KeyedFact = tuple[str, Fact]
"""A fact with the key under which its person may be linked."""


@dataclass(frozen=True)
class UnidentifiedPerson:
    """One person to link: all facts under one key, and the links that were ever proposed for it."""

    key: str
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]
    urgency_rank: int
    """`urgent` of the most urgent of its forms; 0 when none of them is."""
    is_decided: bool = False
    """Whether all of it was compared and none of it waits for a decision."""
    has_patient: bool = False
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
    def stated_identities(self) -> tuple[PaperPerson, ...]:
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
        return next((link for link in self.links if link.state in CURRENT), None)

    @property
    def state(self) -> PersonState:
        """How far it is settled who this is.

        A downtime number that is a known patient's is linked all the same: whoever knows the number
        is to be told.
        """
        if self.link is None:
            is_known_number = self.number and self.has_patient
            is_settled = self.is_decided and not is_known_number
            return PersonState.SETTLED if is_settled else PersonState.TO_LINK
        is_confirmed = self.link.state == LinkState.CONFIRMED
        return PersonState.LINKED if is_confirmed else PersonState.TO_CONFIRM

    @property
    def query(self) -> PersonQuery:
        """What the candidates are looked up by."""
        return PersonQuery(self.stated_identities, self.wards, self.first, self.last)

    @property
    def has_new_paper(self) -> bool:
        """Whether a form came after the link and says what nobody saw who decided."""
        return self.link is not None and not set(self.stated_identities) <= set(self.link.paper)


def list_unidentified(vault: Vault, settings: Settings, outage: Outage) -> list[UnidentifiedPerson]:
    """The work list of an outage: the most urgent first, then by when they were first seen.

    A form that was printed for a patient is here when the last comparison did not find them.
    """
    links = links_by_key(vault.db, outage.id)
    keyed_facts = [
        *_facts_of_blanks(vault, settings, outage),
        *_facts_of_registered(vault, settings, outage),
        *_unmatched_facts(vault, outage),
    ]
    missing = {key for key in links if key.startswith(SERIAL)} - {key for key, _ in keyed_facts}
    keyed_facts += [
        (key, fact) for key, fact in _linked_facts(vault, settings, missing) if key in missing
    ]
    facts_by_key: dict[str, list[Fact]] = {}
    for key, fact in _needing_a_link(vault, keyed_facts, links):
        facts_by_key.setdefault(key, []).append(fact)
    order = _urgency_order(vault.home, settings)
    fact_keys = [fact.key for facts in facts_by_key.values() for fact in facts]
    patients = item_store.fetch_settled_patients(vault.db, outage.id, fact_keys)
    people = (
        UnidentifiedPerson(
            key,
            tuple(facts),
            tuple(links.get(key, ())),
            urgency_rank=min((order[fact.form] for fact in facts if fact.form in order), default=0),
            is_decided=all(fact.key in patients for fact in facts),
            has_patient=any(patients.get(fact.key) for fact in facts),
        )
        for key, facts in facts_by_key.items()
    )
    return sorted(
        people,
        key=lambda person: (not person.urgency_rank, person.urgency_rank, person.first, person.key),
    )


def _urgency_order(home: Home, settings: Settings) -> Mapping[str, int]:
    """The rank of each urgent form by its name, 1 before all: the site's, or that of its file."""
    if order := settings.reconcile.urgent_forms:
        return {name: rank for rank, name in enumerate(order, 1)}
    return {name: form.urgent for name, form in load_forms(home).items() if form.urgent}


def find_unidentified(
    vault: Vault, settings: Settings, outage: Outage, ref: str
) -> UnidentifiedPerson:
    """The person whom a `ref` or the serial of a form names; NotFoundError when none has to be linked."""
    people = list_unidentified(vault, settings, outage)
    serial = ref.replace("-", "").upper()
    for person in (
        *(person for person in people if person.ref == ref),
        *(person for person in people if serial in person.serials),
    ):
        return person
    raise NotFoundError(
        "identity.settled",
        "Nobody has to settle whom this form is about.",
        "See the work list for those who are left.",
    )


def _facts_of_blanks(vault: Vault, settings: Settings, outage: Outage) -> Iterator[KeyedFact]:
    """The facts of forms that were printed for nobody and are entered."""
    start, end = find_paper_window(vault.db, outage)
    for issued in ledger.list_forms_without_patient(vault, outage.id):
        entry = entry_store.fetch_entry(vault.db, issued.serial)
        if entry is None or entry.state == EntryState.DRAFT:
            continue
        if issued.outage or start <= entry.event < end:
            yield from _keyed(vault, settings, issued, entry)


def _facts_of_registered(vault: Vault, settings: Settings, outage: Outage) -> Iterator[KeyedFact]:
    """What was recorded on the screen of people who were registered there."""
    for _, facts in read_event_facts(vault, settings, event_stamps(vault, settings, outage)):
        for fact in facts:
            if fact.person.downtime_number:
                yield fact.person.downtime_number, fact


def _linked_facts(vault: Vault, settings: Settings, keys: Iterable[str]) -> Iterator[KeyedFact]:
    """The facts of forms that a link names: found by it, they are not unmatched any more."""
    serials = sorted({key.removeprefix(SERIAL).partition("-")[0] for key in keys})
    for root, facts in read_event_facts(vault, settings, filter(is_event_id, serials)):
        yield from ((SERIAL + root, fact) for fact in facts)
    for serial in itertools.filterfalse(is_event_id, serials):
        issued = ledger.get_form(vault, serial)
        entry = entry_store.fetch_entry(vault.db, serial)
        if entry is not None and entry.state != EntryState.DRAFT:
            yield from _keyed(vault, settings, issued, entry)


def _keyed(
    vault: Vault, settings: Settings, issued: IssuedForm, entry: Entry
) -> Iterator[KeyedFact]:
    """Each fact under its key: of a form about one patient the serial, of a list the row."""
    definition = get_printed_definition(vault, issued)
    zone = ZoneInfo(settings.site.time_zone)
    about_one = bool(definition.identity)
    for fact in find_facts(definition, entry.answers, make_base_fact(issued, entry), zone):
        if fact.person.downtime_number:
            yield fact.person.downtime_number, fact
        elif about_one or fact.person != PaperPerson():
            yield SERIAL + (fact.serial if about_one else fact.key), fact


def _unmatched_facts(vault: Vault, outage: Outage) -> Iterator[KeyedFact]:
    """What the last comparison did not find although it was printed for a patient."""
    for row in item_store.fetch_items(vault.db, outage.id, state=ItemState.UNMATCHED):
        fact = row.item.fact
        if fact.person.id and not fact.person.downtime_number:
            yield SERIAL + fact.serial, fact


def _needing_a_link(
    vault: Vault, keyed_facts: list[KeyedFact], linked_keys: Container[str]
) -> Iterator[KeyedFact]:
    """Without those whom an exact number finds beyond doubt; a downtime number always needs a link."""
    after = _load_people(vault, [fact.person for _, fact in keyed_facts])
    by_forms = links_between_forms(fact for _, fact in keyed_facts)
    for key, fact in keyed_facts:
        if key.startswith(SERIAL) and key not in linked_keys:
            match = match_patient(fact.person, after, by_forms)
            if match.patient is not None and not match.contradictions:
                continue
        yield key, fact


def _load_people(vault: Vault, persons: list[PaperPerson]) -> RecordIndex:
    """Whom the forms' numbers name in the snapshot in use; nobody where there is none."""
    try:
        opened = local_snapshots.open_current_snapshot(vault)
    except NotFoundError:
        return RecordIndex()
    with closing(opened) as snapshot:
        return load_records.index_people(snapshot, persons)
