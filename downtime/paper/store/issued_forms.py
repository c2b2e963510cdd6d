"""The SQL of the ledger: packs, issued forms and the layouts they were printed on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

import orjson
from sqlite_utils import Database

from downtime.paper.form_state import MOVE
from downtime.paper.layout.template_layout import FormLayout, read_geometry
from downtime.paper.model import FormCount, FormDraft, IssuedForm, Pack, Subject
from downtime.paper.store import moves
from downtime.vault.audit import Actor

_SUBJECT = tuple(f.name for f in fields(Subject))
_ISSUED = tuple(f.name for f in fields(IssuedForm) if f.name != "subject")
_COLUMNS = (
    "serial", "position", "form", "version", "title", "layout", "pages", "returns", *_SUBJECT,
    "ward", "pack", "outage", "drill", "issued_by", "issued_name", "issued_at", "state",
    "changed_by", "changed_at", "reason", "replaces",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO form_issue ({', '.join(_COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def last_position(db: Database, device: str) -> int:
    """How many serials of a device's block are used."""
    query = "SELECT coalesce(max(position), 0) FROM form_issue WHERE substr(serial, 1, 2) = ?"
    return int(db.execute(query, [device]).fetchone()[0])


def next_pack(db: Database, device: str) -> int:
    """The number of the next pack of a device."""
    query = "SELECT count(*) FROM pack WHERE substr(id, 1, 3) = ? || '-'"
    return int(db.execute(query, [device]).fetchone()[0]) + 1


def insert_pack(db: Database, pack: Pack) -> None:
    db["pack"].insert(asdict(pack) | {"wards": "\n".join(pack.wards), "drill": int(pack.drill)})  # type: ignore[union-attr]


def finish_pack(db: Database, pack: str, state: str, pages: int, checksum: str) -> None:
    query = "UPDATE pack SET state = ?, pages = ?, checksum = ? WHERE id = ?"
    db.execute(query, [state, pages, checksum, pack])


def set_pack_failure(db: Database, pack: str, state: str, failure: str) -> None:
    db.execute("UPDATE pack SET state = ?, failure = ? WHERE id = ?", [state, failure, pack])


def fetch_packs(db: Database, condition: str, *values: object) -> list[Pack]:
    """Packs that meet an SQL condition of this room's own, newest first."""
    query = f"SELECT * FROM pack WHERE {condition} ORDER BY issued_at DESC, id DESC"  # noqa: S608
    return [_pack(row) for row in db.query(query, values)]


def _pack(row: dict[str, Any]) -> Pack:
    del row["origin"]
    return Pack(**{**row, "wards": tuple(row["wards"].split("\n")), "drill": bool(row["drill"])})


def insert_forms(
    db: Database, numbered: Iterable[tuple[str, int, FormDraft]], pack: Pack, state: str
) -> None:
    """Insert many forms at once: (serial, position, draft)."""
    issuer = (pack.id, pack.outage, int(pack.drill), pack.issued_by, pack.issued_name)
    end = (pack.issued_at, state, pack.issued_by, pack.issued_at, "")
    db.conn.executemany(
        _INSERT,
        (
            (serial, position, draft.form, draft.version, draft.title, draft.layout, draft.pages,
             int(draft.returns), *(getattr(draft.subject, name) for name in _SUBJECT),
             draft.ward, *issuer, *end, " ".join(draft.replaces))
            for serial, position, draft in numbered
        ),
    )  # fmt: skip


def insert_contents(db: Database, rows: Iterable[tuple[str, str, str]]) -> None:
    """Keep what was printed: (serial, digest, the values as JSON or empty)."""
    db.conn.executemany("INSERT INTO form_content (serial, digest, body) VALUES (?, ?, ?)", rows)


def fetch_content(db: Database, serial: str) -> str:
    """The values of a printed form as JSON; empty when they were not kept."""
    query = "SELECT body FROM form_content WHERE serial = ?"
    return next((str(row["body"]) for row in db.query(query, [serial])), "")


def fetch_digests(db: Database, condition: str, *values: object) -> dict[str, str]:
    """Digest by serial of what forms say that meet an SQL condition of this room's own."""
    query = (
        "SELECT c.serial, c.digest FROM form_content c JOIN form_issue f ON f.serial = c.serial"  # noqa: S608
        f" WHERE {condition}"
    )
    return {row["serial"]: row["digest"] for row in db.query(query, values)}


def set_pages(db: Database, pages: Iterable[tuple[str, int]]) -> None:
    """Correct the page counts of forms that took continuation pages: (serial, pages)."""
    db.conn.executemany(
        "UPDATE form_issue SET pages = ? WHERE serial = ?", ((n, serial) for serial, n in pages)
    )


def set_state(
    db: Database, serial: str, state: str, at: str, actor: Actor, reason: str, kind: str = MOVE
) -> None:
    """Move a form that may be moved, and keep the move."""
    move = moves.add_move(db, serial, state, at, actor, reason, kind)
    db.execute(
        "UPDATE form_issue SET state = ?, changed_at = ?, changed_by = ?, reason = ?"
        " WHERE serial = ?",
        [state, move.at, actor.id, reason, serial],
    )


def move_pack_forms(
    db: Database, pack: str, state: str, at: str, actor: Actor, reason: str
) -> None:
    """Move every form of a pack, whatever its state, and keep the moves."""
    for form in list(fetch_forms(db, "pack = ?", pack)):
        set_state(db, form.serial, state, at, actor, reason)


def fetch_forms(db: Database, condition: str, *values: object) -> Iterator[IssuedForm]:
    """Issued forms that meet an SQL condition of this room's own, in the order of issue."""
    query = f"SELECT * FROM form_issue WHERE {condition} ORDER BY substr(serial, 1, 2), position"  # noqa: S608
    return (_issued(row) for row in db.query(query, values))


def sort_by_patient(db: Database, serials: Iterable[str]) -> list[str]:
    """These serials, those of one patient together."""
    wanted = orjson.dumps(list(serials)).decode()
    query = (
        "SELECT serial FROM form_issue WHERE serial IN (SELECT value FROM json_each(?))"
        " ORDER BY patient, serial"
    )
    return [row[0] for row in db.conn.execute(query, (wanted,))]


def fetch_by_serials(db: Database, serials: Sequence[str]) -> Iterator[IssuedForm]:
    """The forms of these serials, in the order of issue."""
    wanted = orjson.dumps(list(serials)).decode()
    query = (
        f"SELECT {', '.join(_ISSUED)}, {', '.join(_SUBJECT)} FROM form_issue"  # noqa: S608
        " WHERE serial IN (SELECT value FROM json_each(?))"
        " ORDER BY substr(serial, 1, 2), position"
    )
    for row in db.conn.execute(query, (wanted,)):
        cells = tuple(row)
        said = dict(zip(_ISSUED, cells, strict=False))
        said |= {"returns": bool(said["returns"]), "drill": bool(said["drill"])}
        said["replaces"] = tuple(said["replaces"].split())
        subject = Subject(**dict(zip(_SUBJECT, cells[len(_ISSUED) :], strict=True)))
        yield IssuedForm(**said, subject=subject)


def _issued(row: dict[str, Any]) -> IssuedForm:
    subject = Subject(**{name: row.pop(name) for name in _SUBJECT})
    del row["position"], row["origin"]
    row |= {"returns": bool(row["returns"]), "drill": bool(row["drill"])}
    row["replaces"] = tuple(row["replaces"].split())
    return IssuedForm(**row, subject=subject)


def count_forms(db: Database, condition: str, *values: object) -> list[FormCount]:
    """Forms that must come back, counted by ward, form and state."""
    grouped = f"returns AND {condition} GROUP BY ward, form, state ORDER BY ward, form, state"
    query = f"SELECT ward, form, state, count(*) AS n FROM form_issue WHERE {grouped}"  # noqa: S608
    return [FormCount(**row) for row in db.query(query, values)]


def fetch_layout(db: Database, digest: str) -> FormLayout | None:
    """A layout that was printed on before."""
    row = next(db.query("SELECT * FROM form_layout WHERE digest = ?", [digest]), None)
    if row is None:
        return None
    size, pages = read_geometry(row["geometry"])
    return FormLayout(
        form=row["form"],
        version=row["version"],
        title=row["title"],
        digest=digest,
        pdf=bytes(row["pdf"]),
        size=size,
        pages=pages,
    )


def has_layout(db: Database, digest: str) -> bool:
    """Whether a layout is kept."""
    return bool(db.execute("SELECT 1 FROM form_layout WHERE digest = ?", [digest]).fetchone())


def fetch_definition_text(db: Database, digest: str) -> str:
    """The text of the definition that a layout was made from; empty for a list, or an unknown one."""
    query = "SELECT definition FROM form_layout WHERE digest = ?"
    return next((str(row["definition"]) for row in db.query(query, [digest])), "")


def fetch_outage(db: Database, serial: str) -> str:
    """The outage of a form; empty when there is none, or the form is not known."""
    row = db.execute("SELECT outage FROM form_issue WHERE serial = ?", [serial]).fetchone()
    return str(row[0]) if row else ""


def fetch_titles(db: Database) -> dict[str, str]:
    """Title by name of every form that was printed here; of its newest version when it changed."""
    query = "SELECT form, title FROM form_layout WHERE definition <> '' ORDER BY made"
    return {row["form"]: row["title"] for row in db.query(query)}


def insert_layout(db: Database, made: FormLayout, definition: str, at: str) -> None:
    """Keep a layout with the definition's own text: a printed version stays readable."""
    if has_layout(db, made.digest):
        return
    db["form_layout"].insert(  # type: ignore[union-attr]
        {
            "digest": made.digest,
            "form": made.form,
            "version": made.version,
            "title": made.title,
            "definition": definition,
            "geometry": made.geometry(),
            "pdf": made.pdf,
            "made": at,
        },
        ignore=True,
    )
