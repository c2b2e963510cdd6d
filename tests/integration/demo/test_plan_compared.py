"""The plan's expectations hold: its paper, compared with the recovered hospital, comes out so."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlite_utils

from downtime import config
from downtime.clinical.records import Patient
from downtime.clock import to_text
from downtime.demo.feeds import write_feeds
from downtime.demo.plan import plan
from downtime.demo.settings import settings_text
from downtime.entry.facts import Fact, Person, facts
from downtime.entry.validation import check
from downtime.feeds.changes import Message
from downtime.feeds.read import read
from downtime.paper.forms.definition import definition
from downtime.reconcile import gather
from downtime.reconcile.compare import compare
from downtime.reconcile.view import View
from downtime.snapshot import state, tables
from downtime.snapshot.cut import cut, limits
from downtime.snapshot.header import Header
from downtime.snapshot.present import present
from downtime.snapshot.store import Snapshot

ZONE = ZoneInfo("Europe/London")


def recorded(db, folder, settings, at):
    items = (i for i in read([folder], settings) if isinstance(i, Message))
    state.apply(db, items, at, settings.site.mrn_authority)
    return list(cut(present(db, settings), limits(settings, at)))


def keyed(told, patients):
    """The facts of every paper, with the state that the plan expects of each."""
    for number, written in enumerate(told.papers, 1):
        serial = f"K7{number:06}X"
        form = definition(written.form)
        answers = check(form, written.answers, ZONE, told.after).answers
        base = Fact(
            key="",
            type="",
            system="",
            form=written.form,
            serial=serial,
            person=issued(written, patients),
            event=to_text(written.event),
        )
        found = facts(form, answers, base, ZONE)
        ends = {fact.key.removeprefix(f"{serial}-"): fact for fact in found}
        assert set(ends) == set(written.expected), written.part
        yield from ((fact, written.expected[end], written.part) for end, fact in ends.items())


def issued(written, patients):
    """Whom the form was printed for."""
    if not written.mrn:
        return Person(downtime_number=written.person)
    held = patients[written.mrn]
    return Person(id=held.id, mrn=held.mrn, nhs_number=held.nhs_number, birth_date=held.birth_date)


def lived_through(folder, seed, now):
    """The plan, the records before and after, every fact with what is expected, and settings."""
    path = folder / "config.toml"
    path.write_text(settings_text("small"), encoding="utf-8")
    settings = config.load(path)
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
        (1, datetime(2026, 11, 2, 14, 30, tzinfo=UTC)),
        (2, datetime(2026, 11, 7, 3, 10, tzinfo=UTC)),
        (4, datetime(2026, 10, 25, 0, 20, tzinfo=UTC)),
    ],
)
def test_every_fact_comes_out_as_planned(tmp_path, seed, now):
    told, records, wanted, settings = lived_through(tmp_path, seed, now)
    given = [fact for fact, _, _ in wanted.values()]
    items = compare(View(records[0]), given, View(records[1]), settings)
    wrong = [
        f"{wanted[item.key][2]} {item.key}: {wanted[item.key][1]}, not {item.state}"
        for item in items
        if item.state != wanted[item.key][1]
    ]
    assert wrong == []
    assert Counter(item.state for item in items) == told.counts()

    before, after = (opened(tmp_path, name, r) for name, r in zip("ab", records, strict=True))
    with before, after:
        live = gather.recovered(after, given)
        gathered = compare(gather.earlier(before, live), given, live, settings)
    assert gathered == items
    assert len(live.patients) < len(View(records[1]).patients) / 10


def opened(folder, name, records):
    """A snapshot of these records."""
    key, path = bytes(32), folder / f"{name}.db"
    moment = "2026-11-02T14:30:00Z"
    told = tuple({type(record).__name__ for record in records})
    header = Header(hospital="DEMO", created=moment, expires=moment, key="k", holds=told)
    tables.create(path, key, header, records)
    return Snapshot(path, key)
