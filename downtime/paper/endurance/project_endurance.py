"""Count stocks, and project how long they last by this outage's own use, else by the plan's.

An outage says what it uses once it has lasted a day; before that the settings' plan is taken for the
patients who are in hospital. What was counted is less what was printed since.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing

from downtime.clinical.model import Encounter
from downtime.clock import from_text
from downtime.errors import InputError, NotFoundError
from downtime.outage import outages
from downtime.outage.downtime_numbers import list_issue_times
from downtime.outage.model import Outage
from downtime.paper import ledger
from downtime.paper.endurance import store
from downtime.paper.endurance.model import (
    COUNTED,
    AuditAction,
    Endurance,
    KeyingLoad,
    Projection,
    StockCount,
    StockKind,
)
from downtime.paper.model import OUT, FormState, Pack, PackKind, PackState
from downtime.settings import Settings
from downtime.snapshot import local_snapshots
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

_DAY_HOURS = 24
_MOST = 10_000_000
Use = Mapping[StockKind, float | None]
"""What is used in a day; None where that is not known."""


def count_stock(vault: Vault, amounts: Mapping[StockKind, int], actor: Actor) -> None:
    """Keep what somebody counted; InputError for what nobody counts, or cannot be."""
    for kind, amount in amounts.items():
        if kind not in COUNTED or not 0 <= amount <= _MOST:
            raise InputError(
                "stock.count", "That is no count.", "Count what is there, whole sheets."
            )
    target = ",".join(amounts)
    with vault.change(actor, AuditAction.STOCK_COUNT, target=target) as db:
        for kind, amount in amounts.items():
            store.insert_count(db, StockCount(kind, amount, vault.now(), actor.id, actor.name))


def project_endurance(vault: Vault, settings: Settings) -> Endurance:
    """What lasts how long, the shortest first; what is not known stands last."""
    outage = outages.find_current(vault)
    hours = _count_hours(vault, outage)
    is_measured = outage is not None and hours >= _DAY_HOURS
    use = (
        _measure(vault, settings, outage, hours)
        if outage and is_measured
        else _plan(vault, settings)
    )
    counts = store.fetch_latest(vault.db)
    projections = [
        Projection(
            kind,
            _find_left(vault, settings, kind, counts.get(kind)),
            use[kind],
            is_measured,
            counts.get(kind),
        )
        for kind in StockKind
    ]
    projections.sort(key=lambda item: (item.days is None, item.days or 0.0))
    return Endurance(tuple(projections), _load(vault, settings, use))


def _count_hours(vault: Vault, outage: Outage | None) -> float:
    if outage is None:
        return 0.0
    end = outage.last_end or vault.now()
    return (from_text(end) - from_text(outage.opened)).total_seconds() / 3600


def _measure(vault: Vault, settings: Settings, outage: Outage, hours: float) -> Use:
    packs = [p for p in ledger.list_packs(vault, outage.id) if p.state == PackState.PRINTED]
    end = outage.last_end or vault.now()
    numbers = sum(outage.opened <= time <= end for time in list_issue_times(vault))
    serials = sum(count.number for count in ledger.count_forms(vault, outage.id))
    used = {**_count_pages(packs, settings), StockKind.SERIALS: serials, StockKind.NUMBERS: numbers}
    return {kind: used[kind] * _DAY_HOURS / hours for kind in StockKind}


def _count_pages(packs: Sequence[Pack], settings: Settings) -> dict[StockKind, float]:
    copies, sides = settings.printing.copies, 2 if settings.printing.two_sided else 1
    labels = sum(pack.pages for pack in packs if pack.kind == PackKind.LABELS)
    pages = sum(pack.pages for pack in packs if pack.kind != PackKind.LABELS) * copies
    return {
        StockKind.SHEETS: pages / sides,
        StockKind.TONER: pages + labels,
        StockKind.LABELS: labels,
    }


def _plan(vault: Vault, settings: Settings) -> Use:
    plan, patients = settings.endurance, _count_patients(vault)
    if patients is None:
        of_patients = dict.fromkeys(StockKind, None)
        return {**of_patients, StockKind.NUMBERS: plan.new_patients_per_day}
    sheets = patients * plan.sheets_per_patient_day
    labels = patients * plan.label_sheets_per_patient_day
    return {
        StockKind.SHEETS: sheets,
        StockKind.TONER: sheets + labels,
        StockKind.LABELS: labels,
        StockKind.SERIALS: sheets,
        StockKind.NUMBERS: plan.new_patients_per_day,
    }


def _count_patients(vault: Vault) -> int | None:
    """Who is in hospital; None without a snapshot, or while no system said who is."""
    try:
        with closing(local_snapshots.open_current_snapshot(vault)) as snapshot:
            is_known = snapshot.find_availability(Encounter.__name__).is_known
            return len(snapshot.list_inpatients()) or (0 if is_known else None)
    except NotFoundError:
        return None


def _find_left(
    vault: Vault, settings: Settings, kind: StockKind, count: StockCount | None
) -> int | None:
    numbers, serials = ledger.list_supplies(vault, settings)
    if kind == StockKind.NUMBERS:
        return numbers.remaining
    if kind == StockKind.SERIALS:
        return serials.remaining
    if count is None:
        return None
    printed = [
        pack
        for pack in ledger.list_packs(vault)
        if pack.state == PackState.PRINTED and pack.issued_at > count.at
    ]
    return max(0, count.amount - round(_count_pages(printed, settings)[kind]))


def _load(vault: Vault, settings: Settings, use: Use) -> KeyingLoad:
    """Of all outages that are not closed: people key the paper of each."""
    to_key = (*OUT, FormState.RETURNED)
    unclosed = outages.list_current_kind(vault)
    counts = [count for item in unclosed for count in ledger.count_forms(vault, item.id)]
    waiting = sum(count.number for count in counts if count.state in to_key)
    plan = settings.endurance
    per_day = use[StockKind.SERIALS]
    return KeyingLoad(waiting, per_day, plan.minutes_per_form, plan.keying_hours_per_day)
