"""A publisher's state as an older version wrote it goes on where it was."""

import orjson
import pytest

from downtime.clinical.identifiers import Identifier
from downtime.errors import ConflictError
from downtime.feeds.model import Change, FeedMessage, Position
from downtime.settings import Settings
from downtime.snapshot.apply_messages import apply_messages
from downtime.snapshot.cut_cells import update_cells
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import cell_tables, publisher_state
from tests.conftest import NOW

A, B = Identifier("MR", "DEMO", "A"), Identifier("MR", "DEMO", "B")
OLD_TABLES = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE record (type TEXT NOT NULL, source TEXT NOT NULL,"
    " key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (type, source, key)) WITHOUT ROWID",
    "CREATE TABLE mention (id INTEGER PRIMARY KEY,"
    " identifiers TEXT NOT NULL UNIQUE, newest TEXT NOT NULL)",
    "CREATE TABLE merge (moment TEXT, sent TEXT, file TEXT, number INTEGER,"
    " survivor INTEGER, merged INTEGER, PRIMARY KEY (moment, sent, file, number, survivor, merged))",
    "CREATE TABLE person (anchor TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE extract (type TEXT, source TEXT, sent TEXT NOT NULL,"
    " file TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,"
    " PRIMARY KEY (type, source))",
    "CREATE TABLE system (name TEXT PRIMARY KEY, newest TEXT NOT NULL)",
    "CREATE TABLE delivered (type TEXT PRIMARY KEY)",
)


def time(hour):
    return f"2026-11-02T{hour}:00:00Z"


def stamp(hour, number, extract=""):
    """Moment, sent, run, file, number, part, extract."""
    return [time(hour), time(hour), 0, "adt.hl7", number, 0, extract]


@pytest.fixture
def old_state():
    """Two people, B merged into A; A's stay in W1 since ten; a list of appointments of eleven."""
    db = publisher_state.open_in_memory()
    for statement in OLD_TABLES:
        db.conn.execute(statement)
    bodies = {
        ("Patient", "PAS", "1"): [[[stamp("10", 1), {"family": "ONE"}]], None, None, [[2, None, 1]]],
        ("Patient", "PAS", "2"): [[[stamp("09", 2), {"family": "TWO"}]], None, None, [[2, None, 2]]],
        ("Encounter", "PAS", "V1"): [
            [[stamp("10", 1), {"ward": "W1", "status": "in-progress"}]], None, None, [[2, None, 1]],
        ],
        ("Flag", "EPR", "F1"): [[], ["", "", -1, "", 0, 0, ""], stamp("10", 3), [2, None, 1]],
        ("Appointment", "PAS", "T1"): [
            [[stamp("11", 1, "d1"), {"status": "booked"}]], None, None, [[2, None, 2]],
        ],
    }  # fmt: skip
    insert = db.conn.execute
    insert("INSERT INTO setting VALUES ('salt', '00'), ('run', '3')")
    for name, body in bodies.items():
        insert("INSERT INTO record VALUES (?, ?, ?, ?)", (*name, orjson.dumps(body)))
    for number, person in ((1, A), (2, B)):
        identifiers = orjson.dumps([list(person)]).decode()
        insert("INSERT INTO mention VALUES (?, ?, ?)", (number, identifiers, time("10")))
        insert("INSERT INTO person VALUES (?, ?)", (str(person), f"id-{person.value}"))
    insert("INSERT INTO merge VALUES (?, ?, 'adt.hl7', 9, 1, 2)", (time("12"), time("12")))
    insert("INSERT INTO extract VALUES ('Appointment', 'PAS', ?, 'x.csv', 1, 'd1')", (time("11"),))
    insert("INSERT INTO system VALUES ('PAS', ?)", (time("12"),))
    insert("INSERT INTO delivered VALUES ('Encounter'), ('AllergyIntolerance')")
    return db


def settle(db):
    return {
        (type(record).__name__, getattr(record, "patient", record.id)): record
        for record in settle_records(db, Settings())
    }


def test_a_state_without_cells_is_settled_whole_and_then_by_cells(old_state):
    """As version 2 left it: no links, nothing packed, nothing marked as changed."""
    apply_messages(old_state, [], Settings(), NOW)
    before = settle(old_state)
    for table in ("changed_mention", "mention_number", "person_number"):
        old_state.conn.execute(f"DROP TABLE {table}")
    old_state.conn.execute("DROP INDEX record_mention")
    old_state.conn.execute("UPDATE setting SET value = '2' WHERE name = 'version'")
    apply_messages(old_state, [], Settings(), NOW)
    assert settle(old_state) == before
    cell_tables.prepare_tables(old_state)
    update_cells(old_state, Settings(), NOW, cell_tables.begin_build(old_state))
    names = {name for lines in old_state.conn.execute("SELECT lines FROM part")
             for name, *_ in map(orjson.loads, lines[0].splitlines())}  # fmt: skip
    assert names >= {"Patient", "Encounter"}
    assert update_cells(old_state, Settings(), NOW, cell_tables.begin_build(old_state)) == 0


def test_nothing_of_it_is_lost(old_state):
    apply_messages(old_state, [], Settings(), NOW)
    records = settle(old_state)
    assert set(records) == {
        ("Patient", "id-A"), ("Patient", "id-B"), ("Encounter", "id-A"), ("Appointment", "id-A"),
    }  # fmt: skip
    assert records["Patient", "id-B"].replaced_by == "id-A"
    assert records["Encounter", "id-A"].ward == "W1"
    assert publisher_state.select_newest_times(old_state) == {"PAS": time("12")}
    assert "AllergyIntolerance" in publisher_state.select_delivered_types(old_state)
    assert publisher_state.get_applied_arrival(old_state) == 0


def test_what_arrives_now_is_newer_and_what_is_older_is_not(old_state):
    def say(hour, ward):
        change = Change(
            "Encounter", "PAS", "V1", (A,), {"ward": ward}, event=time(hour), sent=time(hour)
        )
        message = FeedMessage(
            position=Position("f", 1), kind="x", source="PAS", sent=time(hour), content=(change,)
        )
        apply_messages(old_state, [message], Settings(), NOW)
        return settle(old_state)["Encounter", "id-A"].ward

    assert say("09", "W0") == "W1"
    assert say("10", "W2") == "W2"
    assert say("13", "W3") == "W3"


def test_a_state_of_a_newer_version_is_left_alone(old_state):
    apply_messages(old_state, [], Settings(), NOW)
    old_state.conn.execute("UPDATE setting SET value = '99' WHERE name = 'version'")
    with pytest.raises(ConflictError, match="newer version"):
        apply_messages(old_state, [], Settings(), NOW)
