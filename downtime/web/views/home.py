"""The first page: what a person's role works with most."""

from flask import Blueprint, redirect, url_for

from downtime.web import menu
from downtime.web.actions import action
from downtime.web.answers import Answer
from downtime.web.guard import may

home = Blueprint("home", __name__)


@home.get("/")
@action("session.own")
def start() -> Answer:
    """Go to the first page of the menu."""
    return redirect(url_for(menu.first(may)), 303)
