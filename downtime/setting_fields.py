"""How a setting is written down: its default, and the one line that documents it."""

from dataclasses import field
from types import MappingProxyType
from typing import Any


def setting(default: Any, doc: str) -> Any:
    """A dataclass field with a default and the one line that documents it."""
    if isinstance(default, dict):
        default = MappingProxyType(default)
        return field(default_factory=lambda: default, metadata={"doc": doc})
    return field(default=default, metadata={"doc": doc})
