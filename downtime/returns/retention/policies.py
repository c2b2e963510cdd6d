"""When pictures of scanned pages may be destroyed, and by whom."""

from datetime import datetime, timedelta

from downtime.clock import from_text
from downtime.errors import ConflictError, ForbiddenError
from downtime.returns.model import Lead
from downtime.returns.statement.completeness_statement import Statement
from downtime.returns.statement.model import StatementVerdict


def check_time_is_over(statement: Statement, days: int, now: datetime) -> None:
    """ConflictError unless the statement is complete, signed by its leads, and that so many days ago.

    A page of anything open is thereby never destroyed, nor one of records that are not proved.
    """
    if statement.verdict != StatementVerdict.COMPLETE:
        raise ConflictError(
            "pages.open",
            f"The statement of {statement.outage} says {statement.verdict}: its pages are kept.",
            "Settle what is open, and have the statement signed.",
        )
    if missing := [lead for lead in Lead if lead not in statement.valid_signatures]:
        raise ConflictError(
            "pages.unsigned",
            f"The statement of {statement.outage} lacks {len(missing)} of its signatures:"
            " its pages are kept.",
            "Have it signed as it is now.",
        )
    over = from_text(find_signed(statement)) + timedelta(days=days)
    if now < over:
        raise ConflictError(
            "pages.early",
            f"The pages of {statement.outage} are kept until {over:%d-%b-%Y}.",
            "Come back then; the setting is returns.page_keep_days.",
        )


def find_signed(statement: Statement) -> str:
    """When the last of the signatures that hold was given."""
    return max(signature.signed for signature in statement.valid_signatures.values())


def check_is_person(*, is_program: bool) -> None:
    """ForbiddenError for a service account."""
    if is_program:
        raise ForbiddenError(
            "pages.program",
            "A service account destroys no pages.",
            "Two people sign the list.",
        )


def check_can_destroy(proposed_by: str, actor_id: str, *, is_as_proposed: bool) -> None:
    """ForbiddenError for who proposed the list; ConflictError when it is another one by now."""
    if proposed_by == actor_id:
        raise ForbiddenError(
            "pages.own",
            "You proposed this list, so another person has to sign it.",
            "Ask a colleague to look at it.",
        )
    if not is_as_proposed:
        raise ConflictError(
            "pages.changed",
            "The pages or the statement are not as they were when the list was proposed.",
            "Propose it anew: both people have to have seen the same.",
        )
