"""The parts of the statement: window, snapshots, patients, identity, quality, messages, harm.

A patient was admitted in the outage when their stay began within its window, and is counted on the
ward where it began as far as that is known: an admission form says so. The recovered system keeps
only where a patient is, so any other is counted there. A discharge is counted on the last ward.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

from downtime.clinical.model import Encounter, EncounterClass, Record
from downtime.entry import quality
from downtime.entry.model import CheckSum, VerificationBasis
from downtime.entry.store import second_keyings
from downtime.outage import laptop_outages
from downtime.outage.model import Outage
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.identity import links as identity_links
from downtime.reconcile.identity.model import LinkState
from downtime.reconcile.model import Item, StoredItem
from downtime.returns.model import WAITING, Channel, MessageState
from downtime.returns.store import outbox_messages
from downtime.returns.store.outbox_messages import MessageCount
from downtime.snapshot import local_snapshots
from downtime.sync import laptop_reports
from downtime.vault.vault import Vault


def describe_outage(vault: Vault, outage: Outage) -> dict[str, Any]:
    """The outage, its window on all laptops and each system's; `ended` is empty while one is down."""
    declarations = laptop_outages.list_declarations(vault.db, outage.id)
    outages = (outage, *(declaration.outage_on_laptop for declaration in declarations))
    ended = [system.ended for o in outages for system in o.systems if system.ended]
    return {
        "id": outage.id,
        "label": outage.label,
        "drill": outage.drill,
        "opened": laptop_outages.find_start(vault.db, outage),
        "ended": "" if outage.down else max(ended, default=outage.last_end),
        "systems": [asdict(system) for system in outage.systems],
    }


def list_laptops(vault: Vault, outage: Outage) -> list[dict[str, Any]]:
    """Every laptop of the fleet: when it handed over last, and what is still awaited of it.

    `state` is `reported`, `awaited` (something is missing), or `never` when it handed over nothing.
    """
    return [
        {
            "device": laptop.device,
            "name": laptop.name,
            "state": ("reported" if laptop.is_complete else "awaited")
            if laptop.merged
            else "never",
            "taken": laptop.merged,
            "settled": laptop.is_complete,
            "why": laptop.explanation,
            "unknown": list(laptop.unreported),
        }
        for laptop in laptop_reports.report_laptops(vault, outage)
    ]


def list_taken_over(vault: Vault, outage: Outage) -> list[dict[str, Any]]:
    """Bundles of laptops that a person took over although the audit chain does not hold."""
    return [
        {
            "device": bundle.device,
            "sha256": bundle.sha256,
            "doubt": bundle.sentence,
            "by": bundle.merged_name,
            "taken": bundle.merged,
            "why": bundle.reason,
            "clashes": list(bundle.duplicate_numbers),
        }
        for bundle in laptop_reports.find_untrusted_bundles(vault, outage)
    ]


def describe_snapshot(vault: Vault, snapshot_id: str) -> dict[str, Any] | None:
    """What a snapshot was: its time, its hash and the newest data of each system."""
    for info in local_snapshots.list_snapshots(vault):
        if info.id == snapshot_id:
            newest = dict(sorted(info.header.systems.items()))
            created = info.header.created
            return {"id": info.id, "created": created, "sha256": info.sha256, "newest": newest}
    return None


def count_patients(
    vault: Vault, outage: Outage, recovered: str, until: str, items: Iterable[StoredItem]
) -> dict[str, Any]:
    """By ward: patients at T0, admitted and discharged until the systems were back (UTC)."""
    snapshot_ids = {info.id for info in local_snapshots.list_snapshots(vault)}
    counts: dict[str, Any] = {"t0": {}, "admitted": {}, "discharged": {}}
    if outage.snapshot in snapshot_ids:
        with closing(local_snapshots.open_snapshot(vault, outage.snapshot)) as snapshot:
            wards = (r.encounter.ward if r.encounter else "" for r in snapshot.list_inpatients())
            counts["t0"] = dict(sorted(Counter(wards).items()))
    if recovered in snapshot_ids:
        with closing(local_snapshots.open_snapshot(vault, recovered)) as snapshot:
            first_wards = find_first_wards(row.item for row in items)
            stays = snapshot.iterate_records("Encounter")
            counts |= count_movements(stays, outage.opened, until, first_wards)
    return counts


def summarize_unmatched(rows: Sequence[StoredItem]) -> dict[str, Any]:
    """Items whose patient was not found, and how many people they are about."""
    return {
        "patients": len({row.item.fact.person.any_number or row.item.fact.serial for row in rows}),
        "results": sum(row.item.fact.type == "Observation" for row in rows),
        "items": [
            {"item": row.key, "form": row.item.fact.form, "decision": row.decided.decision}
            for row in rows
        ],
    }


def count_links(vault: Vault, outage: Outage) -> dict[str, int]:
    """How many links between paper and recovered patients are in each state."""
    links_by_key = identity_links.links_by_key(vault.db, outage.id)
    counts = Counter(str(link.state) for links in links_by_key.values() for link in links)
    return {str(state): counts[state] for state in LinkState}


_BASES = {
    "checked": (VerificationBasis.REKEYED,),
    "critical": (VerificationBasis.AGREED,),
    "seen": (VerificationBasis.REKEYED, VerificationBasis.AGREED),
}


def measure_error_rate(vault: Vault, outage: Outage, ahead: Iterable[str]) -> dict[str, Any]:
    """Wrong fields among those a second person keyed blind, with the 95 % interval, by form and all.

    `critical` are critical fields, `checked` all others, `seen` both: no field counts twice, and an
    error is one of the first keying. That somebody laid an entry beside its paper and found nothing
    counts as little here as in `entry.quality`. `ahead` are serials printed ahead.
    """
    sums = [
        row
        for row in second_keyings.sum_checks(vault.db, outage.id, ahead)
        if row.basis in _BASES["seen"]
    ]
    return {
        "all": _error_rates(sums),
        "forms": [
            {"form": form} | _error_rates([row for row in sums if row.form == form])
            for form in sorted({row.form for row in sums})
        ],
    }


def _error_rates(sums: Sequence[CheckSum]) -> dict[str, Any]:
    return {
        name: _error_rate([row for row in sums if row.basis in bases])
        for name, bases in _BASES.items()
    }


def _error_rate(sums: Sequence[CheckSum]) -> dict[str, Any]:
    fields, errors = sum(row.fields for row in sums), sum(row.errors for row in sums)
    low, high = quality.wilson_interval(errors, fields)
    return {
        "checks": sum(row.forms for row in sums),
        "fields": fields,
        "errors": errors,
        "percent": _percent(errors / fields) if fields else None,
        "low_percent": _percent(low) if fields else None,
        "high_percent": _percent(high) if fields else None,
    }


def _percent(share: float) -> str:
    """As text: a statement holds no number with a fraction, which programs write differently."""
    return f"{100 * share:.2f}"


def summarize_returned(vault: Vault, outage: Outage) -> dict[str, Any]:
    """Messages by system, channel, kind and state, each system's sums, and worklist lines."""
    counts = outbox_messages.count_messages(vault.db, outage.id)
    lines: Counter[MessageState] = Counter()
    for count in counts:
        if count.channel == Channel.WORKLIST:
            lines[count.state] += count.messages
    return {
        "rows": [count._asdict() for count in counts],
        "systems": _sum_by_system(c for c in counts if c.channel != Channel.WORKLIST),
        "worklists": {
            "lines": lines.total() - lines[MessageState.RESOLVED],
            "ticked": lines[MessageState.ACKNOWLEDGED],
        },
    }


_FATES = {
    MessageState.ACKNOWLEDGED: "acknowledged",
    MessageState.SENT: "sent",
    MessageState.REFUSED: "refused",
    **dict.fromkeys(set(WAITING) - {MessageState.REFUSED}, "waiting"),
    MessageState.RESOLVED: "settled",
}
"""What the statement calls the states of a system's messages."""


def _sum_by_system(counts: Iterable[MessageCount]) -> list[dict[str, Any]]:
    """`sent`: handed over, with no word yet; `waiting`: not through; `settled`: otherwise."""
    sums: dict[str, Counter[str]] = {}
    for count in counts:
        sums.setdefault(count.system, Counter())[_FATES[count.state]] += count.messages
    return [
        {"system": system, "messages": fates.total()}
        | {name: fates[name] for name in dict.fromkeys(_FATES.values())}
        for system, fates in sorted(sums.items())
    ]


def summarize_harm(vault: Vault, outage: Outage) -> dict[str, Any]:
    """When the harm review was made, its findings by kind and state, and the degrees of harm."""
    run = harm_store.fetch_last_run(vault.db, outage.id)
    if run is None:
        return {"at": "", "findings": [], "outcomes": {}}
    return {
        "at": run.at,
        "findings": harm_store.count_findings(vault.db, outage.id),
        "outcomes": harm_store.count_outcomes(vault.db, outage.id),
    }


STAYS = (
    EncounterClass.INPATIENT,
    EncounterClass.EMERGENCY,
    EncounterClass.DAYCASE,
    "",
)
"""Kinds of encounter in which a patient lies on a ward."""


def count_movements(
    encounters: Iterable[Record], since: str, until: str, began_on: Mapping[str, str]
) -> dict[str, dict[str, int]]:
    """`admitted` and `discharged` by ward, from a stored time to before another.

    `began_on` is the ward where a stay began, by the stay's id. Cancelled stays are left out.
    """
    admitted: Counter[str] = Counter()
    discharged: Counter[str] = Counter()
    for stay in encounters:
        if not isinstance(stay, Encounter) or stay.kind not in STAYS:
            continue
        if stay.status not in ("in-progress", "finished"):
            continue
        if since <= stay.started < until:
            admitted[began_on.get(stay.id, stay.ward)] += 1
        if stay.status == "finished" and since <= stay.ended < until:
            discharged[stay.ward] += 1
    return {
        "admitted": dict(sorted(admitted.items())),
        "discharged": dict(sorted(discharged.items())),
    }


def find_first_wards(items: Iterable[Item]) -> dict[str, str]:
    """The ward on which a stay of the recovered system began, as an admission form says."""
    return {
        stay: ward
        for item in items
        if item.fact.type == "Encounter" and item.fact.fields.get("event", "admit") == "admit"
        if (ward := item.fact.fields.get("ward", ""))
        for stay in item.matched_ids
    }
