"""A snapshot is published, and put in use, only after it was held against those before it."""

import pytest

from tests.contract import house

DOORS = {
    "downtime.snapshot.build_snapshot.build_snapshot": {"downtime.fleet.publish_snapshot"},
    "downtime.fleet.outbox.put_in_folder": {"downtime.fleet.publish_snapshot"},
    "downtime.fleet.outbox.put_in_outbox": set(),
    "downtime.snapshot.put_in_use.put_in_use": {"downtime.fleet.receive_snapshot"},
    "downtime.snapshot.load_bundle.load_bundle": set(),
    "downtime.paper.move_form.undo_retirement": {"downtime.entry.retire_forms"},
}
"""What nobody outside the room of snapshots may use, but these."""


@pytest.mark.parametrize("target", DOORS)
def test_nobody_goes_past_the_comparison(target):
    users = {
        imported.module.name
        for module in house.modules()
        if module.room != "snapshot" and module.name != target.rpartition(".")[0]
        for imported in house.imports(module)
        if imported.is_of({target})
    }
    assert users <= DOORS[target]
