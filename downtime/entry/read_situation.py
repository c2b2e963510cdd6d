"""Read what a form's answers are held against: outage, stay, wards, and the patient's other forms."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from downtime.clinical.model import (
    AdministrationStatus,
    EncounterStatus,
    MedicationAdministration,
    MedicationRequest,
)
from downtime.clock import from_text
from downtime.entry.facts import Fact
from downtime.entry.keyed_answers import make_fact_reader
from downtime.entry.keyed_form import KeyedForm
from downtime.entry.open_form import open_form
from downtime.entry.plausibility.model import Dose, KnownWard, Situation, fold_ward
from downtime.entry.plausibility.number_rules import find_limits, find_measures
from downtime.entry.store import entries
from downtime.entry.validation import keyed_fields, read_latest
from downtime.errors import NotFoundError
from downtime.outage import laptop_outages, outages
from downtime.outage.model import Outage
from downtime.paper.forms.model import FormDefinition, FormSubject
from downtime.paper.model import IssuedForm, Subject
from downtime.paper.store import issued_forms
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.opened_snapshot import Snapshot
from downtime.vault.vault import Vault

T = TypeVar("T")
_ADMINISTRATION = MedicationAdministration.__name__
_WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class _Stay:
    """What a snapshot says of one patient's stay and medicines."""

    admitted: datetime | None = None
    ended: datetime | None = None
    ward: str = ""
    orders: tuple[MedicationRequest, ...] = ()
    doses: tuple[Dose, ...] = ()


_NO_STAY = _Stay()
_wards_by_vault: WeakKeyDictionary[Vault, dict[str, tuple[KnownWard, ...]]] = WeakKeyDictionary()
"""The wards of each snapshot, for as long as the vault is open: a snapshot never changes."""
_Stays = OrderedDict[tuple[str, str, bool], _Stay]
_stays_by_vault: WeakKeyDictionary[Vault, _Stays] = WeakKeyDictionary()
"""Stays that were read last: by snapshot, patient, and whether medicines are among them."""
_MOST_STAYS = 500


def read_situation(vault: Vault, settings: Settings, form: KeyedForm) -> Situation:
    """All that is known here; without an outage or a snapshot less is judged.

    Of a paper that names somebody else, nothing is held against whom it was printed for.
    """
    if form.names_other:
        form = replace(form, issued=replace(form.issued, subject=Subject()))
    issued = form.issued
    outage = find_outage_of_form(vault, issued)
    stay, wards = _read_snapshot(vault, settings, form.definition, issued, outage)
    others = _list_other_serials(vault, form)
    end = outage.last_end if outage else ""
    return Situation(
        now=read_latest(vault, settings),
        zone=ZoneInfo(settings.site.time_zone),
        settings=settings.plausibility,
        outage_start=from_text(laptop_outages.find_start(vault.db, outage)) if outage else None,
        outage_end=from_text(end) if end else None,
        printed=from_text(issued.issued_at),
        birth_date=issued.subject.birth_date,
        gender=issued.subject.gender,
        admitted=stay.admitted,
        ended=stay.ended,
        stay_ward=stay.ward,
        form_ward=issued.ward,
        wards=wards,
        orders=stay.orders,
        doses=stay.doses,
        other_facts=_read_facts(vault, settings, others),
        last_weight=_find_last_weight(vault, settings, form, others),
    )


def find_outage_of_form(vault: Vault, issued: IssuedForm) -> Outage | None:
    """The outage of a form; of one printed ahead of any, the one that is under way, else the last."""
    same_kind = [item for item in outages.list_outages(vault) if item.drill == issued.drill]
    of_form = next((item for item in same_kind if item.id == issued.outage), None)
    if of_form or issued.outage:
        return of_form or _find_on_laptop(vault, issued.outage)
    unclosed = [item for item in outages.list_unclosed(vault) if item.drill == issued.drill]
    return next(iter([*unclosed, *same_kind]), None)


def _find_on_laptop(vault: Vault, name: str) -> Outage | None:
    """An outage of another machine that is not joined to one here."""
    declared = laptop_outages.list_laptop_outages(vault.db)
    return next((item.outage_on_laptop for item in declared if item.name_in_bundles == name), None)


def _read_snapshot(
    vault: Vault,
    settings: Settings,
    definition: FormDefinition,
    issued: IssuedForm,
    outage: Outage | None,
) -> tuple[_Stay, Mapping[str, KnownWard]]:
    """The patient's stay at T0, and all wards that there are or were."""
    t0 = outage.get_snapshot(definition.system) if outage else ""
    current = local_snapshots.get_current_id(vault)
    stay = _find_stay(vault, t0 or current, definition, issued.subject.patient)
    known = [ward for snapshot in {t0, current} - {""} for ward in _list_wards(vault, snapshot)]
    if not known:
        return stay or _NO_STAY, {}
    codes = (*settings.paper.ward_types, *settings.plausibility.wards, issued.ward)
    named = {fold_ward(code): KnownWard(code) for code in codes if code}
    return stay or _NO_STAY, named | dict(_index_wards(known))


def _read(vault: Vault, snapshot_id: str, read: Callable[[Snapshot], T]) -> T | None:
    """What is read of a snapshot; None where it is not here."""
    try:
        with local_snapshots.open_snapshot(vault, snapshot_id) as snapshot:
            return read(snapshot)
    except NotFoundError:
        return None


def _find_stay(
    vault: Vault, snapshot_id: str, definition: FormDefinition, patient: str
) -> _Stay | None:
    """The stay of a patient in a snapshot, remembered for their next form."""
    if not (patient and snapshot_id):
        return None
    stays = _stays_by_vault.setdefault(vault, OrderedDict())
    gives = _gives_medicines(definition)
    key = (snapshot_id, patient, gives)
    stay = stays.get(key)
    if stay is None:
        stay = _read(vault, snapshot_id, _make_stay_reader(patient, gives_medicines=gives))
        if stay is not None:
            stays[key] = stay
        while len(stays) > _MOST_STAYS:
            stays.popitem(last=False)
    return stay


def _gives_medicines(definition: FormDefinition) -> bool:
    """Whether doses are given on a form: only then medicines are read."""
    records = {item.record or definition.record for item in definition.fields()}
    return _ADMINISTRATION in records


def _make_stay_reader(patient: str, *, gives_medicines: bool) -> Callable[[Snapshot], _Stay]:
    """Reads the stay of a patient, and their medicines where they are asked for."""

    def read(snapshot: Snapshot) -> _Stay:
        stay = snapshot.find_encounter(patient)
        began = stay is not None and stay.status != EncounterStatus.PLANNED
        return _Stay(
            admitted=_parse_instant(stay.started) if stay and began else None,
            ended=_parse_instant(stay.ended) if stay and began else None,
            ward=stay.ward if stay and began else "",
            orders=tuple(snapshot.list_medicines(patient)) if gives_medicines else (),
            doses=tuple(_list_doses(snapshot, patient)) if gives_medicines else (),
        )

    return read


def _list_doses(snapshot: Snapshot, patient: str) -> Iterator[Dose]:
    for dose in snapshot.find_records(MedicationAdministration, "patient", [patient]):
        if _parse_instant(dose.given) and dose.status != AdministrationStatus.NOT_GIVEN:
            yield Dose(dose.medicine, dose.dosage, dose.given, "")


def _parse_instant(text: str) -> datetime | None:
    """A stored time; None for a mere day, which is no instant."""
    return from_text(text) if "T" in text else None


def _list_wards(vault: Vault, snapshot_id: str) -> tuple[KnownWard, ...]:
    """The wards of a snapshot; none of one that is not here."""
    by_snapshot = _wards_by_vault.setdefault(vault, {})
    if snapshot_id not in by_snapshot:
        rows = _read(vault, snapshot_id, Snapshot.list_wards)
        if rows is None:
            return ()
        by_snapshot[snapshot_id] = tuple(
            KnownWard(
                row.code, bool(row.closed) and row.closed >= row.beds and not row.patients,
                row.patients, row.beds, row.name,
            )
            for row in rows
        )  # fmt: skip
    return by_snapshot[snapshot_id]


def _index_wards(wards: list[KnownWard]) -> Iterator[tuple[str, KnownWard]]:
    for ward in wards:
        yield from ((fold_ward(text), ward) for text in (ward.name, ward.code) if text)


def _list_other_serials(vault: Vault, form: KeyedForm) -> list[str]:
    """The other entered forms of this patient in the same outage, or of the same downtime number."""
    subject = form.issued.subject
    if form.definition.subject != FormSubject.PATIENT:
        return []
    serials = issued_forms.fetch_serials_of_person(
        vault.db, form.issued.outage, subject.patient, subject.downtime_number
    )
    return entries.find_entered(vault.db, [s for s in serials if s != form.issued.serial])


def _read_facts(vault: Vault, settings: Settings, serials: list[str]) -> tuple[Fact, ...]:
    if not serials:
        return ()
    read = make_fact_reader(vault, settings)
    return tuple(fact for _, facts in read(serials) for fact in facts)


def _find_last_weight(vault: Vault, settings: Settings, form: KeyedForm, serials: list[str]) -> str:
    """The weight that the latest of the other forms has; looked for only where one is asked."""
    if _WEIGHT not in _list_limit_names(form.definition):
        return ""
    weights: list[tuple[str, str]] = []
    for serial in serials:
        other = open_form(vault, serial, settings)
        measures = dict(find_measures(keyed_fields(other.definition), other.answers))
        if other.entry and _WEIGHT in measures:
            weights.append((other.entry.event, other.answers[measures[_WEIGHT]]))
    return max(weights)[1] if weights else ""


def _list_limit_names(definition: FormDefinition) -> set[str]:
    """The limits that fields of a form have."""
    fields = keyed_fields(definition).values()
    return {limits.name for item in fields if (limits := find_limits(item))}
