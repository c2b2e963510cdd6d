"""What to do now: the procedure on the screen, for the systems that are down first."""

from typing import NamedTuple

from flask import Blueprint, render_template

from downtime.accounts.model import Permission
from downtime.outage import outages
from downtime.web import request_context
from downtime.web.contingency_cards import ANY_SYSTEM, ContingencyCard, read_cards
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("guidance", __name__)


class ShownCard(NamedTuple):
    """A card, and whether its system is down now."""

    title: str
    steps: tuple[str, ...]
    call: str
    down: bool


@blueprint.get("/what-to-do")
@require_permission(Permission.SESSION_OWN)
def show() -> ViewResponse:
    """During an outage the cards of what is down; else all of them."""
    outage = outages.find_current(request_context.vault())
    down = outage.down if outage else ()
    shown = [
        _show_card(card, down)
        for card in read_cards(request_context.app_state().home)
        if _is_shown(card, down)
    ]
    return render_template("guidance/show.html", cards=shown)


def _is_shown(card: ContingencyCard, down: tuple[str, ...]) -> bool:
    return not down or card.system == ANY_SYSTEM or card.system in down


def _show_card(card: ContingencyCard, down: tuple[str, ...]) -> ShownCard:
    return ShownCard(card.title, card.steps, card.call, card.system in down)
