"""The SQL of forms that stand in one state, for whoever works through them in an order of theirs."""

from collections.abc import Iterable

from sqlite_utils import Database


def count_by_form(db: Database, state: str) -> list[tuple[str, str, int]]:
    """How many forms that must come back are in a state: (form, ward, count)."""
    query = (
        "SELECT form, ward, count(*) FROM form_issue WHERE returns AND state = ?"
        " GROUP BY form, ward"
    )
    return [(str(form), str(ward), int(n)) for form, ward, n in db.execute(query, [state])]


def fetch_serials(
    db: Database,
    state: str,
    forms: Iterable[str],
    *,
    ward: str = "",
    without: Iterable[str] = (),
    limit: int = 50,
) -> list[str]:
    """The serials of these forms in a state, in the order of issue; `without` leaves some out."""
    names, left_out = list(forms), list(without)
    query = (
        "SELECT serial FROM form_issue WHERE returns AND state = ?"  # noqa: S608
        f" AND form IN ({', '.join('?' * len(names))})"
        f" AND serial NOT IN ({', '.join('?' * len(left_out))})"
        + (" AND ward = ?" if ward else "")
        + " ORDER BY position, serial LIMIT ?"
    )
    values = [state, *names, *left_out, *([ward] if ward else []), limit]
    return [str(row[0]) for row in db.execute(query, values)]


def fetch_newest_layouts(db: Database) -> dict[str, str]:
    """The digest of the layout on which each form was printed last, by the form's name."""
    query = "SELECT form, digest FROM form_layout WHERE definition <> '' ORDER BY made"
    return {str(form): str(digest) for form, digest in db.execute(query)}
