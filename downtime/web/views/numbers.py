"""Downtime numbers: give them out, see how many are left."""

from flask import Blueprint, redirect, render_template, url_for

from downtime.outage import numbers as rules
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, whole_number

numbers = Blueprint("numbers", __name__)
MOST = 100


@numbers.get("/numbers")
@action("number.issue")
def show() -> Answer:
    """What is left of this laptop's block, and the numbers given out a moment ago."""
    given = current.remembered("numbers").split()
    current.remember("numbers", "")
    supply = rules.supply(current.vault(), current.settings())
    return render_template("numbers.html", numbers=given, supply=supply)


@numbers.post("/numbers")
@action("number.issue")
def issue() -> Answer:
    """Give out the next numbers, each once."""
    count = whole_number("count", "How many", 1, MOST)
    given = rules.issue(
        current.vault(), current.settings(), count, current.who(), "given out on screen"
    )
    current.remember("numbers", " ".join(given))
    return redirect(url_for("numbers.show"), 303)
