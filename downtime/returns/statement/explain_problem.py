"""Say what happened to rows, audit chain, clock or home of this machine: two people, one after the other.

What is explained is no longer open, and stands on the statement for good, with both names.
"""

from dataclasses import replace

from downtime.accounts.people import is_program
from downtime.errors import NotFoundError
from downtime.returns.model import AuditAction
from downtime.returns.policies import check_can_explain, check_reason
from downtime.returns.statement.closing_model import Explanation
from downtime.returns.statement.completeness_statement import find_outage
from downtime.returns.statement.evidence import Problem, find_problems
from downtime.returns.store import explanations
from downtime.settings import Settings
from downtime.vault.model import Actor
from downtime.vault.vault import Vault


def list_problems(
    vault: Vault, settings: Settings, outage_id: str = ""
) -> list[tuple[Problem, Explanation | None]]:
    """What speaks against this machine's records of an outage, each with what was said of it."""
    outage = find_outage(vault, outage_id)
    known = explanations.fetch_explanations(vault.db, outage.id)
    problems = find_problems(vault, settings, outage.opened)
    return [(problem, known.get(problem.id)) for problem in problems]


def explain_problem(
    vault: Vault, settings: Settings, outage_id: str, problem_id: str, actor: Actor, reason: str
) -> Explanation:
    """The first person's word, or the second one's; it counts with the second.

    NotFoundError for what was not found, or is found otherwise now; ForbiddenError for a program, and
    for the second word of who said the first.
    """
    reason = check_reason(reason)
    outage = find_outage(vault, outage_id)
    problem = _get_problem(vault, settings, outage.id, problem_id)
    target = f"{outage.id} {problem.kind} {problem_id}"
    with vault.change(actor, AuditAction.STATEMENT_EXPLAIN, target=target, reason=reason) as db:
        first = explanations.fetch_explanations(db, outage.id).get(problem_id)
        check_can_explain(
            first=first.person if first else "",
            actor_id=actor.id,
            is_program=is_program(vault, actor),
        )
        if first is None:
            first = Explanation(
                outage=outage.id,
                id=problem_id,
                problem=problem.as_json(),
                person=actor.id,
                person_name=actor.name,
                at=vault.now(),
                reason=reason,
            )
            explanations.insert_explanation(db, first)
            return first
        second = replace(
            first,
            second=actor.id,
            second_name=actor.name,
            second_at=vault.now(),
            second_reason=reason,
        )
        explanations.save_second(db, second)
    return second


def _get_problem(vault: Vault, settings: Settings, outage_id: str, problem_id: str) -> Problem:
    for problem, _ in list_problems(vault, settings, outage_id):
        if problem.id == problem_id:
            return problem
    raise NotFoundError(
        "explain.unknown",
        "That is not found any more, or is found otherwise.",
        "Look at the list as it is now.",
    )
