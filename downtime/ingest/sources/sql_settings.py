"""How a database is asked: a table `[ingest.sources.NAME]` of the kind `sql`. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from downtime.ingest.sources.model import SourceKind
from downtime.setting_fields import setting

_POSITIVE = ("every_seconds", "query_seconds", "connect_seconds", "max_rows", "max_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSettings:
    """A database that is asked one question; its answer is read as a CSV file is."""

    kind: SourceKind = SourceKind.SQL
    url: str = setting(
        "",
        "Database as SQLAlchemy names it, without password: postgresql+psycopg://reader@host/pas.",
    )
    password_file: str = setting("", "File that holds the password.")
    query: str = setting("", "One SELECT. Its columns are mapped as those of a CSV file.")
    name: str = setting(
        "", "Name under which feeds.tables maps its rows, such as ward-list.csv. Required."
    )
    every_seconds: float = setting(300.0, "It is asked this often.")
    connect_seconds: float = setting(10.0, "Longest wait for a connection.")
    query_seconds: float = setting(120.0, "Longest time for the query and all its rows.")
    max_rows: int = setting(1_000_000, "Most rows that are read.")
    max_bytes: int = setting(268_435_456, "Most bytes of text that its rows may come to.")

    def find_faults(self) -> Iterator[tuple[str, str]]:
        """Each key that cannot be used, and what is wrong with it."""
        for name in ("url", "query", "name"):
            if not getattr(self, name).strip():
                yield name, "is missing"
        if not self.name.endswith(".csv"):
            yield "name", "must end in .csv"
        if "@" in self.url and ":" in self.url.partition("://")[2].partition("@")[0]:
            yield "url", "must hold no password: name a password_file"
        for name in _POSITIVE:
            if getattr(self, name) <= 0:
                yield name, "must be more than 0"
