"""The parts of the statement: window, snapshots, patients, identity, quality, messages, harm."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from typing import Any

from downtime.config import Settings
from downtime.entry import quality
from downtime.entry.quality import Estimate
from downtime.outage.model import Outage
from downtime.reconcile import harm_store, linking
from downtime.reconcile.store import ItemRow
from downtime.returns import store
from downtime.returns.outbox_states import (
    ACKNOWLEDGED,
    REFUSED,
    RESOLVED,
    SENT,
    WAITING,
    WORKLIST,
)
from downtime.returns.patients import movements
from downtime.snapshot import load
from downtime.vault.vault import Vault


def outage_facts(outage: Outage) -> dict[str, Any]:
    """The outage, its window and each system's; `ended` is empty while anything is down."""
    ended = [system.ended for system in outage.systems]
    return {
        "id": outage.id,
        "label": outage.label,
        "drill": outage.drill,
        "opened": outage.opened,
        "ended": max(ended) if ended and all(ended) else "",
        "systems": [asdict(system) for system in outage.systems],
    }


def snapshot_facts(vault: Vault, snapshot_id: str) -> dict[str, Any] | None:
    """What a snapshot was: its time, its hash and the newest data of each system."""
    for info in load.list_snapshots(vault):
        if info.id == snapshot_id:
            newest = dict(sorted(info.header.systems.items()))
            created = info.header.created
            return {"id": info.id, "created": created, "sha256": info.sha256, "newest": newest}
    return None


def patients(vault: Vault, outage: Outage, recovered: str) -> dict[str, Any]:
    """Counts by ward at T0, and admissions and discharges since, as the recovered PAS says."""
    held = {info.id for info in load.list_snapshots(vault)}
    counts: dict[str, Any] = {"t0": {}, "admitted": {}, "discharged": {}}
    if outage.snapshot in held:
        with closing(load.get(vault, outage.snapshot)) as snapshot:
            wards = (r.encounter.ward if r.encounter else "" for r in snapshot.inpatients())
            counts["t0"] = dict(sorted(Counter(wards).items()))
    if recovered in held:
        with closing(load.get(vault, recovered)) as snapshot:
            counts |= movements(snapshot.all("Encounter"), outage.opened)
    return counts


def unmatched(rows: Iterable[ItemRow]) -> dict[str, Any]:
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


def _who(row: ItemRow) -> str:
    person = row.item.fact.person
    return person.downtime_number or person.mrn or person.nhs_number or row.item.fact.serial


def identity(vault: Vault, outage: Outage) -> dict[str, int]:
    """How many links between paper and recovered patients are in each state."""
    found = [link for links in linking.of_outage(vault.db, outage.id).values() for link in links]
    counts = Counter(link.state for link in found)
    return {state: counts[state] for state in linking.LINKS.moves}


def error_rate(vault: Vault, settings: Settings, outage: Outage) -> dict[str, Any]:
    """Wrong fields among those a second person checked, with the 95 % interval, by form and all."""
    found = quality.estimates(vault, settings, outage.id)
    return {"all": _pooled(found), "forms": [_estimate(one) for one in found]}


def _pooled(found: Iterable[Estimate]) -> dict[str, Any]:
    given = list(found)
    fields, errors = sum(one.fields for one in given), sum(one.errors for one in given)
    critical = sum(one.critical_fields for one in given)
    slips = sum(one.critical_errors for one in given)
    return {
        "checked": _share(sum(one.forms for one in given), fields, errors),
        "critical": _share(None, critical, slips),
    }


def _estimate(one: Estimate) -> dict[str, Any]:
    return {
        "form": one.form,
        "checked": _share(one.forms, one.fields, one.errors),
        "critical": _share(None, one.critical_fields, one.critical_errors),
    }


def _share(forms: int | None, fields: int, errors: int) -> dict[str, Any]:
    low, high = quality.wilson(errors, fields)
    share: dict[str, Any] = {} if forms is None else {"forms": forms}
    return share | {
        "fields": fields,
        "errors": errors,
        "percent": round(100 * errors / fields, 2) if fields else None,
        "low_percent": round(100 * low, 2) if fields else None,
        "high_percent": round(100 * high, 2) if fields else None,
    }


def returned(vault: Vault, outage: Outage) -> dict[str, Any]:
    """Messages by system, channel, kind and state, each system's sums, and worklist lines."""
    rows = store.sent_counts(vault.db, outage.id)
    lists = [row for row in rows if row["channel"] == WORKLIST]
    messages = [row for row in rows if row["channel"] != WORKLIST]
    return {
        "rows": rows,
        "systems": _by_system(messages),
        "worklists": {
            "lines": sum(row["messages"] for row in lists if row["state"] != RESOLVED),
            "ticked": sum(row["messages"] for row in lists if row["state"] == ACKNOWLEDGED),
        },
    }


_FATES = {ACKNOWLEDGED: "acknowledged", SENT: "sent", REFUSED: "refused", RESOLVED: "settled"}


def _by_system(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """`sent`: handed over, with no word yet; `waiting`: not through; `settled`: otherwise."""
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        fate = _FATES.get(row["state"], "waiting")
        sums.setdefault(row["system"], Counter())[fate] += row["messages"]
    names = ("acknowledged", "sent", "refused", "waiting", "settled")
    return [
        {"system": system, "messages": counts.total()} | {name: counts[name] for name in names}
        for system, counts in sorted(sums.items())
    ]


def not_through(vault: Vault, outage: Outage) -> dict[str, list[str]]:
    """Control IDs of messages that are not through, by state."""
    found: dict[str, list[str]] = {}
    for state in WAITING:
        for message in store.messages(vault.db, outage.id, state=state):
            found.setdefault(state, []).append(message.control_id)
    return found


def harm(vault: Vault, outage: Outage) -> dict[str, Any]:
    """When the harm review was made, its findings by kind and state, and the degrees of harm."""
    run = harm_store.last_run(vault.db, outage.id)
    if run is None:
        return {"at": "", "findings": [], "outcomes": {}}
    return {
        "at": run.at,
        "findings": harm_store.counts(vault.db, outage.id),
        "outcomes": harm_store.outcomes(vault.db, outage.id),
    }
