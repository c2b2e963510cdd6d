"""Close a question on a field: the answer is enough."""

from downtime.entry.queries.ask_query import say_to_query
from downtime.entry.queries.model import AuditAction, Query, QueryState
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def close_query(vault: Vault, query_id: str, text: str, actor: Actor) -> Query:
    """Say why the answer is enough; not for the one who gave it.

    InputError for no words; ForbiddenError; ConflictError unless it is answered.
    """
    return say_to_query(vault, query_id, text, actor, AuditAction.QUERY_CLOSE, QueryState.CLOSED)
