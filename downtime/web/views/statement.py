"""Statement: what became of every form and item, what is still open, and who signs for it."""

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.entry.recovery_debt import measure_debt
from downtime.outage import outages
from downtime.returns.model import LEAD_TITLES, Lead
from downtime.returns.policies import can_sign
from downtime.returns.statement import (
    completeness_statement,
    open_groups,
    statement_files,
)
from downtime.returns.statement.export_statement import export_statement
from downtime.returns.statement.form_accounting import COLUMNS
from downtime.returns.statement.proof import ProofCache
from downtime.web import request_context
from downtime.web.job_kinds import REASON_ON_SCREEN, JobName
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import require_permission
from downtime.web.views import open_list
from downtime.web.views.jobs import submit_and_follow
from downtime.web.views.ledger import titles

blueprint = Blueprint("statement", __name__)
_proofs = ProofCache()


@blueprint.get("/statement")
@require_permission(Permission.STATEMENT_MAKE)
def show() -> ViewResponse:
    """The statement as it would read now."""
    vault, settings = request_context.vault(), request_context.settings()
    past = outages.list_outages(vault)
    if not past:
        return render_template("statement/show.html", statement=None)
    statement = completeness_statement.gather_statement(
        vault, settings, request.args.get("outage", ""), _proofs.prove
    )
    open_list.remember_derived(statement)
    return render_template(
        "statement/show.html",
        statement=statement,
        facts=statement.facts,
        groups=open_groups.group_open_items(statement.facts["open"], statement.made_at),
        wards=statement_files.list_wards(statement),
        past=past,
        leads=LEAD_TITLES,
        signed=statement.valid_signatures,
        outdated=statement.outdated_count,
        titles=titles(),
        columns=COLUMNS,
        share=statement_files.format_error_rate,
        debt=measure_debt(vault, settings),
        mine=[lead for lead in Lead if can_sign(settings, lead, request_context.person())],
    )


@blueprint.post("/statement/pdf")
@require_permission(Permission.STATEMENT_MAKE)
def pdf() -> ViewResponse:
    """The pages for the binder, as a job."""
    return submit_and_follow(JobName.STATEMENT, {"outage": request.form.get("outage", "")})


@blueprint.get("/statement/json")
@require_permission(Permission.STATEMENT_MAKE)
def json() -> ViewResponse:
    """The same for programs, signed: a stranger can check it."""
    outage, vault = request.args.get("outage", ""), request_context.vault()
    statement = completeness_statement.make_statement(
        vault,
        request_context.settings(),
        request_context.actor(),
        REASON_ON_SCREEN,
        outage,
    )
    return file_response(
        export_statement(vault, statement),
        "application/json",
        f"statement {statement.outage}.json",
    )
