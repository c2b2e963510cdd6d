"""Statement: what became of every form and item, what is still open, and who signs for it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.outage import outages
from downtime.returns import twins
from downtime.returns.statement import grouped, signing, statement_file
from downtime.returns.statement import statement as rules
from downtime.returns.statement.accounting import COLUMNS
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, download
from downtime.web.views.jobs import ask
from downtime.web.views.ledger import titles
from downtime.web.work import WHY

statement = Blueprint("statement", __name__)


@statement.get("/statement")
@action("statement.make")
def show() -> Answer:
    """The statement as it would read now."""
    wanted, past = request.args.get("outage", ""), outages.history(current.vault())
    if not past:
        return render_template("statement.html", made=None)
    made = rules.gather(current.vault(), current.settings(), wanted)
    return render_template(
        "statement.html",
        made=made,
        facts=made.facts,
        groups=grouped.groups(made.facts["open"], made.made),
        wards=statement_file.wards(made),
        past=past,
        leads=signing.LEADS,
        signed={one.role: one for one in made.signatures if one.facts_sha256 == made.digest},
        outdated=sum(one.facts_sha256 != made.digest for one in made.signatures),
        titles=titles(),
        columns=COLUMNS,
        share=statement_file.share,
        mine=[
            lead
            for lead in signing.LEADS
            if signing.may_sign(current.settings(), lead, current.person())
        ],
    )


@statement.post("/statement/pdf")
@action("statement.make")
def pdf() -> Answer:
    """The pages for the binder, as a job."""
    return ask("statement", {"outage": request.form.get("outage", "")}, WHY)


@statement.get("/statement/json")
@action("statement.make")
def json() -> Answer:
    """The same for programs."""
    outage = request.args.get("outage", "")
    made = rules.make(current.vault(), current.settings(), current.who(), WHY, outage)
    return download(
        twins.to_json(made.as_json()), "application/json", f"statement {made.outage}.json"
    )


@statement.post("/statement/sign")
@action("statement.sign")
def sign() -> Answer:
    """Sign the facts as they are now, as one of the leads."""
    lead, outage = request.form.get("lead", ""), request.form.get("outage", "")
    signing.sign(
        current.vault(), current.settings(), lead, current.who(), "signed on screen", outage
    )
    flash(f"Signed as {signing.LEADS[lead].lower()}.")
    return redirect(url_for("statement.show", outage=outage or None), 303)
