"""Outages and drills: declare, mark as restored, correct; each says first what it changes."""

from collections.abc import Iterable
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.entry.typed_times import parse_past_time
from downtime.errors import parse_choice
from downtime.outage import correct_outage, outages, policies
from downtime.outage.model import Outage
from downtime.outage.outage_at_hand import choose_outage, find_outage_at_hand
from downtime.paper.adopt_packs import adopt_packs, list_packs_ahead
from downtime.paper.drills.drill_report import report_drill
from downtime.paper.drills.model import GOAL_TITLES
from downtime.web import outage_effects, request_context
from downtime.web.outage_effects import Effect
from downtime.web.responses import ViewResponse, required_reason
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("outages", __name__)


class Correction(StrEnum):
    """What can be wrong about an outage."""

    SYSTEM = "system"
    START = "start"
    END = "end"
    KIND = "kind"


@blueprint.get("/outages")
@require_permission(Permission.OUTAGE_VIEW)
def show() -> ViewResponse:
    """What is down now, what is being recovered, and what was."""
    vault = request_context.vault()
    unclosed = outages.list_unclosed(vault)
    return render_template(
        "outages/show.html",
        names=request_context.settings().systems.names,
        unclosed=unclosed,
        open=next((item for item in unclosed if item.down), None),
        has_real=any(not item.drill for item in unclosed),
        at_hand=find_outage_at_hand(vault),
        history=outages.list_outages(vault),
        ahead={
            item.id: packs
            for item in unclosed
            if (packs := list_packs_ahead(vault, request_context.settings(), item))
        },
    )


@blueprint.get("/outages/declare")
@require_permission(Permission.OUTAGE_DECLARE)
def preview_declaration() -> ViewResponse:
    """What declaring the ticked systems down would change."""
    systems, drill = request.args.getlist("systems"), request.args.get("drill") == "1"
    since = _read_time(request.args.get("since", ""))
    policies.check_system_names(systems, request_context.settings().systems.names)
    policies.check_start(since, request_context.vault().now())
    history = outages.list_outages(request_context.vault())
    policies.check_can_declare(history, systems, since, drill=drill)
    return confirm(
        "Declare a drill" if drill else "Declare down: this is real",
        "outages.declare",
        "Declare the drill" if drill else "Declare down",
        outage_effects.describe_declaration(systems, since, drill=drill),
    )


@blueprint.post("/outages/declare")
@require_permission(Permission.OUTAGE_DECLARE)
def declare() -> ViewResponse:
    """Declare the ticked systems down; the snapshot of this moment stays as T0."""
    outage = outages.declare_systems_down(
        request_context.vault(),
        request.form.getlist("systems"),
        request_context.actor(),
        required_reason(),
        known=request_context.settings().systems.names,
        drill=request.form.get("drill") == "1",
        since=_read_time(request.form.get("since", "")),
    )
    flash(f"{outage.label}: {', '.join(outage.down)} declared down.")
    return redirect(url_for("guidance.show"), 303)


@blueprint.get("/outages/end")
@require_permission(Permission.OUTAGE_END)
def preview_end() -> ViewResponse:
    """What marking the ticked systems as restored would change."""
    vault, systems = request_context.vault(), request.args.getlist("systems")
    open_outage = next((item for item in outages.list_unclosed(vault) if item.down), None)
    outage = policies.check_are_down(open_outage, systems)
    at = _read_time(request.args.get("at", ""))
    policies.check_end(outage, systems, at, vault.now())
    return confirm(
        "Mark systems as restored",
        "outages.end",
        "Mark as restored",
        outage_effects.describe_return(outage, systems, at),
    )


@blueprint.post("/outages/end")
@require_permission(Permission.OUTAGE_END)
def end() -> ViewResponse:
    """Mark the ticked systems as restored."""
    systems = request.form.getlist("systems")
    outage = outages.mark_restored(
        request_context.vault(),
        systems,
        request_context.actor(),
        required_reason(),
        at=_read_time(request.form.get("at", "")),
    )
    still = f"Still down: {', '.join(outage.down)}." if outage.down else "All systems are restored."
    flash(f"{', '.join(systems)}: restored. {still}")
    return redirect(url_for("outages.show"), 303)


@blueprint.get("/outages/correct")
@require_permission(Permission.OUTAGE_END)
def preview_correction() -> ViewResponse:
    """What a correction would change."""
    outage = outages.get_outage(request_context.vault(), request.args.get("outage", ""))
    what, name = _read_correction(request.args.get("what", "")), request.args.get("system", "")
    if what == Correction.KIND:
        policies.check_is_open(outage if outage.down else None)
        return _confirm_correction(outage, outage_effects.describe_other_kind(outage))
    policies.check_can_correct(outage, name)
    return _confirm_correction(outage, _describe_correction(outage, what, name))


def _confirm_correction(outage: Outage, effects: Iterable[Effect]) -> ViewResponse:
    return confirm(f"Correct {outage.label}", "outages.correct", "Correct", effects)


def _describe_correction(outage: Outage, what: Correction, name: str) -> Iterable[Effect]:
    if what == Correction.SYSTEM:
        return outage_effects.describe_withdrawal(outage, name)
    if what == Correction.END:
        return outage_effects.describe_resumption(outage, name)
    since = _read_time(request.args.get("since", ""))
    policies.check_start(since, request_context.vault().now())
    return outage_effects.describe_start(outage, name, since)


@blueprint.post("/outages/correct")
@require_permission(Permission.OUTAGE_END)
def correct() -> ViewResponse:
    """Correct what was said of an outage."""
    vault, actor, reason = request_context.vault(), request_context.actor(), required_reason()
    outage, name = request.form.get("outage", ""), request.form.get("system", "")
    match _read_correction(request.form.get("what", "")):
        case Correction.SYSTEM:
            corrected = correct_outage.withdraw_system(vault, outage, name, actor, reason)
        case Correction.END:
            corrected = correct_outage.resume_system(vault, outage, name, actor, reason)
        case Correction.START:
            since = _read_time(request.form.get("since", ""))
            corrected = correct_outage.correct_start(vault, outage, name, since, actor, reason)
        case Correction.KIND:
            corrected = correct_outage.correct_kind(vault, outage, actor, reason)
    flash(f"{corrected.label}: corrected. Down: {', '.join(corrected.down) or 'nothing'}.")
    return redirect(url_for("outages.show"), 303)


@blueprint.get("/outages/drill/<outage_id>")
@require_permission(Permission.OUTAGE_VIEW)
def show_drill(outage_id: str) -> ViewResponse:
    """The script of a drill, its score so far, and who has practised what."""
    outage = outages.get_outage(request_context.vault(), outage_id)
    report = report_drill(request_context.vault(), outage)
    return render_template(
        "outages/show_drill.html", outage=outage, report=report, titles=GOAL_TITLES
    )


@blueprint.post("/outages/adopt")
@require_permission(Permission.OUTAGE_END)
def adopt() -> ViewResponse:
    """Make packs that were printed beforehand part of a planned downtime's outage."""
    packs = request.form.getlist("pack")
    outage = adopt_packs(
        request_context.vault(),
        request.form.get("outage", ""),
        packs,
        request_context.actor(),
        required_reason(),
    )
    flash(f"{len(packs)} packs are part of {outage.label}.")
    return redirect(url_for("outages.show"), 303)


@blueprint.post("/outages/choose")
@require_permission(Permission.ENTRY_QUEUE)
def choose() -> ViewResponse:
    """Work on the recovery of this outage from now on, on every page of the recovery."""
    outage = choose_outage(
        request_context.vault(), request.form.get("outage", ""), request_context.actor()
    )
    flash(f"The pages of the recovery are about {outage.label} now.")
    return redirect(url_for("worklists.show"), 303)


def confirm(
    title: str,
    action: str,
    button: str,
    effects: Iterable[Effect],
    more_fields: Iterable[tuple[str, str]] = (),
) -> ViewResponse:
    """The page before a step: what it changes, why, and the button; it sends on what was asked."""
    return render_template(
        "outages/confirm.html",
        title=title,
        action=url_for(action),
        button=button,
        effects=list(effects),
        fields=[*request.args.items(multi=True), *more_fields],
    )


def _read_time(text: str) -> str:
    """A typed time as stored; empty stays empty: it means now."""
    zone = ZoneInfo(request_context.settings().site.time_zone)
    return parse_past_time(text, request_context.now(), zone)


def _read_correction(text: str) -> Correction:
    return parse_choice(Correction, text, "outage.correction", "That cannot be corrected.")
