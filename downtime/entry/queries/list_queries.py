"""The questions on fields: of one form, of an outage, or all of them with their owners."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from downtime.entry.open_form import open_form
from downtime.entry.paper_kind import find_paper_kind
from downtime.entry.queries.model import Query, QueryState, fold_steps
from downtime.entry.queries.policies import can_read
from downtime.entry.store import query_steps
from downtime.entry.validation import field_label, keyed_fields
from downtime.errors import NotFoundError
from downtime.paper.assignments import list_assignments
from downtime.paper.model import Assignment, AssignmentKind
from downtime.paper.store import issued_forms
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ListedQuery:
    """A question as a list shows it: of which form and field, whose it is, whether one may read it."""

    query: Query
    title: str
    ward: str
    label: str
    """What the field is called."""
    owner: Assignment | None
    is_readable: bool
    is_drill: bool
    """Whether the form is of a drill."""


def get_query(vault: Vault, query_id: str) -> Query:
    """One question; NotFoundError."""
    if steps := query_steps.fetch_steps(vault.db, query_id):
        return fold_steps(steps)[0]
    raise NotFoundError(
        "query.unknown", "There is no such question.", "Open the list of questions, and choose one."
    )


def list_queries_of_form(vault: Vault, serial: str) -> list[Query]:
    """The questions on one form, as they were asked."""
    return fold_steps(query_steps.fetch_steps_of_form(vault.db, serial))


def list_queries_of_outage(vault: Vault, outage: str, also: Iterable[str] = ()) -> list[Query]:
    """The questions on the forms of an outage, and on these serials."""
    serials = set(also)
    return [
        query
        for query in fold_steps(query_steps.fetch_all_steps(vault.db))
        if query.serial in serials or issued_forms.fetch_outage(vault.db, query.serial) == outage
    ]


def list_queries(
    vault: Vault, actor: Actor, state: QueryState | None = None, serial: str = ""
) -> list[ListedQuery]:
    """All questions in a state, or of a form, those first that were asked first.

    Those on paper of drills stand in a list of their own, as in the queues.
    """
    steps = (
        query_steps.fetch_steps_of_form(vault.db, serial)
        if serial
        else query_steps.fetch_all_steps(vault.db)
    )
    owners = list_assignments(vault.db, AssignmentKind.QUERY)
    listed = [
        describe_query(vault, query, actor, owners.get(query.id))
        for query in fold_steps(steps)
        if state in (None, query.state)
    ]
    is_drill = find_paper_kind(vault).is_drill
    return [item for item in listed if serial or item.is_drill == is_drill]


def describe_query(
    vault: Vault, query: Query, actor: Actor, owner: Assignment | None = None
) -> ListedQuery:
    """One question with what a list says of it; its words are hidden from who keys the form blind."""
    form = open_form(vault, query.serial)
    item = keyed_fields(form.definition).get(query.field)
    return ListedQuery(
        query,
        form.issued.title,
        form.issued.ward,
        field_label(item, query.field) if item else query.field,
        owner,
        can_read(form.entry, form.typists, actor.id),
        form.issued.drill,
    )


def find_questioned_forms(vault: Vault) -> set[str]:
    """The serials of all forms with a question that is not closed."""
    queries = fold_steps(query_steps.fetch_all_steps(vault.db))
    return {query.serial for query in queries if query.is_open}


def count_queries(queries: Iterable[Query]) -> dict[str, int]:
    """How many were asked, have an answer that stands, and are closed; `open` are not closed."""
    states = Counter(query.state for query in queries)
    closed = states[QueryState.CLOSED]
    return {
        "asked": states.total(),
        "answered": states[QueryState.ANSWERED] + closed,
        "closed": closed,
        "open": states.total() - closed,
    }
