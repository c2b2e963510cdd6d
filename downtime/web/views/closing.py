"""Close the books of an outage and open them again; each page says first what is open."""

from collections.abc import Iterable
from enum import StrEnum

from flask import Blueprint, flash, redirect, request, url_for

from downtime.accounts.model import Permission
from downtime.errors import parse_choice
from downtime.outage import outages
from downtime.outage.model import Outage
from downtime.returns.statement import close_books
from downtime.returns.statement.closing_model import Closing
from downtime.returns.statement.completeness_statement import Statement
from downtime.web import outage_effects, request_context
from downtime.web.outage_effects import Effect
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.outages import confirm
from downtime.web.views.statement import find_shown

blueprint = Blueprint("closing", __name__)


class Step(StrEnum):
    """How books are closed: complete and signed, or by two people, one after the other."""

    CLOSE = "close"
    PROPOSE = "propose"
    SECOND = "second"


@blueprint.get("/outages/close")
@require_permission(Permission.OUTAGE_CLOSE)
def preview_closing() -> ViewResponse:
    """What is open of an outage whose books somebody is about to close."""
    vault = request_context.vault()
    outage = outages.get_outage(vault, request.args.get("outage", ""))
    shown = find_shown(outage.id)
    if shown.report is None:  # first one sees what is open
        return redirect(url_for("statement.show", outage=outage.id), 303)
    statement = shown.report.statement
    proposal = close_books.find_proposal(vault, outage.id)
    as_of = [] if shown.is_current else [outage_effects.describe_age(statement.made_at)]
    effects = [
        *as_of,
        *outage_effects.describe_closing(outage, statement),
        *_describe_proposal(proposal),
    ]
    step = _choose_step(outage, statement, proposal)
    button = {
        Step.CLOSE: f"Close {outage.label}",
        Step.PROPOSE: "Propose to close it as it is",
        Step.SECOND: f"Close {outage.label} as it is",
    }[step]
    fields = [("step", step.value), ("facts", statement.digest)]
    return confirm(f"Close {outage.label}", "closing.close", button, effects, fields)


def _choose_step(outage: Outage, statement: Statement, proposal: Closing | None) -> Step:
    is_complete = not (statement.open_kinds or close_books.list_unsigned(statement))
    if outage.drill or is_complete:
        return Step.CLOSE
    is_mine = proposal is None or proposal.proposed_by == request_context.actor().id
    is_same = proposal is not None and proposal.facts_sha256 == statement.digest
    return Step.SECOND if is_same and not is_mine else Step.PROPOSE


def _describe_proposal(proposal: Closing | None) -> Iterable[Effect]:
    if proposal is not None:
        yield Effect(
            f"{proposal.proposed_name} proposed to close it with {proposal.open_count:,} things open:"
            f" {proposal.proposed_reason}. Another person closes it.",
            True,
        )


@blueprint.post("/outages/close")
@require_permission(Permission.OUTAGE_CLOSE)
def close() -> ViewResponse:
    """Close the books, or propose that a second person closes them with things open."""
    vault, settings = request_context.vault(), request_context.settings()
    outage_id, actor = request.form.get("outage", ""), request_context.actor()
    reason = required_reason()
    step = parse_choice(
        Step, request.form.get("step", Step.CLOSE), "closing.step", "There is no such step."
    )
    shown = request.form.get("facts", "")
    if step == Step.PROPOSE:
        close_books.propose_closing(vault, settings, outage_id, actor, reason, shown=shown)
        flash("Proposed. Another person looks at what is open and closes the books.")
        return redirect(url_for("outages.show"), 303)
    if step == Step.SECOND:
        outage = close_books.close_incomplete(
            vault, settings, outage_id, actor, reason, shown=shown
        )
    else:
        outage = close_books.close_outage(vault, settings, outage_id, actor, reason)
    flash(f"{outage.label} is closed.")
    return redirect(url_for("outages.show"), 303)


@blueprint.get("/outages/reopen")
@require_permission(Permission.OUTAGE_REOPEN)
def preview_reopening() -> ViewResponse:
    """What opening closed books again changes."""
    outage = outages.get_outage(request_context.vault(), request.args.get("outage", ""))
    title = f"Open the books of {outage.label} again"
    effects = outage_effects.describe_reopening(outage)
    return confirm(title, "closing.reopen", "Open them again", effects)


@blueprint.post("/outages/reopen")
@require_permission(Permission.OUTAGE_REOPEN)
def reopen() -> ViewResponse:
    """Open closed books again."""
    outage = close_books.reopen_outage(
        request_context.vault(),
        request.form.get("outage", ""),
        request_context.actor(),
        required_reason(),
    )
    flash(f"{outage.label} is being recovered again.")
    return redirect(url_for("outages.show"), 303)
