"""The addresses that templates ask for: built once, since a list has the same ones at every opening."""

from functools import lru_cache
from typing import Any

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

KEPT_ADDRESSES = 8_192


class AddressBook:
    """`url_for` for templates; an address holds no patient's data, only opaque numbers."""

    def __init__(self) -> None:
        self._find = lru_cache(maxsize=KEPT_ADDRESSES)(_build_address)

    def find_address(self, endpoint: str, **values: Any) -> str:
        """As `url_for`, of a page of this app."""
        if not all(isinstance(value, str | None) for value in values.values()):
            return url_for(endpoint, **values)  # a list, or a number that equals another value
        return self._find(request.root_path, endpoint, tuple(values.items()))


def _build_address(_: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))


def is_page_address() -> bool:
    """Whether the address of this request is also one that can be opened, as that of a page is."""
    try:
        current_app.create_url_adapter(request).match(method="GET")  # type: ignore[union-attr]
    except (HTTPException, RequestRedirect):
        return False
    return True
