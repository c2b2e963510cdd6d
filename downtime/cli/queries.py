"""Questions on a field of a form: list, ask, answer, close."""

from typing import Any

import click

from downtime.accounts.model import Permission
from downtime.cli.program import entry
from downtime.cli.session import Output, Session, command
from downtime.entry.queries import answer_query, ask_query, close_query, list_queries
from downtime.entry.queries.list_queries import ListedQuery
from downtime.entry.queries.model import Query, QueryState
from downtime.paper import serials

TEXT = click.option("--text", required=True, metavar="TEXT", help="What is said, in a few words.")
QUERY = click.argument("query", metavar="QUERY")


@command(entry, "queries", permission=Permission.QUERY_LIST)
@click.option("--state", type=click.Choice(list(QueryState)), help="Only those in this state.")
@click.option("--serial", default="", metavar="SERIAL", help="Only those on this form.")
def list_all(session: Session, state: str | None, serial: str) -> Output:
    """List the questions on fields of forms, with their owners; exit 1 while one is not closed."""
    number = serials.parse_serial(serial) if serial else ""
    wanted = QueryState(state) if state else None
    rows = list_queries.list_queries(session.vault, session.actor, wanted, number)
    is_open = any(row.query.is_open for row in rows)
    return Output.of_rows(rows, _document, _line, "There is no such question.", int(is_open))


def _document(row: ListedQuery) -> dict[str, Any]:
    steps = [
        {"at": step.at, "person": step.person_name, "state": step.state, "text": step.text}
        for step in row.query.steps
    ]
    return {
        "query": row.query.id,
        "serial": row.query.serial,
        "field": row.query.field,
        "state": row.query.state,
        "owner": row.owner.owner if row.owner else "",
        "due": row.owner.due if row.owner else "",
        "steps": steps if row.is_readable else [],
    }


def _line(row: ListedQuery) -> str:
    last = row.query.last.text if row.is_readable else "hidden until the form is keyed twice"
    owner = f", with {row.owner.owner}" if row.owner else ""
    return (
        f"{row.query.id}  {serials.format_serial(row.query.serial)}, {row.label}:"
        f" {row.query.state}{owner}. {last}"
    )


@command(entry, "query-ask", permission=Permission.QUERY_TALK)
@click.argument("serial")
@click.argument("field")
@TEXT
def ask(session: Session, serial: str, field: str, text: str) -> Output:
    """Ask about a field of a form, by the field's key; the form is not done before it is closed."""
    return _of_query(
        ask_query.ask_query(session.vault, session.settings, serial, field, text, session.actor)
    )


@command(entry, "query-again", permission=Permission.QUERY_TALK)
@QUERY
@TEXT
def ask_again(session: Session, query: str, text: str) -> Output:
    """Open a question again that was answered or closed."""
    return _of_query(ask_query.ask_again(session.vault, query, text, session.actor))


@command(entry, "query-answer", permission=Permission.QUERY_TALK)
@QUERY
@TEXT
def answer(session: Session, query: str, text: str) -> Output:
    """Answer a question; somebody else then closes it."""
    return _of_query(answer_query.answer_query(session.vault, query, text, session.actor))


@command(entry, "query-close", permission=Permission.QUERY_TALK)
@QUERY
@TEXT
def close(session: Session, query: str, text: str) -> Output:
    """Close a question whose answer is enough; not for the one who gave it."""
    return _of_query(close_query.close_query(session.vault, query, text, session.actor))


def _of_query(query: Query) -> Output:
    document = {"query": query.id, "serial": query.serial, "state": query.state}
    return Output(document, [f"{query.id}: {query.state}."])
