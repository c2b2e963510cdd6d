"""The SQL of issued forms and of what was printed on them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database

from downtime.paper.model import (
    FormCount,
    FormDraft,
    FormState,
    IssuedForm,
    MoveKind,
    Pack,
    PackKind,
    PackState,
    Subject,
)
from downtime.paper.store import moves
from downtime.vault.model import Actor

_SUBJECT = tuple(f.name for f in fields(Subject))
_ISSUED = tuple(f.name for f in fields(IssuedForm) if f.name != "subject")
_COLUMNS = (
    "serial", "position", "form", "version", "title", "layout", "pages", "returns", *_SUBJECT,
    "ward", "pack", "outage", "drill", "issued_by", "issued_name", "issued_at", "state",
    "changed_by", "changed_at", "reason", "replaces",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO form_issue ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_SELECT = f"SELECT {', '.join((*_ISSUED, *_SUBJECT))} FROM form_issue"
_IN_ORDER = "ORDER BY substr(serial, 1, 2), position, serial"
"""The order of issue, laptop by laptop."""
_LISTED = "SELECT value FROM json_each(?)"
_IS_STANDING_PRINT = (
    "form = ? AND drill = ? AND state = ? AND pack IN (SELECT id FROM pack WHERE state = ?)"
)
"""A list that lies on its ward: issued, not superseded, of a pack that somebody got."""


def last_position(db: Database, device: str) -> int:
    """The last place in the order in which a device issued its forms, whatever their blocks."""
    query = "SELECT coalesce(max(position), 0) FROM form_issue WHERE substr(serial, 1, 2) = ?"
    return int(db.execute(query, [device]).fetchone()[0])


def last_position_in_first_block(db: Database, device: str) -> int:
    """How many serials of a device's first block are used; those of named blocks are longer."""
    query = (
        "SELECT coalesce(max(CAST(substr(serial, 3, 6) AS INTEGER)), 0) FROM form_issue"
        " WHERE substr(serial, 1, 2) = ? AND length(serial) = 9"
    )
    return int(db.execute(query, [device]).fetchone()[0])


def insert_forms(db: Database, numbered: Iterable[tuple[str, int, FormDraft]], pack: Pack) -> None:
    """Insert many forms at once: (serial, position, draft)."""
    issuer = (pack.id, pack.outage, int(pack.drill), pack.issued_by, pack.issued_name)
    end = (pack.issued_at, FormState.ISSUED, pack.issued_by, pack.issued_at, "")
    db.conn.executemany(
        _INSERT,
        (
            (serial, position, draft.form, draft.version, draft.title, draft.layout, draft.pages,
             int(draft.returns), *(getattr(draft.subject, name) for name in _SUBJECT),
             draft.ward, *issuer, *end, " ".join(draft.replaces))
            for serial, position, draft in numbered
        ),
    )  # fmt: skip


def set_state(
    db: Database,
    serial: str,
    state: FormState,
    at: str,
    actor: Actor,
    reason: str,
    kind: MoveKind = MoveKind.MOVE,
) -> None:
    """Move a form that may be moved, and keep the move."""
    move = moves.add_move(db, serial, state, at, actor, reason, kind)
    db.execute(
        "UPDATE form_issue SET state = ?, changed_at = ?, changed_by = ?, reason = ?"
        " WHERE serial = ?",
        [state, move.at, actor.id, reason, serial],
    )


# One form, and lists of them


def find_form(db: Database, serial: str) -> IssuedForm | None:
    return next(_query(db, f"{_SELECT} WHERE serial = ?", serial), None)


def fetch_by_serials(db: Database, serials: Sequence[str]) -> Iterator[IssuedForm]:
    """The forms of these serials, in the order of issue."""
    wanted = orjson.dumps(list(serials)).decode()
    return _query(db, f"{_SELECT} WHERE serial IN ({_LISTED}) {_IN_ORDER}", wanted)


def fetch_returning(db: Database, filters: Mapping[str, str]) -> Iterator[IssuedForm]:
    """Forms that must come back, by any of `ward`, `form`, `state` and `outage`."""
    if not filters.keys() <= {"ward", "form", "state", "outage"}:
        raise KeyError(", ".join(filters))
    condition = "".join(f" AND {name} = ?" for name in filters)
    return _query(db, f"{_SELECT} WHERE returns{condition} {_IN_ORDER}", *filters.values())


def fetch_in_states(db: Database, outage: str, states: Sequence[FormState]) -> Iterator[IssuedForm]:
    """Forms of an outage that must come back and are in any of these states."""
    wanted = orjson.dumps(list(states)).decode()
    condition = f"returns AND outage = ? AND state IN ({_LISTED})"
    return _query(db, f"{_SELECT} WHERE {condition} {_IN_ORDER}", outage, wanted)


def fetch_states(db: Database, outage: str) -> dict[str, FormState]:
    """Serial of every form of an outage that must come back, to its state."""
    query = "SELECT serial, state FROM form_issue WHERE returns AND outage = ?"
    return {row[0]: FormState(row[1]) for row in db.conn.execute(query, (outage,))}


def fetch_of_patient(db: Database, patient: str) -> Iterator[IssuedForm]:
    return _query(db, f"{_SELECT} WHERE patient = ? {_IN_ORDER}", patient)


def fetch_serials_of_person(
    db: Database, outage: str, patient: str, downtime_number: str
) -> list[str]:
    """Serials of the forms of one patient, or of one downtime number, in an outage; of nobody none."""
    if not (patient or downtime_number):
        return []
    name, value = ("patient", patient) if patient else ("downtime_number", downtime_number)
    query = f"SELECT serial FROM form_issue WHERE {name} = ? AND outage = ? ORDER BY serial"
    return [row[0] for row in db.conn.execute(query, (value, outage))]


def fetch_of_pack(db: Database, pack: str) -> Iterator[IssuedForm]:
    return _query(db, f"{_SELECT} WHERE pack = ? {_IN_ORDER}", pack)


def fetch_without_patient(
    db: Database, outage: str, states: Sequence[FormState]
) -> Iterator[IssuedForm]:
    """Forms in any of these states that were printed for nobody, in an outage or before it."""
    wanted = orjson.dumps(list(states)).decode()
    condition = (
        f"patient = '' AND (outage = ? OR (outage = '' AND NOT drill)) AND state IN ({_LISTED})"
    )
    return _query(db, f"{_SELECT} WHERE {condition} {_IN_ORDER}", outage, wanted)


def fetch_standing_prints(db: Database, form: str, *, drill: bool) -> Iterator[IssuedForm]:
    """Copies of a list that lie on the wards; those of drills and of outages never mix."""
    query = f"{_SELECT} WHERE {_IS_STANDING_PRINT} {_IN_ORDER}"
    return _query(db, query, form, int(drill), FormState.ISSUED, PackState.PRINTED)


_IS_OUT = "state = ? AND drill = ?"
_OF_PRINTED_PACK = "pack IN (SELECT id FROM pack WHERE state = ?"


def fetch_out_of_wards(
    db: Database, wards: Sequence[str], kinds: Sequence[PackKind], *, drill: bool
) -> Iterator[IssuedForm]:
    """What is out on these wards from packs of these kinds: lists, and forms that name a patient."""
    query = (
        f"{_SELECT} WHERE {_IS_OUT} AND ward IN ({_LISTED}) AND (patient <> '' OR NOT returns)"
        f" AND {_OF_PRINTED_PACK} AND kind IN ({_LISTED})) {_IN_ORDER}"
    )
    values = [int(drill), orjson.dumps(list(wards)).decode(), PackState.PRINTED]
    return _query(db, query, FormState.ISSUED, *values, orjson.dumps(list(kinds)).decode())


def fetch_out_of_patients(
    db: Database, patients: Iterable[str], forms: Iterable[str], *, drill: bool
) -> Iterator[IssuedForm]:
    """Forms of these names that are out for these patients."""
    query = (
        f"{_SELECT} WHERE {_IS_OUT} AND patient IN ({_LISTED}) AND form IN ({_LISTED})"
        f" AND {_OF_PRINTED_PACK}) {_IN_ORDER}"
    )
    listed = (orjson.dumps(list(names)).decode() for names in (patients, forms))
    return _query(db, query, FormState.ISSUED, int(drill), *listed, PackState.PRINTED)


def fetch_void_of_wards(
    db: Database, wards: Iterable[str], since: str, *, drill: bool
) -> Iterator[IssuedForm]:
    """Pages of these wards that became void since then (UTC)."""
    condition = f"ward IN ({_LISTED}) AND state = ? AND drill = ? AND changed_at >= ?"
    listed = orjson.dumps(list(wards)).decode()
    query = f"{_SELECT} WHERE {condition} {_IN_ORDER}"
    return _query(db, query, listed, FormState.VOID, int(drill), since)


class FormLine(NamedTuple):
    """What a list needs of a form: not for whom it was printed."""

    serial: str
    form: str
    title: str
    layout: str
    ward: str
    state: FormState
    changed_at: str


def fetch_lines(db: Database, outage: str, states: Iterable[FormState]) -> Iterator[FormLine]:
    """Forms of an outage that must come back and are in any of these states, in the order of issue."""
    query = (
        "SELECT serial, form, title, layout, ward, state, changed_at FROM form_issue"
        f" WHERE returns AND outage = ? AND state IN ({_LISTED}) {_IN_ORDER}"
    )
    states_by_text = {str(state): state for state in states}
    rows = db.conn.execute(query, (outage, orjson.dumps(list(states_by_text)).decode()))
    return (
        FormLine(serial, form, title, layout, ward, states_by_text[state], changed_at)
        for serial, form, title, layout, ward, state, changed_at in rows
    )


def fetch_layouts(
    db: Database, outage: str, states: Sequence[FormState], *, drill: bool
) -> list[tuple[str, str]]:
    """Serial and layout of the forms that must come back and are in any of these states: to be counted."""
    query = (
        "SELECT serial, layout FROM form_issue"
        f" WHERE returns AND outage = ? AND drill = ? AND state IN ({_LISTED})"
    )
    wanted = orjson.dumps(list(states)).decode()
    return [(row[0], row[1]) for row in db.conn.execute(query, (outage, drill, wanted))]


def fetch_outage(db: Database, serial: str) -> str:
    """The outage of a form; empty when there is none, or the form is not known."""
    row = db.execute("SELECT outage FROM form_issue WHERE serial = ?", [serial]).fetchone()
    return str(row[0]) if row else ""


def sort_by_patient(db: Database, serials: Iterable[str]) -> list[str]:
    """These serials, those of one patient together."""
    wanted = orjson.dumps(list(serials)).decode()
    query = f"SELECT serial FROM form_issue WHERE serial IN ({_LISTED}) ORDER BY patient, serial"
    return [row[0] for row in db.conn.execute(query, (wanted,))]


def _query(db: Database, query: str, *values: object) -> Iterator[IssuedForm]:
    for row in db.conn.execute(query, values):
        cells = tuple(row)
        columns: dict[str, Any] = dict(zip(_ISSUED, cells, strict=False))
        columns |= {"returns": bool(columns["returns"]), "drill": bool(columns["drill"])}
        columns |= {
            "replaces": tuple(columns["replaces"].split()),
            "state": FormState(columns["state"]),
        }
        subject = Subject(**dict(zip(_SUBJECT, cells[len(_ISSUED) :], strict=True)))
        yield IssuedForm(**columns, subject=subject)


# Counts, and forms to work through


def count_forms(db: Database, outage: str | None = None) -> list[FormCount]:
    """Forms that must come back, of one outage or of all time, by ward, form and state."""
    condition, values = ("AND outage = ?", [outage]) if outage is not None else ("", [])
    query = (
        "SELECT ward, form, state, count(*) AS n FROM form_issue"
        f" WHERE returns {condition} GROUP BY ward, form, state ORDER BY ward, form, state"
    )
    return [
        FormCount(row["ward"], row["form"], FormState(row["state"]), row["n"])
        for row in db.query(query, values)
    ]


_KIND = {True: "drill", False: "NOT drill"}
"""As the conditions of two indexes have it."""


def count_by_form(db: Database, state: FormState, *, drill: bool) -> list[tuple[str, str, int]]:
    """How many forms that must come back, of drills or real ones, are in a state: (form, ward, count)."""
    query = (
        f"SELECT form, ward, count(*) FROM form_issue WHERE returns AND {_KIND[drill]} AND state = ?"
        " GROUP BY form, ward"
    )
    return [(str(form), str(ward), int(n)) for form, ward, n in db.execute(query, [state])]


def fetch_serials(
    db: Database,
    state: FormState,
    forms: Iterable[str],
    *,
    drill: bool,
    ward: str = "",
    without: Iterable[str] = (),
    limit: int = 50,
) -> list[str]:
    """The serials of these forms in a state, in the order of issue; `without` leaves some out."""
    names, excluded = list(forms), list(without)
    query = (
        f"SELECT serial FROM form_issue WHERE returns AND {_KIND[drill]} AND state = ?"
        f" AND form IN ({', '.join('?' * len(names))})"
        f" AND serial NOT IN ({', '.join('?' * len(excluded))})"
        + (" AND ward = ?" if ward else "")
        + " ORDER BY position, serial LIMIT ?"
    )
    values = [state, *names, *excluded, *([ward] if ward else []), limit]
    return [str(row[0]) for row in db.execute(query, values)]


def fetch_drill_serials(db: Database) -> frozenset[str]:
    """The forms of drills of which something may still be keyed."""
    query = "SELECT serial FROM form_issue WHERE returns AND drill AND state NOT IN (?, ?)"
    rows = db.conn.execute(query, (FormState.VERIFIED, FormState.FILED))
    return frozenset(row[0] for row in rows)


# Whom forms were printed for, many at a time


PERSON = (
    "patient", "mrn", "nhs_number", "downtime_number", "family", "given", "prefix", "birth_date",
    "gender",
)  # fmt: skip
_PRINTED_FOR = (
    f"SELECT f.serial, f.layout, f.ward, {', '.join(f'f.{name}' for name in PERSON)}"
    " FROM json_each(?) AS wanted CROSS JOIN form_issue AS f ON f.serial = wanted.value"
    " WHERE f.outage <> '' OR NOT f.drill"
)


class PrintedFor(NamedTuple):
    """The digest of a form's layout, its ward, and the columns of PERSON."""

    layout: str
    ward: str
    person: tuple[str, ...]


def fetch_printed_for(db: Database, serials: Sequence[str]) -> dict[str, PrintedFor]:
    """By serial, whom each form was printed for; nothing of one that was printed for a drill alone."""
    rows = db.conn.execute(_PRINTED_FOR, (orjson.dumps(serials).decode(),))
    return {row[0]: PrintedFor(row[1], row[2], tuple(row[3:])) for row in rows}


# Rows that another machine wrote


def is_printed_differently(db: Database, row: Mapping[str, Any]) -> bool:
    """Whether the form that is held under this serial is another paper than this row's."""
    names = ("form", "layout", "patient", "downtime_number", "pack", "issued_by", "issued_at")
    query = f"SELECT {', '.join(names)} FROM form_issue WHERE serial = ?"
    stored = db.execute(query, [row["serial"]]).fetchone()
    return stored is not None and tuple(stored) != tuple(row[name] for name in names)


def set_local_outage(db: Database, origin: str, outage: str) -> dict[str, str]:
    """Put the forms of a laptop's outage under another one here: serial to outage of the changed."""
    changed = db.execute(
        "UPDATE form_issue SET outage = ? WHERE origin = ? AND outage <> ? RETURNING serial",
        [outage, origin, outage],
    ).fetchall()
    return {str(row[0]): outage for row in changed}
