"""The SQL of moves: each is kept, and the state of its form with it."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.paper.form_state import derive_state
from downtime.paper.model import FormState, Move, MoveKind
from downtime.vault.model import Actor

_COLUMNS = tuple(f.name for f in fields(Move))
_NAMES = ", ".join(_COLUMNS)
_list_values = attrgetter(*_COLUMNS)
"""The values of a move, in the order of its columns; `astuple` would copy each of them, a site's pack long."""
_INSERT = f"({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_NEXT = (
    "SELECT coalesce(max(step), 0) + 1, max(coalesce(max(at), ''), ?) FROM form_move"
    " WHERE serial = ?"
)
_SELECT = f"SELECT {_NAMES} FROM form_move"
_BY_SERIAL = "ORDER BY serial, at, step"
_NOT_UNDONE = (
    "NOT EXISTS (SELECT 1 FROM form_move u WHERE u.serial = m.serial AND u.device = m.device"
    " AND u.undoes = m.step)"
)


def add_move(
    db: Database,
    serial: str,
    state: FormState,
    at: str,
    actor: Actor,
    reason: str,
    kind: MoveKind = MoveKind.MOVE,
) -> Move:
    """Keep a move that somebody made here now; it is dated after every move that is known."""
    step, moment = db.execute(_NEXT, [at, serial]).fetchone()
    move = Move(
        serial=serial, device=actor.device, step=step, at=moment, person=actor.id,
        person_name=actor.name, kind=kind, state=state, reason=reason,
    )  # fmt: skip
    insert_moves(db, [move])
    return move


def add_undo(db: Database, undone: Move, at: str, actor: Actor) -> None:
    """Say that a move made on this machine was a slip."""
    step, moment = db.execute(_NEXT, [at, undone.serial]).fetchone()
    undo = Move(
        serial=undone.serial, device=undone.device, step=step, at=moment, person=actor.id,
        person_name=actor.name, kind=MoveKind.UNDO, state="", reason="", undoes=undone.step,
    )  # fmt: skip
    insert_moves(db, [undo])


def insert_moves(db: Database, moves: Iterable[Move]) -> int:
    """Keep moves; one that is there already is left as it is. How many are new."""
    before = db.conn.total_changes
    db.conn.executemany(f"INSERT OR IGNORE INTO form_move {_INSERT}", map(_list_values, moves))
    return int(db.conn.total_changes - before)


def fetch_moves_of(db: Database, serial: str) -> list[Move]:
    """All moves of a serial, in the order in which they were kept."""
    return list(_read_moves(db.query(f"{_SELECT} WHERE serial = ? {_BY_SERIAL}", [serial])))


def fetch_all_moves(db: Database) -> Iterator[Move]:
    """Every move, by serial."""
    return _read_moves(db.query(f"{_SELECT} {_BY_SERIAL}"))


def fetch_moves_of_kind(db: Database, kind: MoveKind) -> Iterator[Move]:
    """Every move of a kind, by serial."""
    return _read_moves(db.query(f"{_SELECT} WHERE kind = ? {_BY_SERIAL}", [kind]))


def fetch_sighted_twice(db: Database) -> Iterator[Move]:
    """All moves of serials whose paper one machine saw more than once, by serial."""
    repeated = (
        "SELECT serial FROM form_move WHERE kind = ? GROUP BY serial, device HAVING count(*) > 1"
    )
    query = f"{_SELECT} WHERE serial IN ({repeated}) {_BY_SERIAL}"
    return _read_moves(db.query(query, [MoveKind.SIGHTED]))


def fetch_moves_without_form(db: Database) -> Iterator[Move]:
    """Moves of papers that no laptop reported to this machine yet, by serial."""
    condition = "serial NOT IN (SELECT serial FROM form_issue)"
    return _read_moves(db.query(f"{_SELECT} WHERE {condition} {_BY_SERIAL}"))


def fetch_last_checked_in(db: Database, person: str, device: str, limit: int) -> list[Move]:
    """The papers that somebody checked in last on this machine and did not take back, newest first."""
    query = (
        f"{_SELECT} m WHERE person = ? AND device = ? AND kind = ? AND {_NOT_UNDONE}"
        " ORDER BY at DESC, rowid DESC LIMIT ?"
    )
    return list(_read_moves(db.query(query, [person, device, MoveKind.SIGHTED, limit])))


def count_checked_in(db: Database, person: str, device: str, since: str) -> int:
    """How many papers somebody checked in on this machine since a time."""
    query = (
        "SELECT count(DISTINCT serial) FROM form_move m"
        f" WHERE person = ? AND device = ? AND kind = ? AND at >= ? AND {_NOT_UNDONE}"
    )
    return int(db.execute(query, [person, device, MoveKind.SIGHTED, since]).fetchone()[0])


def update_states(db: Database, serials: Iterable[str]) -> None:
    """Give forms the state that follows from all their moves."""
    wanted = sorted(set(serials))
    for start in range(0, len(wanted), 500):
        _update_batch(db, wanted[start : start + 500])


def _update_batch(db: Database, serials: list[str]) -> None:
    query = f"{_SELECT} WHERE serial IN (SELECT value FROM json_each(?)) {_BY_SERIAL}"
    moves = _read_moves(db.query(query, [orjson.dumps(serials).decode()]))
    states = {n: derive_state(m) for n, m in groupby(moves, lambda move: move.serial)}
    moved = [
        (state.state, state.last.at, state.last.person, state.last.reason, serial)
        for serial, state in states.items()
        if state.last
    ]
    db.conn.executemany(
        "UPDATE form_issue SET state = ?, changed_at = ?, changed_by = ?, reason = ?"
        " WHERE serial = ?",
        moved,
    )
    unmoved = set(serials) - {serial for *_, serial in moved}
    db.conn.executemany(
        "UPDATE form_issue SET state = ?, changed_at = issued_at, changed_by = issued_by,"
        " reason = '' WHERE serial = ?",
        [(FormState.ISSUED, serial) for serial in sorted(unmoved)],
    )


def _read_moves(rows: Iterable[dict[str, Any]]) -> Iterator[Move]:
    return (Move(**row | {"kind": MoveKind(row["kind"])}) for row in rows)
