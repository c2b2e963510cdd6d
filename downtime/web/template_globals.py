"""What all templates share, looked up once: Jinja's own chain of dictionaries takes a twentieth of a page."""

from collections.abc import MutableMapping
from typing import Any

import jinja2


class SharedGlobals(jinja2.Environment):
    """An environment whose globals are all there before its first template is loaded."""

    def make_globals(self, more: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """A dictionary of them for one template, which each import in it asks for its keys."""
        return {**self.globals, **(more or {})}
