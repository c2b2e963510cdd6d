"""The cookies of the pages: over TLS they are Secure, and bound to this very host by their names.

A browser takes a name that begins with `__Host-` over TLS only, for this host and all its pages, so that
neither a neighbour's host nor a page in clear can put one in its place (RFC 6265bis 4.1.3.2).
"""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

SESSION_COOKIE = "downtime_session"
PAGE_COOKIE = "downtime_page"
SECURE_PREFIX = "__Host-"
SESSION_COOKIES = (SESSION_COOKIE, SECURE_PREFIX + SESSION_COOKIE)
"""Under either name a session may come."""


def session_cookie() -> str:
    """The name of the cookie with the token of a session, in this request."""
    return _name(SESSION_COOKIE)


class PageCookie(SecureCookieSessionInterface):
    """Flask's own cookie, which holds the token of forms and what is said once."""

    def get_cookie_name(self, app: Flask) -> str:
        """Its name in this request."""
        return _name(PAGE_COOKIE)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this request came encrypted."""
        return request.is_secure


def _name(name: str) -> str:
    return SECURE_PREFIX + name if request.is_secure else name
