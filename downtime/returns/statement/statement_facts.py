"""The parts of the statement: window, snapshots, patients, identity, quality, messages, harm."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Any

from downtime.entry import quality
from downtime.entry.model import AGREED, COMPARED
from downtime.entry.store import checks
from downtime.outage import laptop_outages
from downtime.outage.model import Outage
from downtime.reconcile.harm import store as harm_store
from downtime.reconcile.identity import links as identity_links
from downtime.reconcile.model import StoredItem
from downtime.returns.model import WAITING, Channel, MessageState
from downtime.returns.statement.patient_movements import count_movements, find_first_wards
from downtime.returns.store import outbox_messages
from downtime.returns.store.outbox_messages import MessageCount
from downtime.snapshot import load_bundle
from downtime.sync import laptop_reports
from downtime.vault.vault import Vault


def describe_outage(vault: Vault, outage: Outage) -> dict[str, Any]:
    """The outage, its window on all laptops and each system's; `ended` is empty while one is down."""
    elsewhere = [
        one.outage_on_laptop for one in laptop_outages.list_declarations(vault.db, outage.id)
    ]
    ended = [s.ended for one in (outage, *elsewhere) for s in one.systems if s.ended]
    return {
        "id": outage.id,
        "label": outage.label,
        "drill": outage.drill,
        "opened": laptop_outages.find_start(vault.db, outage),
        "ended": max(ended) if ended and not outage.down else "",
        "systems": [asdict(system) for system in outage.systems],
    }


def list_laptops(vault: Vault, outage: Outage) -> list[dict[str, Any]]:
    """Every laptop of the fleet: when it handed over last, and what is still awaited of it.

    `state` is `reported`, `awaited` (something is missing), or `never` when it handed over nothing.
    """
    return [
        {
            "device": one.device,
            "name": one.name,
            "state": "never" if not one.taken else "reported" if one.complete else "awaited",
            "taken": one.taken,
            "settled": one.complete,
            "why": one.why,
            "unknown": list(one.unknown),
        }
        for one in laptop_reports.report_laptops(vault, outage)
    ]


def list_taken_over(vault: Vault, outage: Outage) -> list[dict[str, Any]]:
    """Bundles of laptops that a person took over although the audit chain does not hold."""
    return [
        {
            "device": one.device,
            "sha256": one.sha256,
            "doubt": one.doubt,
            "by": one.taken_name,
            "taken": one.taken,
            "why": one.why,
            "clashes": list(one.clashes),
        }
        for one in laptop_reports.find_untrusted_bundles(vault, outage)
    ]


def describe_taken_over(one: Mapping[str, Any]) -> str:
    """What the statement says of such a bundle."""
    said = f"{one['doubt']} {one['by']} took it over: {one['why']}."
    if one["clashes"]:
        said += f" Two things carry one number: {', '.join(one['clashes'])}."
    return said


def describe_own_chain(chain: Mapping[str, Any]) -> tuple[str, ...]:
    """What the statement says of this machine's own audit chain when it does not hold."""
    if chain["first_bad"] is None:
        return ()
    return (f"The audit chain of this machine does not hold from entry {chain['first_bad']} on.",)


def describe_snapshot(vault: Vault, snapshot_id: str) -> dict[str, Any] | None:
    """What a snapshot was: its time, its hash and the newest data of each system."""
    for info in load_bundle.list_snapshots(vault):
        if info.id == snapshot_id:
            newest = dict(sorted(info.header.systems.items()))
            created = info.header.created
            return {"id": info.id, "created": created, "sha256": info.sha256, "newest": newest}
    return None


def count_patients(
    vault: Vault, outage: Outage, recovered: str, until: str, items: Iterable[StoredItem]
) -> dict[str, Any]:
    """By ward: patients at T0, admitted and discharged until the systems were back (UTC)."""
    held = {info.id for info in load_bundle.list_snapshots(vault)}
    counts: dict[str, Any] = {"t0": {}, "admitted": {}, "discharged": {}}
    if outage.snapshot in held:
        with closing(load_bundle.open_snapshot(vault, outage.snapshot)) as snapshot:
            wards = (r.encounter.ward if r.encounter else "" for r in snapshot.list_inpatients())
            counts["t0"] = dict(sorted(Counter(wards).items()))
    if recovered in held:
        with closing(load_bundle.open_snapshot(vault, recovered)) as snapshot:
            began_on = find_first_wards(row.item for row in items)
            counts |= count_movements(
                snapshot.iterate_records("Encounter"), outage.opened, until, began_on
            )
    return counts


def summarize_unmatched(rows: Iterable[StoredItem]) -> dict[str, Any]:
    """Items whose patient was not found, and how many people they are about."""
    found = list(rows)
    people = {_who(row) for row in found}
    results = sum(row.item.fact.type == "Observation" for row in found)
    return {
        "patients": len(people),
        "results": results,
        "items": [
            {"item": row.key, "form": row.item.fact.form, "decision": row.decided.decision}
            for row in found
        ],
    }


def _who(row: StoredItem) -> str:
    person = row.item.fact.person
    return person.downtime_number or person.mrn or person.nhs_number or row.item.fact.serial


def count_links(vault: Vault, outage: Outage) -> dict[str, int]:
    """How many links between paper and recovered patients are in each state."""
    found = [
        link for links in identity_links.of_outage(vault.db, outage.id).values() for link in links
    ]
    counts = Counter(link.state for link in found)
    return {state: counts[state] for state in identity_links.LIFECYCLE.moves}


_WAYS = {"checked": (COMPARED,), "critical": (AGREED,), "seen": (COMPARED, AGREED)}


def measure_error_rate(vault: Vault, outage: Outage, ahead: Iterable[str]) -> dict[str, Any]:
    """Wrong fields among those a second person looked at, with the 95 % interval, by form and all.

    `critical` are fields keyed twice without sight of the first keying, `checked` all others that
    were compared with the paper, `seen` both: no field counts twice, and an error is one of the
    first keying. `ahead` are serials printed ahead.
    """
    found = checks.sum_checks(vault.db, outage.id, ahead)
    forms = sorted({row["form"] for row in found})
    return {
        "all": {way: _share(found, bases) for way, bases in _WAYS.items()},
        "forms": [
            {"form": form}
            | {
                way: _share([row for row in found if row["form"] == form], bases)
                for way, bases in _WAYS.items()
            }
            for form in forms
        ],
    }


def _share(found: Iterable[Mapping[str, Any]], bases: Container[str]) -> dict[str, Any]:
    rows = [row for row in found if row["basis"] in bases]
    fields, errors = (sum(r[name] for r in rows) for name in ("fields", "errors"))
    low, high = quality.wilson_interval(errors, fields)
    return {
        "checks": sum(row["forms"] for row in rows),
        "fields": fields,
        "errors": errors,
        "percent": round(100 * errors / fields, 2) if fields else None,
        "low_percent": round(100 * low, 2) if fields else None,
        "high_percent": round(100 * high, 2) if fields else None,
    }


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


def list_waiting_messages(vault: Vault, outage: Outage) -> dict[MessageState, list[str]]:
    """Control IDs of messages that are not through, by state."""
    numbers: dict[MessageState, list[str]] = {}
    for state in WAITING:
        for message in outbox_messages.list_messages(vault.db, outage.id, state=state):
            numbers.setdefault(state, []).append(message.control_id)
    return numbers


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
