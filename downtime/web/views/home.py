"""The first page: what a person's role works with most."""

from flask import Blueprint, redirect, url_for

from downtime.accounts.model import Permission
from downtime.web import navigation
from downtime.web.access_control import may
from downtime.web.responses import Answer
from downtime.web.view_permissions import requires

home = Blueprint("home", __name__)


@home.get("/")
@requires(Permission.SESSION_OWN)
def start() -> Answer:
    """Go to the first page of the menu."""
    return redirect(url_for(navigation.first(may)), 303)
