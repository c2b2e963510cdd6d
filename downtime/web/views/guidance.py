"""What to do now: the steps of the outage for one's own role, ticked with time and name."""

from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts.model import Permission
from downtime.accounts.permissions import ROLE_TITLES
from downtime.outage import action_cards, outages
from downtime.outage.action_cards import ActionCard
from downtime.outage.model import Outage, StepTick
from downtime.web import request_context
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import require_permission

blueprint = Blueprint("guidance", __name__)
_SEEN = "guidance"


class ShownStep(NamedTuple):
    """A step, its key, and who did it."""

    text: str
    key: str
    tick: StepTick | None


class ShownCard(NamedTuple):
    """A card with its steps, and when it begins."""

    card: ActionCard
    role: str
    """Whom it is for; empty for everybody."""
    begins: str
    steps: list[ShownStep]

    @property
    def is_done(self) -> bool:
        """Whether somebody has done every step."""
        return all(step.tick for step in self.steps)


class ShownCards(NamedTuple):
    """The cards of an outage: what counts now, what other roles do, and what begins later."""

    present: list[ShownCard]
    others: list[ShownCard]
    later: list[ShownCard]


@blueprint.get("/what-to-do")
@require_permission(Permission.SESSION_OWN)
def show() -> ViewResponse:
    """During an outage the cards of what is down; else all of them."""
    outage = find_open()
    if outage is None:
        cards = action_cards.read_cards(request_context.app_state().home)
        return render_template("guidance/show.html", outage=None, cards=cards, roles=ROLE_TITLES)
    request_context.remember_text(_SEEN, outage.id)
    return render_template("guidance/show.html", outage=outage, cards=show_cards(outage))


@blueprint.post("/what-to-do")
@require_permission(Permission.SESSION_OWN)
def tick() -> ViewResponse:
    """A step was done, or was not after all."""
    done = request.form.get("done", "")
    action_cards.tick_step(
        request_context.vault(),
        request.form.get("outage", ""),
        done or request.form.get("undone", ""),
        request_context.actor(),
        done=bool(done),
    )
    return redirect(url_for("guidance.show"), 303)


def find_open() -> Outage | None:
    """The outage or drill that has systems down."""
    current = outages.find_current(request_context.vault())
    return current if current and current.down else None


def is_unseen() -> bool:
    """Whether systems are down and this session has not seen what to do about it."""
    outage = find_open()
    return outage is not None and request_context.session_texts(_SEEN) != outage.id


def show_cards(outage: Outage) -> ShownCards:
    """The cards of an outage for whoever is signed in."""
    vault = request_context.vault()
    ticks = action_cards.fetch_ticks(vault, outage.id)
    cards = action_cards.read_cards(vault.home)
    due = action_cards.sort_cards(
        cards, outage, request_context.person().role, vault.now(), ticks.keys()
    )
    return ShownCards(*([_show_card(card, outage, ticks) for card in part] for part in due))


def _show_card(card: ActionCard, outage: Outage, ticks: dict[str, StepTick]) -> ShownCard:
    keys = ((text, card.get_key(text)) for text in card.steps)
    steps = [ShownStep(text, key, ticks.get(key)) for text, key in keys]
    return ShownCard(card, ROLE_TITLES[card.role] if card.role else "", card.begins(outage), steps)
