"""What to do now: the procedure on the screen, for the systems that are down first."""

from typing import NamedTuple

from flask import Blueprint, render_template

from downtime.accounts.model import Permission
from downtime.outage import outages
from downtime.web import request_context
from downtime.web.contingency_cards import EVERY, Card, cards
from downtime.web.responses import Answer
from downtime.web.view_permissions import requires

guidance = Blueprint("guidance", __name__)


class Shown(NamedTuple):
    """A card, and whether its system is down now."""

    title: str
    steps: tuple[str, ...]
    call: str
    down: bool


@guidance.get("/what-to-do")
@requires(Permission.SESSION_OWN)
def show() -> Answer:
    """During an outage the cards of what is down; else all of them."""
    outage = outages.find_current(request_context.vault())
    down = outage.down if outage else ()
    shown = [
        _shown(card, down) for card in cards(request_context.web().home) if _matters(card, down)
    ]
    return render_template("guidance.html", cards=shown)


def _matters(card: Card, down: tuple[str, ...]) -> bool:
    return not down or card.system == EVERY or card.system in down


def _shown(card: Card, down: tuple[str, ...]) -> Shown:
    return Shown(card.title, card.steps, card.call, card.system in down)
