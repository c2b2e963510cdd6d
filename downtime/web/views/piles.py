"""A ward's pile in one pass: what came back, what was never used, what is lost; looked at, done, undone."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, render_template, request

from downtime.accounts.model import Permission
from downtime.entry import retire_forms, sort_pile
from downtime.entry.sort_pile import Pile
from downtime.errors import ConflictError
from downtime.outage.outage_at_hand import find_outage_at_hand
from downtime.paper import ledger
from downtime.paper.model import FormState
from downtime.paper.store.issued_forms import FormLine
from downtime.web import request_context
from downtime.web.listing import cut_page
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
        listing=cut_page(lines, SHOWN),
        titles=ledger.form_titles(request_context.vault()),
        fates=FATE_WORDS,
    )


@blueprint.post("/forms/pile/preview")
@require_permission(Permission.LEDGER_MOVE)
def preview() -> ViewResponse:
    """What would become of each, before it is done."""
    ward, others = request.form.get("ward", ""), request.form.get("rest", "")
    shown = {
        name.removeprefix("fate-"): word
        for name, word in request.form.items()
        if name.startswith("fate-")
    }
    single = {serial: word for serial, word in shown.items() if word}
    lines = [line for line in _list_pile(ward) if line.serial in shown]
    came_back = request.form.get("came_back", "").split()
    return _preview(ward, sort_pile.read_fates(lines, came_back, single, others))


def _preview(
    ward: str, fates: Mapping[str, FormState], error: ConflictError | None = None
) -> ViewResponse:
    vault = request_context.vault()
    page = render_template(
        "piles/preview.html",
        ward=ward,
        pile=sort_pile.preview_pile(vault, _name_pile(ward), fates),
        unnamed=retire_forms.count_unnamed_pages(vault),
        error=error,
        fates=FATE_WORDS,
        words=WORK_WORDS,
    )
    return page, HTTPStatus.CONFLICT if error else HTTPStatus.OK


@blueprint.post("/forms/pile")
@require_permission(Permission.LEDGER_MOVE)
def sort() -> ViewResponse:
    """Do what was shown, all of it together, or show it again; it can be undone as one step."""
    ward = request.form.get("ward", "")
    single = {
        serial: word
        for word in sort_pile.FATES
        for serial in request.form.get(f"serials-{word}", "").split()
    }
    fates = sort_pile.read_fates([], [], single, "")
    try:
        pile = sort_pile.sort_pile(
            request_context.vault(),
            _name_pile(ward),
            fates,
            request_context.actor(),
            request.form.get("reason", "").strip()[:200],
            shown=request.form.get("shown", ""),
        )
    except ConflictError as error:
        return _preview(ward, fates, error)
    return render_template(
        "piles/sort.html",
        ward=ward,
        pile=pile,
        fates=FATE_WORDS,
        words=WORK_WORDS,
    )


def _list_pile(ward: str) -> list[FormLine]:
    return sort_pile.list_pile(request_context.vault(), _name_pile(ward))


def _name_pile(ward: str) -> Pile:
    outage = find_outage_at_hand(request_context.vault())
    return Pile(outage.id if outage else "", ward)


def _list_wards() -> list[tuple[str, int]]:
    """Each ward with forms out, and how many."""
    vault = request_context.vault()
    outage = find_outage_at_hand(vault)
    out: dict[str, int] = {}
    for count in ledger.count_forms(vault, outage.id if outage else ""):
        if count.state in (FormState.ISSUED, FormState.COLLECTED):
            out[count.ward] = out.get(count.ward, 0) + count.number
    return sorted(out.items())
