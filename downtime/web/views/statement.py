"""Statement: what became of every form and item, what is still open, and who signs for it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.outage import outages
from downtime.returns import document_files
from downtime.returns.statement import completeness_statement as rules
from downtime.returns.statement import open_item_groups, sign_statement, statement_files
from downtime.returns.statement.form_accounting import COLUMNS
from downtime.web import request_context
from downtime.web.job_kinds import REASON_ON_SCREEN
from downtime.web.responses import ViewResponse, file_response
from downtime.web.view_permissions import requires
from downtime.web.views.jobs import ask
from downtime.web.views.ledger import titles

blueprint = Blueprint("statement", __name__)


@blueprint.get("/statement")
@requires(Permission.STATEMENT_MAKE)
def show() -> ViewResponse:
    """The statement as it would read now."""
    wanted, past = request.args.get("outage", ""), outages.list_outages(request_context.vault())
    if not past:
        return render_template("statement/show.html", made=None)
    made = rules.gather_statement(request_context.vault(), request_context.settings(), wanted)
    return render_template(
        "statement/show.html",
        made=made,
        facts=made.facts,
        groups=open_item_groups.group_open_items(made.facts["open"], made.made),
        wards=statement_files.list_wards(made),
        past=past,
        leads=sign_statement.LEADS,
        signed={one.role: one for one in made.signatures if one.facts_sha256 == made.digest},
        outdated=sum(one.facts_sha256 != made.digest for one in made.signatures),
        titles=titles(),
        columns=COLUMNS,
        share=statement_files.format_error_rate,
        mine=[
            lead
            for lead in sign_statement.LEADS
            if sign_statement.can_sign(request_context.settings(), lead, request_context.person())
        ],
    )


@blueprint.post("/statement/pdf")
@requires(Permission.STATEMENT_MAKE)
def pdf() -> ViewResponse:
    """The pages for the binder, as a job."""
    return ask("statement", {"outage": request.form.get("outage", "")}, REASON_ON_SCREEN)


@blueprint.get("/statement/json")
@requires(Permission.STATEMENT_MAKE)
def json() -> ViewResponse:
    """The same for programs."""
    outage = request.args.get("outage", "")
    made = rules.make_statement(
        request_context.vault(),
        request_context.settings(),
        request_context.actor(),
        REASON_ON_SCREEN,
        outage,
    )
    return file_response(
        document_files.to_json(made.as_json()), "application/json", f"statement {made.outage}.json"
    )


@blueprint.post("/statement/sign")
@requires(Permission.STATEMENT_SIGN)
def sign() -> ViewResponse:
    """Sign the facts as they are now, as one of the leads."""
    lead, outage = request.form.get("lead", ""), request.form.get("outage", "")
    sign_statement.sign_statement(
        request_context.vault(),
        request_context.settings(),
        lead,
        request_context.actor(),
        "signed on screen",
        outage,
    )
    flash(f"Signed as {sign_statement.LEADS[lead].lower()}.")
    return redirect(url_for("statement.show", outage=outage or None), 303)
