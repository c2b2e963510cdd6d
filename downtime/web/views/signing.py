"""Sign the statement with one's password, and say what happened where something speaks against the records."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for

from downtime.accounts.confirm_person import confirm_person
from downtime.accounts.model import Permission
from downtime.errors import LockedError, UserError
from downtime.returns.model import LEAD_TITLES
from downtime.returns.policies import check_can_sign
from downtime.returns.statement import (
    completeness_statement,
    explain_problem,
    open_groups,
    sign_statement,
)
from downtime.returns.statement.model import WORDINGS
from downtime.web import request_context
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission
from downtime.web.views.statement import find_shown

blueprint = Blueprint("signing", __name__)


@blueprint.get("/statement/sign")
@require_permission(Permission.STATEMENT_SIGN)
def preview_signing() -> ViewResponse:
    """What is signed, what is open of it, and the password."""
    return _show_signing(request.args.get("lead", ""), request.args.get("outage", ""))


def _show_signing(lead_name: str, outage: str, error: UserError | None = None) -> ViewResponse:
    lead = sign_statement.parse_lead(lead_name)
    vault, settings = request_context.vault(), request_context.settings()
    check_can_sign(settings, lead, request_context.person())
    outage = completeness_statement.find_outage(vault, outage).id
    shown = find_shown(outage)
    if shown.report is None:  # nobody signs what they cannot see
        return redirect(url_for("statement.show", outage=outage), 303)
    statement = shown.report.statement
    return render_template(
        "signing/preview_signing.html",
        shown=shown,
        statement=statement,
        facts=statement.facts,
        groups=open_groups.group_open_items(statement.facts["open"], statement.made_at),
        lead=lead,
        lead_title=LEAD_TITLES[lead],
        needs_code=settings.returns.sign_with_code,
        error=error,
    )


@blueprint.post("/statement/sign")
@require_permission(Permission.STATEMENT_SIGN)
def sign() -> ViewResponse:
    """Sign the facts as they are now, as one of the leads, with one's password."""
    lead = sign_statement.parse_lead(request.form.get("lead", ""))
    outage = request.form.get("outage", "")
    vault, settings = request_context.vault(), request_context.settings()
    actor = request_context.actor()
    try:
        confirmation = confirm_person(
            vault,
            settings,
            actor,
            request.form.get("password", ""),
            request.form.get("code", ""),
            needs_code=settings.returns.sign_with_code,
        )
    except LockedError as error:
        return make_response(_show_signing(lead, outage, error), 403)
    sign_statement.sign_statement(
        vault, settings, lead, actor, confirmation, "signed on screen", outage,
        shown=request.form.get("facts", ""),
    )  # fmt: skip
    flash(f"Signed as {LEAD_TITLES[lead].lower()}.")
    return redirect(url_for("statement.show", outage=outage or None), 303)


@blueprint.get("/statement/proof")
@require_permission(Permission.STATEMENT_MAKE)
def show_proof() -> ViewResponse:
    """What speaks against this machine's records, and what people said of it."""
    vault, settings = request_context.vault(), request_context.settings()
    outage = completeness_statement.find_outage(vault, request.args.get("outage", ""))
    return render_template(
        "signing/show_proof.html",
        outage=outage,
        problems=explain_problem.list_problems(vault, settings, outage.id),
        wordings=WORDINGS,
        me=request_context.actor().id,
    )


@blueprint.post("/statement/proof")
@require_permission(Permission.STATEMENT_EXPLAIN)
def explain() -> ViewResponse:
    """Say what happened, first or as the second person."""
    outage = request.form.get("outage", "")
    explanation = explain_problem.explain_problem(
        request_context.vault(),
        request_context.settings(),
        outage,
        request.form.get("problem", ""),
        request_context.actor(),
        required_reason(),
    )
    flash(
        "Two people have said what happened: it stands on the statement."
        if explanation.is_accepted
        else "Kept. It counts when a second person has looked as well."
    )
    return redirect(url_for("signing.show_proof", outage=outage), 303)
