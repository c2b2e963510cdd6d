"""Which forms a comparison has to look at: what has changed since the last one."""

import hashlib
from contextlib import closing
from dataclasses import fields
from importlib.metadata import version
from typing import NamedTuple

import orjson

from downtime.clinical.record_types import list_owners
from downtime.entry.events_on_paper import event_stamps
from downtime.entry.store import entries
from downtime.errors import NotFoundError
from downtime.outage.laptop_outages import find_paper_window
from downtime.reconcile.compare.model import ComparisonTask, Stamps
from downtime.reconcile.model import ComparisonRun
from downtime.reconcile.record_index import INDEXED_TYPES
from downtime.reconcile.recovered_systems import find_unrecovered
from downtime.reconcile.store import compared_forms, comparison_runs
from downtime.settings import ReconcileSettings
from downtime.snapshot import local_snapshots
from downtime.snapshot.store.changed_patients import find_changed_patients
from downtime.vault.vault import Vault


class FormsToCompare(NamedTuple):
    """The forms and events of an outage that count, and those of them that a run has to look at."""

    stamps: Stamps
    """Of every entry that counts."""
    changed: set[str]
    """What was keyed since, or whose people have other records since."""
    withdrawn: list[str]
    """What was compared and is a draft again."""
    basis: str


def find_forms_to_compare(vault: Vault, task: ComparisonTask) -> FormsToCompare:
    """What has changed since the last run; all of it when what every finding rests on has."""
    outage = task.outage
    window = find_paper_window(vault.db, outage)
    stamps = entries.stamps_of_outage(vault.db, outage.id, window)
    basis = _comparison_basis(vault, task)
    stamps |= event_stamps(vault, task.settings, outage)
    before = compared_forms.fetch_stamps(vault.db, outage.id)
    last = comparison_runs.fetch_last_run(vault.db, outage.id)
    if last is None or last.basis != basis:
        changed = set(stamps)
    else:
        changed = {serial for serial, stamp in stamps.items() if before.get(serial) != stamp}
        with_changed_records = find_forms_with_changed_records(
            vault, outage.id, last, task.recovered
        )
        changed = set(stamps) if with_changed_records is None else changed | with_changed_records
    return FormsToCompare(stamps, changed, sorted(before.keys() - stamps.keys()), basis)


def _comparison_basis(vault: Vault, task: ComparisonTask) -> str:
    """Digest of what every finding of an outage rests on beside forms and recovered records."""
    settings = task.settings
    with closing(local_snapshots.open_snapshot(vault, task.recovered)) as recovered:
        unrecovered = find_unrecovered(task.outage, recovered.list_systems())
    content = (
        version("downtime"),
        task.outage.snapshot,
        {name: task.outage.get_snapshot(name) for name in task.outage.system_names},
        {
            field.name: getattr(settings.reconcile, field.name)
            for field in fields(ReconcileSettings)
        },
        list_owners(settings.systems.records),
        sorted(unrecovered),
        settings.site.time_zone,
    )
    return hashlib.sha256(orjson.dumps(content, default=dict)).hexdigest()[:16]


def find_forms_with_changed_records(
    vault: Vault, outage: str, last: ComparisonRun, recovered: str
) -> set[str] | None:
    """Forms whose people have other records in a recovered snapshot than in the last one compared.

    None when the last one is no longer on this machine, or holds other types of record.
    """
    if last.snapshot == recovered:
        return set()
    try:
        before = local_snapshots.open_snapshot(vault, last.snapshot)
        after = local_snapshots.open_snapshot(vault, recovered)
    except NotFoundError:
        return None
    with closing(before), closing(after):
        if set(before.header.holds) != set(after.header.holds):
            return None
        changed = find_changed_patients(before, after, INDEXED_TYPES)
    return compared_forms.fetch_forms_of_patients(vault.db, outage, changed.ids, changed.patients)
