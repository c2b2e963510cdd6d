"""The plan's expectations hold: its paper, compared with the recovered hospital, comes out so."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlite_utils

from downtime import config
from downtime.clinical.model import Patient
from downtime.clock import to_text
from downtime.demo.feeds import write_feeds
from downtime.demo.plan import plan
from downtime.demo.settings import settings_text
from downtime.entry.fact_reader import find_facts
from downtime.entry.facts import Fact, PaperPerson
from downtime.entry.validation import validate_answers
from downtime.feeds.model import FeedMessage
from downtime.feeds.read_feeds import read_feeds
from downtime.paper.forms.load_form import load_form
from downtime.reconcile.compare import load_records
from downtime.reconcile.compare.comparison import compare_facts
from downtime.reconcile.record_index import RecordIndex
from downtime.snapshot import apply_messages as state
from downtime.snapshot.header import SnapshotHeader
from downtime.snapshot.select_records import select_records
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import record_tables
from downtime.snapshot.store.opened_snapshot import Snapshot
from tests.night import by_night

ZONE = ZoneInfo("Europe/London")


def recorded(db, folder, settings, at):
    items = (i for i in read_feeds([folder], settings) if isinstance(i, FeedMessage))
    state.apply_messages(db, items, settings, at)
    return list(select_records(settle_records(db, settings), settings, at))


def keyed(told, patients):
    """The facts of every paper, with the state that the plan expects of each."""
    for number, written in enumerate(told.papers, 1):
        serial = f"K7{number:06}X"
        form = load_form(written.form)
        answers = validate_answers(form, written.answers, ZONE, told.after).answers
        base = Fact(
            key="",
            type="",
            system="",
            form=written.form,
            serial=serial,
            person=issued(written, patients),
            event=to_text(written.event),
        )
        found = find_facts(form, answers, base, ZONE)
        ends = {fact.key.removeprefix(f"{serial}-"): fact for fact in found}
        assert set(ends) == set(written.expected), written.part
        yield from ((fact, written.expected[end], written.part) for end, fact in ends.items())


def issued(written, patients):
    """Whom the form was printed for."""
    if not written.mrn:
        return PaperPerson(downtime_number=written.person)
    held = patients[written.mrn]
    return PaperPerson(
        id=held.id, mrn=held.mrn, nhs_number=held.nhs_number, birth_date=held.birth_date
    )


def lived_through(folder, seed, now):
    """The plan, the records before and after, every fact with what is expected, and settings."""
    path = folder / "config.toml"
    path.write_text(settings_text("small"), encoding="utf-8")
    settings = config.load_settings(path)
    db = sqlite_utils.Database(memory=True)
    told = plan("small", seed, now)
    records = []
    for phase, at in (("before", told.start), ("after", told.after)):
        write_feeds(folder / phase, "small", seed, phase, now)
        records.append(recorded(db, folder / phase, settings, at))
    patients = {record.mrn: record for record in records[0] if isinstance(record, Patient)}
    wanted = {fact.key: (fact, state, part) for fact, state, part in keyed(told, patients)}
    return told, records, wanted, settings


@pytest.mark.parametrize(
    ("seed", "now"),
    [
        (4, datetime(2026, 10, 25, 0, 20, tzinfo=UTC)),  # the night with an hour that comes twice
        *by_night(
            [
                (1, datetime(2026, 11, 2, 14, 30, tzinfo=UTC)),
                (2, datetime(2026, 11, 7, 3, 10, tzinfo=UTC)),
            ],
            [],
        ),
    ],
)
def test_every_fact_comes_out_as_planned(tmp_path, seed, now):
    told, records, wanted, settings = lived_through(tmp_path, seed, now)
    given = [fact for fact, _, _ in wanted.values()]
    items = compare_facts(RecordIndex(records[0]), given, RecordIndex(records[1]), settings)
    wrong = [
        f"{wanted[item.key][2]} {item.key}: {wanted[item.key][1]}, not {item.state}"
        for item in items
        if item.state != wanted[item.key][1]
    ]
    assert wrong == []
    assert Counter(item.state for item in items) == told.counts()

    before, after = (opened(tmp_path, name, r) for name, r in zip("ab", records, strict=True))
    with before, after:
        live = load_records.load_recovered(after, given)
        gathered = compare_facts(load_records.load_earlier(before, live), given, live, settings)
    assert gathered == items
    assert len(live.patients) < len(RecordIndex(records[1]).patients) / 10


def opened(folder, name, records):
    """A snapshot of these records."""
    key, path = bytes(32), folder / f"{name}.db"
    moment = "2026-11-02T14:30:00Z"
    told = tuple({type(record).__name__ for record in records})
    header = SnapshotHeader(hospital="DEMO", created=moment, expires=moment, key="k", holds=told)
    record_tables.create_database(path, key, header, records)
    return Snapshot(path, key)
