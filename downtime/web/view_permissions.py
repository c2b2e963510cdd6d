"""Each view names the permission that it needs; one that names none is never answered."""

from collections.abc import Callable
from typing import Any, TypeVar

from downtime.accounts.model import Permission

View = TypeVar("View", bound=Callable[..., Any])


def require_permission(permission: Permission) -> Callable[[View], View]:
    """Mark a view with the permission that whoever asks for it must have."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def permission_of(view: Callable[..., Any]) -> Permission | None:
    """The permission that a view names, or None."""
    return getattr(view, "permission", None)
