"""Any order and any repetition of what feeds send gives the same state."""

from datetime import UTC, datetime

import sqlcipher3
import sqlite_utils
from hypothesis import given
from hypothesis import strategies as st

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Patient
from downtime.feeds.model import Change, FeedMessage, Position, Replacement
from downtime.settings import Settings
from downtime.snapshot import apply_messages
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import publisher_state

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
TIMES = st.sampled_from([f"2026-11-02T10:0{n}:00Z" for n in range(6)])
MRNS = [Identifier("MR", "DEMO", value) for value in "ABC"]
NHS = [Identifier("NH", "NHS", value) for value in ("9990000018", "9990000026")]
PEOPLE = st.sampled_from(
    [(MRNS[0],), (MRNS[0], NHS[0]), (MRNS[1], NHS[0]), (MRNS[1], NHS[1]), (MRNS[2],), (NHS[1],)]
)
WARDS = st.fixed_dictionaries(
    {}, optional={"ward": st.sampled_from(["W1", "W2"]), "bed": st.sampled_from(["", "1", "2"])}
)


@st.composite
def changes(draw):
    moment, who = draw(TIMES), draw(PEOPLE)
    kind = draw(st.sampled_from(["Encounter", "Patient", "merge", "delete"]))
    common = {"source": "PAS", "event": moment, "sent": draw(TIMES), "patient": who}
    common["position"] = Position(
        draw(st.sampled_from(["a.hl7", "b.hl7"])), draw(st.integers(1, 3))
    )
    if kind == "merge":
        merged = (draw(st.sampled_from(MRNS)),)
        return Change(type="Patient", key="", operation="merge", merged=merged, **common)
    if kind == "Patient":
        fields = {"family": draw(st.sampled_from(["ONE", "TWO"]))}
        return Change(type="Patient", key="", fields=fields, **common)
    operation = "delete" if kind == "delete" else "set"
    key = draw(st.sampled_from(["V1", "V2"]))
    fields = {} if kind == "delete" else draw(WARDS)
    return Change(type="Encounter", key=key, operation=operation, fields=fields, **common)


@st.composite
def extracts(draw):
    sent, position = draw(TIMES), Position(draw(st.sampled_from(["x.csv", "y.csv"])), 1)
    rows = draw(st.lists(st.sampled_from(["V1", "V2", "V3"]), unique=True))
    inside = tuple(
        Change(
            type="Encounter", source="PAS", key=key, patient=(MRNS[0],), sent=sent,
            fields=draw(WARDS), position=position,
        )
        for key in rows
    )  # fmt: skip
    return Replacement(
        types=("Encounter",), source="PAS", sent=sent, changes=inside, position=position
    )


def messages(items):
    return [
        FeedMessage(position=item.position, kind="x", source="PAS", sent=item.sent, content=(item,))
        for item in items
    ]


def outcome(*runs):
    """What there is after applying each run, with every random id replaced by identifiers."""
    db = sqlite_utils.Database(sqlcipher3.connect(":memory:", isolation_level=None))
    publisher_state.create_tables(db)
    db.conn.execute("UPDATE setting SET value = '00' WHERE name = 'salt'")
    for run in runs:
        apply_messages.apply_messages(db, messages(run), NOW, "DEMO")
    records = list(settle_records(db, Settings()))
    systems = publisher_state.select_newest_times(db)
    db.conn.close()
    people = {p.id: "+".join(p.identifiers) for p in records if isinstance(p, Patient)}
    return sorted(_plain(record, people) for record in records), systems


def _plain(record, people):
    values = {name: getattr(record, name) for name in record.__dataclass_fields__}
    named = {name: people.get(value, value) for name, value in values.items() if name != "id"}
    return type(record).__name__, sorted(map(repr, named.items()))


@given(st.lists(st.one_of(changes(), extracts()), max_size=14), st.randoms(use_true_random=False))
def test_order_and_repetition_within_a_run_do_not_matter(items, random):
    expected = outcome(items)
    shuffled = items + random.choices(items, k=5) if items else []
    random.shuffle(shuffled)
    assert outcome(shuffled) == expected


@given(st.lists(st.one_of(changes(), extracts()), max_size=14), st.integers(0, 14))
def test_order_and_repetition_across_runs_do_not_matter(items, cut):
    expected = outcome(items)
    assert outcome(items[cut:], items[:cut]) == expected
    assert outcome(items, items[:cut]) == expected
