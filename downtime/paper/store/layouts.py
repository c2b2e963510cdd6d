"""The SQL of layouts: the pages on which forms were printed, with their definition's own text."""

from sqlite_utils import Database

from downtime.paper.layout.model import FormLayout, read_geometry


def find_layout(db: Database, digest: str) -> FormLayout | None:
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


def insert_layout(db: Database, layout: FormLayout, definition: str, at: str) -> None:
    """Keep a layout with the definition's own text: a printed version stays readable."""
    if has_layout(db, layout.digest):
        return
    db.table("form_layout").insert(
        {
            "digest": layout.digest,
            "form": layout.form,
            "version": layout.version,
            "title": layout.title,
            "definition": definition,
            "geometry": layout.geometry(),
            "pdf": layout.pdf,
            "made": at,
        },
        ignore=True,
    )


def fetch_definition_text(db: Database, digest: str) -> str:
    """The text of the definition that a layout was made from; empty for a list, or an unknown one."""
    query = "SELECT definition FROM form_layout WHERE digest = ?"
    return next((str(row["definition"]) for row in db.query(query, [digest])), "")


def fetch_titles(db: Database) -> dict[str, str]:
    """Title by name of every form that was printed here; of its newest version when it changed."""
    query = "SELECT form, title FROM form_layout WHERE definition <> '' ORDER BY made"
    return {row["form"]: row["title"] for row in db.query(query)}


def fetch_newest_layouts(db: Database) -> dict[str, str]:
    """The digest of the layout on which each form was printed last, by the form's name."""
    query = "SELECT form, digest FROM form_layout WHERE definition <> '' ORDER BY made"
    return {str(form): str(digest) for form, digest in db.execute(query)}


def set_earlier_time(db: Database, digest: str, at: str) -> None:
    """Of a layout that several machines made, the earliest time counts."""
    db.execute("UPDATE form_layout SET made = min(made, ?) WHERE digest = ?", [at, digest])
