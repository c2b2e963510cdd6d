"""Each view names the permission that it needs; one that names none is never answered."""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def action(name: str) -> Callable[[View], View]:
    """Mark a view with the action that `accounts.permissions` decides upon."""

    def mark(view: View) -> View:
        view.action = name  # type: ignore[attr-defined]
        return view

    return mark


def action_of(view: Callable[..., Any]) -> str | None:
    """The action that a view names, or None."""
    return getattr(view, "action", None)
