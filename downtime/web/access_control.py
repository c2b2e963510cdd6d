"""Who may see a page: origin, session, lock and permission are checked before any view runs.

Sessions live in a table of the encrypted vault; the browser holds a random token only. While the
vault is locked nobody has a session.
"""

from contextlib import ExitStack
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.exceptions import Forbidden, NotFound

from downtime.accounts import permissions, sessions
from downtime.accounts.model import AuditAction, Permission, Person
from downtime.accounts.sessions import SessionState
from downtime.errors import ForbiddenError
from downtime.vault.write_again import write_again
from downtime.web import guest_access, request_context, ward_access
from downtime.web.cookies import session_cookie
from downtime.web.responses import ViewResponse
from downtime.web.view_permissions import permission_of

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
ALLOWED_WHILE_LOCKED = (
    "account.locked",
    "account.unlock",
    "account.switch",
    "account.sign_out",
    "account.keep_typed",
)
SHOWN_IN_FRAME = ("help",)
"""Blueprints of pages for everybody: whoever is signed in keeps the menu, the age of the data and the way out."""
ALLOWED_BEFORE_PASSWORD = ("account.password", "account.lock", *ALLOWED_WHILE_LOCKED)


class SessionUser(UserMixin):  # type: ignore[misc]
    """The session of this request, as flask-login wants it."""

    def __init__(self, state: SessionState) -> None:
        self.id = state.person.id
        self.state = state


def init_access_control(app: Flask) -> None:
    """Guard every request of the app."""
    login = LoginManager(app)
    login.session_protection = None  # the token of the session table is the only proof
    login.request_loader(_load_user)
    app.before_request(_check_request)
    app.teardown_request(_release_vault)


def set_session_cookie(answer: Response, token: str) -> None:
    """Give the browser the token of a session that has just begun."""
    request_context.app_state().live_sessions.note(token)
    answer.set_cookie(
        session_cookie(), token, httponly=True, samesite="Strict", secure=request.is_secure
    )


def clear_session_cookie(answer: Response) -> None:
    """Take the token away, and with it all that the browser kept of these pages.

    Not every cookie: the page that answers is the next user's sign-in, whose form has one of its own.
    """
    answer.delete_cookie(
        session_cookie(), httponly=True, samesite="Strict", secure=request.is_secure
    )
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'


def session_token() -> str:
    """The token that the browser sent, or empty."""
    return request.cookies.get(session_cookie(), "")


def has_permission(permission: Permission) -> bool:
    """Whether the one who is signed in may do it; found once in a request, since a menu asks forty times."""
    person = g.get("person")
    answers: dict[tuple[str, Permission], bool] = g.setdefault("permission_answers", {})
    asked = (person.id if person else "", permission)
    if asked not in answers:
        answers[asked] = (
            permissions.is_permitted(person, permission)
            and guest_access.may_use(permission)
            and ward_access.may_use(permission)
        )
    return answers[asked]


def _load_user(_: Any) -> SessionUser | None:
    vault_holder = request_context.app_state().vault_holder
    if "lease" not in g or not session_token() or not vault_holder.unlocked:
        return None
    g.vault = g.lease.enter_context(vault_holder.lend_vault())
    write_again(g.vault)
    state = sessions.resume_session(g.vault, session_token())
    live_sessions = request_context.app_state().live_sessions
    if state is None:
        live_sessions.forget(session_token())
        return None
    live_sessions.note(session_token())
    return SessionUser(state)


def _check_request() -> ViewResponse | None:
    g.lease = ExitStack()
    if request.endpoint is None:
        if current_user.is_authenticated:  # an unknown page has the frame of who asks for it
            _note_person(current_user.state)
        raise request.routing_exception or NotFound()
    _check_origin()
    permission = permission_of(current_app.view_functions[request.endpoint])
    if permission is None:
        raise PermissionError(f"{request.endpoint} names no permission")
    if permission is Permission.PUBLIC:
        if request.blueprint in SHOWN_IN_FRAME and current_user.is_authenticated:
            _note_person(current_user.state)
        return None
    if not current_user.is_authenticated:
        return _redirect_page("account.sign_in")
    state: SessionState = current_user.state
    _note_person(state)
    if state.locked and request.endpoint not in ALLOWED_WHILE_LOCKED:
        return _redirect_page("account.locked")
    if _must_choose_password(state.person):
        return _redirect_page("account.password")
    _check_can(state, permission)
    guest_access.check_guest_request()
    if elsewhere := ward_access.check_ward_request(permission):
        return elsewhere
    if "X-Poll" not in request.headers:
        sessions.touch_session(g.vault, session_token())
    return None


def _check_can(state: SessionState, permission: Permission) -> None:
    """ForbiddenError for a page that a role may not open: whoever tries again and again can be seen."""
    try:
        permissions.check_can(state.person, permission)
    except ForbiddenError:
        g.vault.note(state.actor, AuditAction.ACCESS_REFUSED, target=permission.value)
        raise


def _note_person(state: SessionState) -> None:
    g.person, g.actor, g.locked = state.person, state.actor, state.locked


def _must_choose_password(person: Person) -> bool:
    """Not while none can be kept: people read meanwhile."""
    is_asked = person.initial_password and request.endpoint not in ALLOWED_BEFORE_PASSWORD
    return is_asked and not g.vault.is_read_only


def _redirect_page(endpoint: str) -> ViewResponse:
    """Send the whole page to another one, also when only a part of it was asked for."""
    address = url_for(endpoint)
    if request.headers.get("HX-Request"):
        return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return redirect(address, HTTPStatus.SEE_OTHER)


def _check_origin() -> None:
    """A change is only taken from our own pages.

    Browsers say so in Sec-Fetch-Site; without it (old ones) the Origin has to be ours. Pages send
    no referrer, so their Origin may be `null`.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    ours = request.headers.get("Origin", "") + "/" == request.host_url
    if site != "same-origin" if site else not ours:
        raise Forbidden


def _release_vault(_: BaseException | None) -> None:
    if lease := g.pop("lease", None):
        lease.close()
