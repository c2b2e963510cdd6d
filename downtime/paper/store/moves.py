"""The SQL of moves: each is kept, and the state of its form with it."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from itertools import groupby

from sqlite_utils import Database

from downtime.paper.form_state import MOVE, SIGHTED, UNDO, Move, derive_state
from downtime.paper.model import ISSUED
from downtime.vault.audit import Actor

_COLUMNS = tuple(f.name for f in fields(Move))
_NAMES = ", ".join(_COLUMNS)
_INSERT = f"({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_NEXT = (
    "SELECT coalesce(max(step), 0) + 1, max(coalesce(max(at), ''), ?) FROM form_move"
    " WHERE serial = ?"
)


def add_move(
    db: Database, serial: str, state: str, at: str, actor: Actor, reason: str, kind: str = MOVE
) -> Move:
    """Keep a move that somebody made here now; it is dated after every move that is known."""
    step, moment = db.execute(_NEXT, [at, serial]).fetchone()
    made = Move(
        serial=serial, device=actor.device, step=step, at=moment, person=actor.id,
        person_name=actor.name, kind=kind, state=state, reason=reason,
    )  # fmt: skip
    insert_moves(db, [made])
    return made


def add_undo(db: Database, undone: Move, at: str, actor: Actor) -> None:
    """Say that a move made on this machine was a slip."""
    step, moment = db.execute(_NEXT, [at, undone.serial]).fetchone()
    slip = Move(
        serial=undone.serial, device=undone.device, step=step, at=moment, person=actor.id,
        person_name=actor.name, kind=UNDO, state="", reason="", undoes=undone.step,
    )  # fmt: skip
    insert_moves(db, [slip])


def insert_moves(db: Database, moves: Iterable[Move]) -> int:
    """Keep moves; one that is there already is left as it is. How many are new."""
    before = db.conn.total_changes
    db.conn.executemany(f"INSERT OR IGNORE INTO form_move {_INSERT}", map(astuple, moves))
    return int(db.conn.total_changes - before)


def fetch_moves_of(db: Database, serial: str) -> list[Move]:
    """All moves of a serial, in the order in which they were kept."""
    return list(fetch_moves(db, "serial = ?", serial))


def fetch_moves(db: Database, condition: str, *values: object) -> Iterator[Move]:
    """Moves that meet an SQL condition of this room's own, by serial."""
    query = f"SELECT {_NAMES} FROM form_move WHERE {condition} ORDER BY serial, at, step"  # noqa: S608
    return (Move(**row) for row in db.query(query, values))


def fetch_last_checked_in(db: Database, person: str, device: str, limit: int) -> list[Move]:
    """The papers that somebody booked last on this machine and did not take back, newest first."""
    condition = (
        "person = ? AND device = ? AND kind = ? AND NOT EXISTS (SELECT 1 FROM form_move u WHERE"
        " u.serial = form_move.serial AND u.device = form_move.device AND u.undoes = form_move.step)"
    )
    query = f"SELECT {_NAMES} FROM form_move WHERE {condition} ORDER BY at DESC, rowid DESC LIMIT ?"  # noqa: S608
    return [Move(**row) for row in db.query(query, [person, device, SIGHTED, limit])]


def count_checked_in(db: Database, person: str, device: str, since: str) -> int:
    """How many papers somebody booked on this machine since a time."""
    query = (
        "SELECT count(DISTINCT serial) FROM form_move m WHERE person = ? AND device = ? AND kind = ?"
        " AND at >= ? AND NOT EXISTS (SELECT 1 FROM form_move u WHERE u.serial = m.serial"
        " AND u.device = m.device AND u.undoes = m.step)"
    )
    return int(db.execute(query, [person, device, SIGHTED, since]).fetchone()[0])


def fetch_moves_without_form(db: Database) -> Iterator[Move]:
    """Moves of papers that no laptop reported to this machine yet."""
    return fetch_moves(db, "serial NOT IN (SELECT serial FROM form_issue)")


def update_states(db: Database, serials: Iterable[str]) -> None:
    """Give forms the state that follows from all their moves."""
    wanted = sorted(set(serials))
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        marks = ", ".join("?" * len(part))
        held = fetch_moves(db, f"serial IN ({marks})", *part)
        found = {serial: derive_state(m) for serial, m in groupby(held, lambda move: move.serial)}
        moved = [
            (s.state, s.last.at, s.last.person, s.last.reason, n)
            for n, s in found.items()
            if s.last
        ]
        db.conn.executemany(
            "UPDATE form_issue SET state = ?, changed_at = ?, changed_by = ?, reason = ?"
            " WHERE serial = ?",
            moved,
        )
        still = set(part) - {serial for *_, serial in moved}
        db.conn.executemany(
            "UPDATE form_issue SET state = ?, changed_at = issued_at, changed_by = issued_by,"
            " reason = '' WHERE serial = ?",
            [(ISSUED, serial) for serial in sorted(still)],
        )
