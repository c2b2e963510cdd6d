"""Answer a question on a field."""

from downtime.entry.queries.ask_query import say_to_query
from downtime.entry.queries.model import AuditAction, Query, QueryState
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def answer_query(vault: Vault, query_id: str, text: str, actor: Actor) -> Query:
    """Say what is the matter with the field; somebody else then closes the question, or asks again.

    InputError for no words; ConflictError unless it is open; ForbiddenError for who may still key
    the form a second time.
    """
    return say_to_query(vault, query_id, text, actor, AuditAction.QUERY_ANSWER, QueryState.ANSWERED)
