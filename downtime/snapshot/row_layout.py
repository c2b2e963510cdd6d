"""A record as the row in which bundles and opened snapshots hold it, and back: pure.

A row has the fields of its record in order; a list is a JSON text in it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar, cast

import orjson

from downtime.clinical.model import Record
from downtime.clinical.record_types import RECORD_TYPES, TYPES

R = TypeVar("R", bound=Record)
BATCH = 5_000

Row = Sequence[Any]
TypeRows = tuple[str, list[Row]]
"""The name of a type, and rows of it."""
COLUMNS = {name: tuple(f.name for f in fields(kind)) for name, kind in TYPES.items()}
_LISTS = {
    name: tuple(COLUMNS[name].index(list_field) for list_field in row.list_fields)
    for name, row in RECORD_TYPES.items()
}
_GETTERS = {kind: attrgetter(*COLUMNS[name]) for name, kind in TYPES.items()}


def columns(record_type: type[Record]) -> tuple[str, ...]:
    """The columns of a record's table: its fields, in order."""
    return COLUMNS[record_type.__name__]


def to_row(record: Record) -> Row:
    """A record as a row of its table."""
    record_type = type(record)
    cells: tuple[Any, ...] = _GETTERS[record_type](record)
    lists = _LISTS[record_type.__name__]
    if not lists:
        return cells
    row = list(cells)
    for place in lists:
        row[place] = orjson.dumps(row[place]).decode()
    return row


def list_rows(records: Iterable[Record]) -> Iterator[TypeRows]:
    """Records as rows, some thousand at a time."""
    stream = iter(records)
    while batch := list(islice(stream, BATCH)):
        by_type: dict[str, list[Row]] = {}
        for record in batch:
            by_type.setdefault(type(record).__name__, []).append(to_row(record))
        yield from by_type.items()


def from_row(record_type: type[R], row: Row) -> R:
    """The record of a row."""
    record: R = _ROW_READERS[record_type](row)
    return record


def _compile_row_reader(record_type: type[Record]) -> Callable[[Sequence[Any]], Any]:
    """A function that makes a record of its row, written for its type as dataclasses write theirs.

    It fills the slots straight: a third of the time of the constructor, half of that of a loop, and
    every list on a screen and every comparison is made of rows.
    """
    names, lists = columns(record_type), _LISTS[record_type.__name__]
    cells = [f"cell{place}" for place in range(len(names))]
    setters = [
        f"    set{n}(record, {f'tuple(loads({cell}))' if n in lists else cell})"
        for n, cell in enumerate(cells)
    ]
    lines = ("def read_row(row):", f"    {', '.join(cells)} = row", "    record = new(record_type)",
             *setters, "    return record")  # fmt: skip
    namespace = {f"set{n}": getattr(record_type, name).__set__ for n, name in enumerate(names)}
    namespace |= {"new": object.__new__, "record_type": record_type, "loads": orjson.loads}
    exec("\n".join(lines), namespace)  # noqa: S102 - our own words and nobody else's
    return cast(Callable[[Sequence[Any]], Any], namespace["read_row"])


_ROW_READERS = {kind: _compile_row_reader(kind) for kind in TYPES.values()}
