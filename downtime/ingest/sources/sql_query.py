"""Asks a database one question, read-only, and has the answer kept as a table.

'Read only' as a word of the transaction is undone by a query that says so itself: so one statement
only, in a transaction that is rolled back, and a database user that may only SELECT (docs/feeds.md).
Rows come by the thousand from a cursor of the server, never all at once.
"""

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from downtime.clock import to_text
from downtime.errors import InputError, UserError
from downtime.feeds.file_format import FileFormat
from downtime.ingest.model import RawMessage
from downtime.ingest.sources.polling import Deadline, DocumentCounts, PollContext
from downtime.ingest.sources.sql_settings import SqlSettings
from downtime.transport.credentials import read_secret_file

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

ROWS_AT_ONCE = 1_000


class QueryError(UserError):
    """A database did not answer a query."""


@dataclass(slots=True)
class SqlQuery:
    """One query on one database."""

    source: SqlSettings
    context: PollContext

    def poll(self) -> None:
        """Ask once; an answer that is the same as the last is not kept again. A UserError says why not."""
        with _open_engine(self.source) as engine:
            content = read_rows(engine, self.source)
        digest = sha256(content).hexdigest()
        if digest == self.context.position.fetch():
            return
        now = to_text(self.context.clock())
        raw = RawMessage(self.context.name, FileFormat.TABLE, self.source.name, 1, content, now)
        counts = DocumentCounts()
        self.context.record([raw], counts)
        if counts.rejected:
            self.context.health.note_fault(
                f"{counts.rejected} of {counts.messages} rows cannot be used: {counts.reason}."
            )
        self.context.position.save(digest)


def read_rows(engine: "Engine", source: SqlSettings) -> bytes:
    """The answer as CSV in UTF-8, its first line the names of the columns; QueryError, InputError."""
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    deadline = Deadline(source.query_seconds)
    try:
        with engine.connect() as connection, _cancelling(connection, source.query_seconds):
            _begin_read_only(connection)
            try:
                statement = text(_one_statement(source.query).replace(":", "\\:"))
                streaming = connection.execution_options(
                    stream_results=True, max_row_buffer=ROWS_AT_ONCE
                )
                with closing(streaming.execute(statement)) as result:
                    return _write_csv(result, source, deadline)
            finally:
                connection.rollback()
    except TimeoutError:
        raise _query_error("took longer than query_seconds") from None
    except SQLAlchemyError as error:  # its text holds the query and may hold values
        if not deadline.seconds_left:
            raise _query_error("took longer than query_seconds") from None
        raise _query_error(f"failed ({type(error).__name__})") from None


def _begin_read_only(connection: "Connection") -> None:
    """A transaction that writes nothing, where the database has a word for it."""
    from sqlalchemy import text

    if connection.dialect.name in ("postgresql", "mysql", "mariadb", "oracle"):
        connection.execute(text("SET TRANSACTION READ ONLY"))


def _one_statement(query: str) -> str:
    """The query; InputError when it is several statements or does not read."""
    statement = query.strip().rstrip(";").rstrip()
    begins = statement.split(None, 1)[0].upper() if statement else ""
    if begins not in ("SELECT", "WITH") or ";" in statement:
        raise InputError(
            "source.query",
            "The query of a database source must be one SELECT, without a semicolon in it.",
            "Correct 'query' of this source; a view in the database can hold a longer one.",
        )
    return statement


def _write_csv(result: Any, source: SqlSettings, deadline: Deadline) -> bytes:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="utf-8", newline="", write_through=True)
    writer, rows = csv.writer(stream), 0
    writer.writerow(result.keys())
    while batch := result.fetchmany(ROWS_AT_ONCE):
        deadline.check()
        rows += len(batch)
        if rows > source.max_rows or buffer.tell() > source.max_bytes:
            raise InputError(
                "source.rows",
                "The answer of a database source is longer than max_rows or max_bytes.",
                "Ask for less, or raise them.",
            )
        writer.writerows([_text(value) for value in row] for row in batch)
    return buffer.getvalue()


def _text(value: object) -> str:
    """A value as tables of the feeds write it."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return ""  # pictures and documents are no columns of a list
    return str(value)


@contextmanager
def _cancelling(connection: "Connection", seconds: float) -> Iterator[None]:
    """Break off, after so long, whatever the server still does for this connection."""
    driver = connection.connection.driver_connection

    def cancel() -> None:
        stop = getattr(driver, "cancel", None) or getattr(driver, "interrupt", None)
        with suppress(Exception):
            if stop:
                stop()

    timer = threading.Timer(seconds, cancel)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _open_engine(source: SqlSettings) -> Iterator["Engine"]:
    try:
        from sqlalchemy import create_engine, make_url
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.pool import NullPool
    except ImportError:
        raise InputError(
            "source.missing",
            "The package SQLAlchemy is not installed.",
            "Install Downtime with the extra 'sql'.",
        ) from None
    try:
        url = make_url(source.url)
        if source.password_file:
            url = url.set(password=read_secret_file(source.password_file))
        options = {}
        if url.get_backend_name() in ("postgresql", "mysql", "mariadb"):
            options["connect_timeout"] = int(max(1, source.connect_seconds))
        engine = create_engine(url, poolclass=NullPool, connect_args=options)
    except (SQLAlchemyError, ImportError) as error:
        raise InputError(
            "source.url",
            f"A database's url cannot be used ({type(error).__name__}).",
            "docs/feeds.md shows one; its driver has to be installed.",
        ) from None
    try:
        yield engine
    finally:
        engine.dispose()


def _query_error(fault: str) -> QueryError:
    return QueryError(
        "source.database", f"The query of a database source {fault}.", "It is asked again later."
    )
