"""What to do in an outage: a site's cards by system, role and phase, and who did which step when."""

import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from downtime.accounts.model import Role
from downtime.clock import from_text, to_text
from downtime.config import Home, data_folder
from downtime.errors import InputError, NotFoundError
from downtime.outage import store
from downtime.outage.model import AuditAction, Outage, StepTick
from downtime.outage.outages import change_outage
from downtime.outage.policies import check_is_unclosed
from downtime.vault.model import Actor
from downtime.vault.vault import Vault

ANY_SYSTEM = "any"
"""The card for every outage, whatever has failed."""


@dataclass(frozen=True, slots=True)
class ActionCard:
    """What somebody does when one system is down, from so many hours after its outage began."""

    system: str
    title: str
    steps: tuple[str, ...]
    call: str = ""
    role: Role | None = None
    """None for everybody."""
    from_hours: int = 0

    def get_key(self, step: str) -> str:
        """How a tick names a step: another text is another step."""
        text = "\n".join((self.system, self.role or "", self.title, step))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def begins(self, outage: Outage) -> str:
        """From when on it counts in an outage (UTC)."""
        return to_text(from_text(outage.opened) + timedelta(hours=self.from_hours))

    def is_done(self, done: Container[str]) -> bool:
        """Whether every step of it is among these keys."""
        return all(self.get_key(step) in done for step in self.steps)

    def applies_to(self, outage: Outage) -> bool:
        """Whether it is about a system that is down."""
        return self.system == ANY_SYSTEM or self.system in outage.down


def read_cards(home: Home) -> list[ActionCard]:
    """The site's own cards (`guidance.yaml` in its home), else those that come with Downtime.

    InputError when the file cannot be read as cards.
    """
    own_file = home.path / "guidance.yaml"
    path = own_file if own_file.exists() else data_folder("templates") / "web" / "guidance.yaml"
    try:
        documents = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [_read_card(card) for card in documents]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        raise _unreadable(path) from None


def _read_card(card: dict[str, Any]) -> ActionCard:
    return ActionCard(
        system=str(card["system"]),
        title=str(card["title"]),
        steps=tuple(map(str, card["steps"])),
        call=str(card.get("call", "")),
        role=Role(card["role"]) if card.get("role") else None,
        from_hours=int(card.get("from_hours", 0)),
    )


def _unreadable(path: Path) -> InputError:
    return InputError(
        "guidance.invalid",
        f"{path.name} cannot be read as instructions.",
        "Each card needs 'system', 'title' and a list of 'steps', and a role that there is; compare"
        " with the original.",
    )


class DueCards(NamedTuple):
    """The cards of an outage: what counts now, what other roles do, and what begins later."""

    present: list[ActionCard]
    others: list[ActionCard]
    later: list[ActionCard]


def sort_cards(
    cards: Sequence[ActionCard], outage: Outage, role: Role, now: str, done: Container[str]
) -> DueCards:
    """The cards of what is down for somebody of a role, at a time (UTC); `done` are keys of steps.

    One's own come before everybody's, and what is done altogether comes last.
    """
    applying = [card for card in cards if card.applies_to(outage)]
    for_role = [card for card in applying if card.role in (None, role)]
    present = [card for card in for_role if card.begins(outage) <= now]
    return DueCards(
        sorted(present, key=lambda card: (card.is_done(done), card.role != role)),
        [card for card in applying if card not in for_role and card.begins(outage) <= now],
        [card for card in for_role if card.begins(outage) > now],
    )


def fetch_ticks(vault: Vault, outage_id: str) -> dict[str, StepTick]:
    """Which steps were done in an outage, by whom and when, by the key of the step."""
    latest = {tick.step: tick for tick in store.fetch_ticks(vault.db, outage_id)}
    return {step: tick for step, tick in latest.items() if tick.done}


def tick_step(vault: Vault, outage_id: str, step: str, actor: Actor, *, done: bool) -> None:
    """Somebody did a step, or says that it was not done after all.

    NotFoundError for a step that is on no card; ConflictError once the outage is closed.
    """
    cards = read_cards(vault.home)
    if step not in {card.get_key(text) for card in cards for text in card.steps}:
        raise NotFoundError(
            "guidance.step", "There is no such step any more.", "Open 'What to do now' anew."
        )
    action = AuditAction.STEP_DONE if done else AuditAction.STEP_UNDONE
    with change_outage(vault, action, outage_id, actor, "", step) as (db, outage):
        check_is_unclosed(outage)
        store.insert_tick(db, outage_id, StepTick(step, vault.now(), actor.id, actor.name, done))
