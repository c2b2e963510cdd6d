"""A state that is settled cell by cell, as things arrive, is the state settled as a whole."""

import io
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from unittest import mock

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Encounter
from downtime.clinical.record_types import TYPES
from downtime.feeds.model import Change, FeedMessage, Finding, Operation, Position, Replacement
from downtime.settings import Settings, SnapshotSettings
from downtime.snapshot import cut_cells
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.assemble_bundles import (
    collect_scopes,
    find_changes,
    iterate_frames,
    write_delta,
)
from downtime.snapshot.cut_cells import update_cells
from downtime.snapshot.data_quality import FindingTally, check_stays
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.pack_segments import pack_segments
from downtime.snapshot.payload import read_payload, row_digest, write_payload
from downtime.snapshot.read_delta import DeltaReader
from downtime.snapshot.row_layout import COLUMNS, from_row, to_row
from downtime.snapshot.search_rows import SEARCH
from downtime.snapshot.select_records import select_records
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import cell_tables, publisher_state
from downtime.snapshot.store.cell_tables import PublishedState
from downtime.snapshot.store.snapshot_index import BundleNumber
from tests.night import by_night
from tests.property.snapshot.test_record_state import BELIEVING, MRNS, NHS, NOW

SETTINGS = Settings(snapshot=SnapshotSettings(result_days=2, appointment_days_ahead=3))
PEOPLE = st.sampled_from(
    [
        (MRNS[0],), (MRNS[0], NHS[0]), (MRNS[1], NHS[0]), (MRNS[1], NHS[1]), (MRNS[2],), (NHS[1],),
        (Identifier("VN", "DEMO", "V1"),), (Identifier("FHIR", "", "Patient/1"), MRNS[0]),
        (Identifier("FHIR", "https://a/fhir", "Patient/1"),), (),
    ]
)  # fmt: skip
DAYS = st.sampled_from([f"2026-11-0{day}T10:00:00Z" for day in range(1, 9)])
SENT = st.sampled_from([f"2026-11-02T10:0{n}:00Z" for n in range(6)])
RECORDS = {
    "Encounter": {"ward": ["W1", "W2"], "status": ["in-progress", "planned", "finished"], "bed": ["1"]},
    "ServiceRequest": {"placer": ["P1", "P2"], "filler": ["F1"], "code": ["FBC"], "encounter": ["K1"]},
    "DiagnosticReport": {"based_on": ["K1"], "status": ["final", "partial"], "issued": ["2026-11-01"]},
    "Observation": {"report": ["K1", "K2"], "code": ["HB"], "effective": ["2026-10-31", "2026-11-01"]},
    "Appointment": {"start": [f"2026-11-0{n}T09:00:00Z" for n in range(1, 9)]},
    "Flag": {"text": ["MRSA"], "ended": ["", "2026-11-03T12:00:00Z"]},
    "Location": {"ward": ["W1"], "bed": ["1", "2"]},
}  # fmt: skip


@st.composite
def changes(draw):
    common = {
        "source": draw(st.sampled_from(["PAS", "LAB"])),
        "event": draw(SENT),
        "sent": draw(SENT),
    }
    if draw(st.integers(0, 5)) == 0:
        kind = Operation(draw(st.sampled_from(["merge", "unmerge", "move"])))
        first, second = draw(st.sampled_from(MRNS)), draw(st.sampled_from(MRNS))
        return Change(
            type="Patient", key=draw(st.sampled_from(["", "K1"])), operation=kind,
            patient=(first,), merged=(second,), **common,
        )  # fmt: skip
    if draw(st.integers(0, 4)) == 0:
        fields = {"family": draw(st.sampled_from(["ONE", "TWO"])), "birth_date": "1960-01-01"}
        patient = draw(PEOPLE.filter(bool))
        return Change(type="Patient", key="", patient=patient, fields=fields, **common)
    name = draw(st.sampled_from([*sorted(RECORDS), "Flag", "Flag", "Observation"]))
    operation = Operation(draw(st.sampled_from(["set", "set", "set", "cancel", "delete"])))
    values = {field: st.sampled_from(choices) for field, choices in RECORDS[name].items()}
    fields = draw(st.fixed_dictionaries({}, optional=values))
    return Change(
        type=name, key=draw(st.sampled_from(["K1", "K2", "K3"])), operation=operation,
        patient=() if name == "Location" else draw(PEOPLE),
        fields={} if operation is Operation.DELETE else fields, **common,
    )  # fmt: skip


@st.composite
def extracts(draw):
    inside = draw(st.lists(changes().filter(lambda c: c.type == "Flag"), max_size=3))
    sent = draw(SENT)
    rows = tuple(
        change._replace(sent=sent, operation=Operation.SET, source="PAS") for change in inside
    )
    return Replacement(
        types=("Flag",), source="PAS", sent=sent, changes=rows, position=Position("x.csv", 1)
    )


STEPS = st.lists(
    st.tuples(st.lists(st.one_of(changes(), changes(), extracts()), max_size=5), st.integers(0, 2)),
    min_size=1,
    max_size=4,
)
"""What arrives before each build, and how many days have passed at it."""


@pytest.fixture(autouse=True, scope="module")
def cells_apart():
    """Every cell is settled where it sees no other: what it would need of another one, it misses."""
    with mock.patch.object(cut_cells, "MENTIONS_AT_ONCE", 1):
        yield


def settle_whole(db, now):
    """The rows and findings of a state that is settled at once: slow and plain."""
    tally, rows = FindingTally(), Counter()
    settled = list(settle_records(db, SETTINGS, tally))
    for record in select_records(settled, SETTINGS, now):
        rows[type(record).__name__, orjson.dumps(to_row(record))] += 1
    check_stays([r for r in settled if isinstance(r, Encounter)], SETTINGS, now, tally)
    return rows, tally.count_by_source()


def read_cells(db, now):
    """The same of what is packed."""
    rows, tally = Counter(), FindingTally()
    for lines, digest in db.conn.execute("SELECT lines, digest FROM part"):
        listed = Counter(
            (name, orjson.dumps(row))
            for name, *many in map(orjson.loads, lines.splitlines())
            for row in many
        )
        assert int.from_bytes(digest) == sum(row_digest(*row) for row in listed)
        rows += Counter({row: n for row, n in listed.items() if row[0] in TYPES})
    for finding, count in cell_tables.iterate_findings(db):
        tally.add_counts({Finding(*finding): count})
    stays = [from_row(Encounter, row) for row in cell_tables.iterate_stays(db)]
    check_stays(stays, SETTINGS, now, tally)
    return rows, tally.count_by_source()


def list_messages(items, arrival):
    """Messages with the next arrival numbers."""
    return [
        FeedMessage(
            position=Position("a.hl7", number, number), kind="x", source=item.source,
            sent=item.sent, content=(item,),
        )
        for number, item in enumerate(items, start=arrival + 1)
    ]  # fmt: skip


class OpenedRows:
    """What stands for an opened snapshot: its header and its rows."""

    def __init__(self, header, rows):
        self.header, self.types = header, TYPES.keys()
        self.iterate_rows = lambda wanted: (listed for name, listed in rows if name == wanted)


def open_rows(content, base=None):
    """Header and rows of a payload; of a delta laid over its base."""
    opened = read_payload(io.BytesIO(b"".join(content)), 1 << 20)
    rows = DeltaReader(base, opened).iterate_rows() if base else opened.rows
    return OpenedRows(opened.header, list(rows))


def count_rows(opened):
    names = (*TYPES, SEARCH)
    return Counter((n, *row) for n in names for rows in opened.iterate_rows(n) for row in rows)


def assemble(db, published):
    """Scope to the full payload and, where something was published before, the delta."""
    header = SnapshotHeader(hospital="DEMO", created="", expires="", key="0123456789abcdef")
    contents, _ = collect_scopes(db, ["W1"])
    changes = find_changes(db, published, 1 << 20) if published else None
    for content in contents:
        full = content.complete(header)
        base = published and published.content[content.scope]
        delta = write_delta(full, base, 1, changes) if published else None
        frames = iterate_frames(db, content.scope)
        yield content, write_payload(full, frames), delta and write_payload(*delta)


@settings(max_examples=by_night(100, 30))
@given(STEPS, st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_delta_gives_what_the_full_bundle_gives(steps, published_steps):
    """Of the site and of a ward; a build that is not published is in the delta after it too."""
    db, arrival, now, published, bases = publisher_state.open_in_memory(), 0, NOW, None, {}
    for (items, days), is_published in zip(steps, published_steps, strict=False):
        now += timedelta(days=days)
        apply_messages(db, list_messages(items, arrival), BELIEVING, now)
        arrival += len(items)
        cell_tables.prepare_tables(db)
        build = cell_tables.begin_build(db)
        update_cells(db, SETTINGS, now, build)
        pack_segments(db)
        opened, contents = {}, {}
        for content, full, delta in assemble(db, published):
            opened[content.scope] = open_rows(full)
            contents[content.scope] = content.content
            if published:
                laid = open_rows(delta, bases[content.scope])
                assert count_rows(laid) == count_rows(opened[content.scope])
        assert is_of_ward(opened["W1"])
        if is_published:
            published, bases = PublishedState(BundleNumber(1, 1), build, contents), opened
            cell_tables.save_published(db, published)
    db.conn.close()


def is_of_ward(opened):
    """Whether everybody in it has a stay on the ward, or was merged into somebody who has."""
    stays = [from_row(Encounter, row) for rows in opened.iterate_rows("Encounter") for row in rows]
    on_ward = {stay.patient for stay in stays if stay.ward == "W1"}
    place = COLUMNS["Appointment"].index("patient")
    everybody = {row[place] for rows in opened.iterate_rows("Appointment") for row in rows}
    return {stay.patient for stay in stays} <= on_ward and everybody <= on_ward


@settings(max_examples=by_night(150, 40))
@given(STEPS)
def test_cells_are_settled_as_the_whole_is(steps):
    db, arrival, now = publisher_state.open_in_memory(), 0, NOW
    for number, (items, days) in enumerate(steps, start=1):
        now += timedelta(days=days)
        apply_messages(db, list_messages(items, arrival), BELIEVING, now)
        arrival += len(items)
        cell_tables.prepare_tables(db)
        update_cells(db, SETTINGS, now, number)
        assert read_cells(db, now) == settle_whole(db, now)
    db.conn.close()


@settings(max_examples=30)
@given(STEPS, st.integers(1, 4))
def test_a_build_that_was_cut_off_goes_on(steps, kept):
    """After some cells were replaced the program ends; the next build has them all."""
    db, items = publisher_state.open_in_memory(), [item for step, _ in steps for item in step]
    apply_messages(db, list_messages(items, 0), BELIEVING, NOW)
    cell_tables.prepare_tables(db)
    replaced, replace_cells = iter(range(kept)), cell_tables.replace_cells

    def replace_some(*arguments):
        next(replaced)
        replace_cells(*arguments)

    with mock.patch.object(cell_tables, "replace_cells", replace_some), suppress(StopIteration):
        update_cells(db, SETTINGS, NOW, 1)
    update_cells(db, SETTINGS, NOW, 2)
    assert read_cells(db, NOW) == settle_whole(db, NOW)
    db.conn.close()
