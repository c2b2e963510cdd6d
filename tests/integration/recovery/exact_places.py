"""What stands in a message or on a worklist stands in its own row there: with its words, unit and time."""

from collections import Counter
from collections.abc import Iterator

from downtime.paper.forms.model import FieldType
from tests.spec.returns.field_places import FILED, IN_SIGN_OFF, find_places, list_fields

from . import read_back


def find_misread_values(done) -> Iterator[tuple]:
    """Measured values that do not stand in an OBX and a line of their own, with unit and time."""
    for channel, read in (
        ("HL7", [v for m in done.messages for v in read_back.read_values(m)]),
        ("worklist", read_back.read_line_values(done.lines)),
    ):
        for item in list_fields(done.form):
            record = item.record or done.form.record
            if not item.code or item.maps or record != "Observation":
                continue
            unit = "" if item.options else item.units or item.ucum
            expected = Counter(
                read_back.ReadValue(item.text, value, unit, done.time_beside(item, key))
                for key in item.answer_keys()
                if (answer := done.answers.get(key))
                and (value := next((o.display for o in item.options if o.code == answer), answer))
            )
            found = Counter(value for value in read if value.name == item.text)
            if found != expected:
                yield item.link_id, channel, dict(expected), dict(found)


def find_unlabelled(done) -> Iterator[tuple]:
    """Answers that go along as notes, and do not stand behind the words of their own field."""
    notes = {text for message in done.messages for text in read_back.read_notes(message)}
    details = "; ".join(line["Details"] for line in done.lines)
    for item in list_fields(done.form):
        places = find_places(done.form, item)
        if item.code or item.maps or item.link_id in IN_SIGN_OFF or not item.keyed:
            continue
        if places is FILED or any(option.fixed_fields for option in item.options):
            continue
        for key in item.answer_keys():
            if not (answer := done.answers.get(key)):
                continue
            said = f"{item.text}: {word(item, answer)}"
            if said not in notes:
                yield key, said, "no note of HL7", sorted(notes)
            if said not in details:
                yield key, said, "not on the worklist", details


def word(item, answer: str) -> str:
    """An answer as people read it: a number with its unit."""
    if item.type == FieldType.BOOLEAN:
        return "yes"
    display = next((option.display for option in item.options if option.code == answer), answer)
    is_number = item.type in (FieldType.INTEGER, FieldType.DECIMAL, FieldType.QUANTITY)
    return f"{display} {item.units}" if is_number and item.units else display


def find_torn_rows(done) -> Iterator[tuple]:
    """Rows of tables whose answers do not stand together, and apart from those of other rows."""
    records = [part for m in done.messages for part in read_back.split_records(m)]
    tables: dict[tuple[str, str], list] = {}
    for item in list_fields(done.form):
        places = find_places(done.form, item)
        if item.repeated and places.hl7 and places is not FILED and not item.code:
            tables.setdefault((item.group, item.record or done.form.record), []).append(item)
    for table, items in tables.items():
        rows = [
            {i: a for i in items if (a := done.answers.get(f"{i.link_id}:{number}"))}
            for number in (1, 2)
        ]
        for row, other in (rows, rows[::-1]):
            together = [part for part in records if all(done.is_in(part, *i) for i in row.items())]
            if row and not together:
                yield *table, "no record has", {i.link_id: a for i, a in row.items()}
            for part in together:
                strange = {
                    i.link_id: a for i, a in other.items()
                    if a != row.get(i) and done.is_in(part, i, a)
                }  # fmt: skip
                if strange:
                    yield *table, "with another row's", strange
