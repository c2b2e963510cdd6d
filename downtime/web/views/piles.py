"""A ward's pile in one pass: what came back, what was never used, what is lost; looked at, done, undone."""

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.entry import sort_pile
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import ledger
from downtime.paper.model import FormState
from downtime.paper.store.issued_forms import FormLine
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission
from downtime.web.views.ledger import WORK_WORDS

blueprint = Blueprint("piles", __name__)
SHOWN = 200
FATE_WORDS = {
    FormState.RETURNED: "Came back",
    FormState.VOID: "Unused (void)",
    FormState.LOST: "Lost",
}


@blueprint.get("/forms/pile")
@require_permission(Permission.LEDGER_MOVE)
def show() -> ViewResponse:
    """The forms of one ward that are out, and a word for each."""
    ward = request.args.get("ward", "")
    lines = _list_pile(ward) if ward else []
    return render_template(
        "piles/show.html",
        ward=ward,
        wards=_list_wards(),
        lines=lines[:SHOWN],
        more=max(0, len(lines) - SHOWN),
        titles=ledger.form_titles(request_context.vault()),
        fates=FATE_WORDS,
    )


@blueprint.post("/forms/pile/preview")
@require_permission(Permission.LEDGER_MOVE)
def preview() -> ViewResponse:
    """What would become of each, before it is done."""
    ward, others = request.form.get("ward", ""), request.form.get("rest", "")
    single = {
        name.removeprefix("fate-"): word
        for name, word in request.form.items()
        if name.startswith("fate-") and word
    }
    came_back = request.form.get("came_back", "").split()
    fates = sort_pile.read_fates(_list_pile(ward)[:SHOWN], came_back, single, others)
    return render_template(
        "piles/preview.html",
        ward=ward,
        pile=sort_pile.preview_pile(request_context.vault(), fates),
        fates=FATE_WORDS,
        words=WORK_WORDS,
    )


@blueprint.post("/forms/pile")
@require_permission(Permission.LEDGER_MOVE)
def sort() -> ViewResponse:
    """Do what was shown, all of it together; it can be undone as one step."""
    single = {
        serial: word
        for word in sort_pile.FATES
        for serial in request.form.get(f"serials-{word}", "").split()
    }
    pile = sort_pile.sort_pile(
        request_context.vault(),
        sort_pile.read_fates([], [], single, ""),
        request_context.actor(),
        request.form.get("reason", "").strip()[:200],
    )
    return render_template(
        "piles/sort.html",
        ward=request.form.get("ward", ""),
        pile=pile,
        fates=FATE_WORDS,
        words=WORK_WORDS,
    )


def _list_pile(ward: str) -> list[FormLine]:
    vault = request_context.vault()
    outage = find_outage_at_hand(vault)
    return sort_pile.list_pile(vault, outage.id if outage else "", ward)


def _list_wards() -> list[tuple[str, int]]:
    """Each ward with forms out, and how many."""
    vault = request_context.vault()
    outage = find_outage_at_hand(vault)
    out: dict[str, int] = {}
    for count in ledger.count_forms(vault, outage.id if outage else ""):
        if count.state in (FormState.ISSUED, FormState.COLLECTED):
            out[count.ward] = out.get(count.ward, 0) + count.number
    return sorted(out.items())
