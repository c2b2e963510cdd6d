"""Any order, repetition and splitting of what feeds send gives the same state."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from downtime.clinical.identifiers import Identifier
from downtime.clinical.model import Patient
from downtime.feeds.model import Change, FeedMessage, Operation, Position, Replacement
from downtime.settings import FeedsSettings, Settings
from downtime.snapshot import apply_messages
from downtime.snapshot.record_state import Layer, RecordState, Stamp
from downtime.snapshot.settle_records import settle_records
from downtime.snapshot.store import publisher_state

NOW = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
BELIEVING = Settings(feeds=FeedsSettings(list_loss_percent=100, list_ward_patients=1000))
"""What a list may replace depends on what was there before, so that is left out here."""
TIMES = st.sampled_from([f"2026-11-02T10:0{n}:00Z" for n in range(6)])
MRNS = [Identifier("MR", "DEMO", value) for value in "ABC"]
NHS = [Identifier("NH", "NHS", value) for value in ("9990000018", "9990000026")]
VISIT = Identifier("VN", "DEMO", "V1")
PEOPLE = st.sampled_from(
    [(MRNS[0],), (MRNS[0], NHS[0]), (MRNS[1], NHS[0]), (MRNS[1], NHS[1]), (MRNS[2],), (NHS[1],)]
    + [(VISIT,), ()]
)
WARDS = st.fixed_dictionaries(
    {}, optional={"ward": st.sampled_from(["W1", "W2"]), "bed": st.sampled_from(["", "1", "2"])}
)


@st.composite
def changes(draw):
    common = {
        "source": "PAS",
        "event": draw(TIMES),
        "sent": draw(TIMES),
    }
    kind = draw(st.sampled_from(["stay", "stay", "cancel", "delete", "person", "merge", "unmerge"]))
    match kind:
        case "merge" | "unmerge":
            people = {"patient": (draw(st.sampled_from(MRNS)),)}
            people["merged"] = (draw(st.sampled_from(MRNS)),)
            return Change(type="Patient", key="", operation=Operation(kind), **people, **common)
        case "person":
            fields = {"family": draw(st.sampled_from(["ONE", "TWO"]))}
            person = draw(PEOPLE.filter(bool))
            return Change(type="Patient", key="", patient=person, fields=fields, **common)
    operation = Operation.SET if kind == "stay" else Operation(kind)
    return Change(
        type="Encounter",
        key=draw(st.sampled_from(["V1", "V2"])),
        patient=draw(PEOPLE),
        operation=operation,
        fields={} if kind == "delete" else draw(WARDS),
        **common,
    )


@st.composite
def extracts(draw):
    sent = draw(TIMES)
    rows = draw(st.lists(st.sampled_from(["V1", "V2", "V3"]), unique=True))
    inside = tuple(
        Change(
            type="Encounter", source="PAS", key=key, patient=(MRNS[0],), sent=sent,
            fields=draw(WARDS),
        )
        for key in rows
    )  # fmt: skip
    return Replacement(
        types=("Encounter",), source="PAS", sent=sent, changes=inside, position=Position("x.csv", 1)
    )


ITEMS = st.lists(st.one_of(changes(), extracts()), max_size=14)
"""What arrives, in the order of arrival."""


def receive(items):
    """Messages with the arrival numbers that a ledger gives them."""
    return [
        FeedMessage(
            position=Position("a.hl7", arrival, arrival),
            kind="x",
            source="PAS",
            sent=item.sent,
            content=(item,),
        )
        for arrival, item in enumerate(items, start=1)
    ]


def move(message, file, number):
    """The same message, found elsewhere."""
    return replace(message, position=Position(file, number, message.position.arrival))


def settle(*runs):
    """What there is after applying each run, with every random id replaced by identifiers."""
    db = publisher_state.open_in_memory()
    publisher_state.prepare_tables(db)
    db.conn.execute("UPDATE setting SET value = '00' WHERE name = 'salt'")
    for run in runs:
        apply_messages.apply_messages(db, run, BELIEVING, NOW)
    records = list(settle_records(db, Settings()))
    systems = publisher_state.select_newest_times(db)
    db.conn.close()
    people = {p.id: "+".join(p.identifiers) for p in records if isinstance(p, Patient)}
    return sorted(_plain(record, people) for record in records), systems


def _plain(record, people):
    values = {name: getattr(record, name) for name in record.__dataclass_fields__}
    named = {name: people.get(value, value) for name, value in values.items() if name != "id"}
    return type(record).__name__, sorted(map(repr, named.items()))


@given(ITEMS, st.randoms(use_true_random=False))
def test_order_and_repetition_within_a_run_do_not_matter(items, random):
    messages = receive(items)
    shuffled = messages + random.choices(messages, k=5) if messages else []
    random.shuffle(shuffled)
    assert settle(shuffled) == settle(messages)


@given(ITEMS, st.integers(0, 14))
def test_order_and_repetition_across_runs_do_not_matter(items, cut):
    messages = receive(items)
    expected = settle(messages)
    assert settle(messages[cut:], messages[:cut]) == expected
    assert settle(messages, messages[:cut]) == expected


@given(ITEMS, st.randoms(use_true_random=False))
def test_the_file_and_the_place_in_it_do_not_matter(items, random):
    messages = receive(items)
    elsewhere = [
        move(message, random.choice("zyx"), random.randrange(1, 100)) for message in messages
    ]
    assert settle(*([message] for message in elsewhere)) == settle(messages)


STAMPS = st.builds(
    Stamp,
    moment=TIMES,
    sent=TIMES,
    sequence=st.integers(0, 1),
    arrival=st.integers(1, 4),
    part=st.just(0),
    extract=st.just(""),
)
LAYERS = st.builds(
    Layer,
    stamp=STAMPS,
    fields=WARDS,
    operation=st.sampled_from([Operation.SET, Operation.SET, Operation.CANCEL, Operation.DELETE]),
)


@given(st.lists(LAYERS, max_size=8, unique_by=lambda layer: layer.stamp.sending))
def test_one_record_is_what_reading_its_whole_history_says(layers):
    state = RecordState()
    for layer in layers:
        state.apply(layer)
        state = RecordState.from_json(state.to_json())
    assert (state.exists, state.fields) == read_history(layers)


def read_history(layers):
    """Slow and obvious: whether it exists, and each field, from all that was ever said."""
    sending = [layer.stamp.sending for layer in layers if layer.operation is Operation.DELETE]
    deleted = max(sending, default=("",))
    standing = [
        layer
        for layer in layers
        if layer.operation is not Operation.DELETE and layer.stamp.sending > deleted
    ]
    fields = {}
    for name in ("ward", "bed"):
        telling = [layer for layer in standing if name in layer.fields]
        cancels = [layer for layer in telling if layer.operation is Operation.CANCEL]
        last = max(cancels, key=lambda layer: layer.stamp.sending, default=None)
        since = [
            layer
            for layer in telling
            if layer.operation is Operation.SET
            and (last is None or layer.stamp.sending > last.stamp.sending)
        ]
        if since:
            fields[name] = max(since, key=lambda layer: layer.stamp).fields[name]
        elif last:
            fields[name] = last.fields[name]
    return bool(standing), fields
