"""Worklists: what people key into the recovered systems, ticked line by line."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.errors import NotFoundError
from downtime.reconcile.run import latest
from downtime.returns.worklists import rekey
from downtime.returns.worklists import words as worklist_words
from downtime.returns.worklists.files import KINDS
from downtime.returns.worklists.rekey import RekeyLine
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, reason
from downtime.web.views.jobs import ask
from downtime.web.work import WHY

worklists = Blueprint("worklists", __name__)
SHOWN = 200
ASKED = ("system", "department", "all")
"""What chooses the lines that are shown, and is kept from one page to the next."""
SEARCHED = "text"
"""A search may name a patient: it is posted, and never part of an address."""


@worklists.get("/worklists")
@action("rekey.list")
def show() -> Answer:
    """The lists with their progress, and the open lines of the one that is chosen."""
    return _page(_asked(request.args.to_dict()), "")


@worklists.post("/worklists")
@action("rekey.list")
def search() -> Answer:
    """The lines, done ones too, that hold what was typed."""
    text = request.form.get(SEARCHED, "").strip()[:100]
    return _page(_asked(request.form.to_dict()), text)


def _page(asked: dict[str, str], text: str) -> Answer:
    vault = current.vault()
    try:
        outage = latest(vault)
    except NotFoundError:
        return render_template("worklists.html", outage=None, lists=[])
    found = rekey.lines(vault, outage.id)
    lines = [line for line in found if _is_asked(line, asked, text)]
    return render_template(
        "worklists.html",
        outage=outage,
        lists=rekey.summaries(found),
        asked=asked,
        text=text,
        lines=lines[:SHOWN],
        count=len(lines),
        shown=SHOWN,
        kinds=KINDS,
        words=worklist_words,
        zone=ZoneInfo(current.settings().site.time_zone),
        next_open=next((line.message.control_id for line in lines if not line.tick), ""),
        max_number=rekey.MAX_NUMBER,
    )


@worklists.post("/worklists/fill")
@action("return.export")
def fill() -> Answer:
    """Put on the lists what no message can carry."""
    done = rekey.fill(current.vault(), current.settings(), current.who())
    outdated = sum(len(one.outdated) for one in done)
    words = f"{sum(one.items for one in done)} items queued or listed"
    flash(words + (f"; {outdated} wait to be verified or compared again." if outdated else "."))
    return redirect(url_for("worklists.show"), 303)


@worklists.post("/worklists/tick")
@action("rekey.tick")
def tick() -> Answer:
    """A line is keyed; the next open one is ready for the next number."""
    control_id, number = request.form.get("line", ""), request.form.get("number", "")
    rekey.tick(current.vault(), control_id, number, current.who())
    return _back()


@worklists.post("/worklists/untick")
@action("rekey.tick")
def untick() -> Answer:
    """A tick was wrong."""
    rekey.untick(current.vault(), request.form.get("line", ""), current.who(), reason())
    flash("The tick is taken back: the line is open again.")
    return _back()


@worklists.post("/worklists/file")
@action("rekey.list")
def file() -> Answer:
    """The chosen list as a file, as a job."""
    names = ("system", "department", "kind")
    return ask("worklist", {name: request.form.get(name, "") for name in names}, WHY)


def _asked(given: dict[str, str]) -> dict[str, str]:
    return {name: given[name].strip()[:200] for name in ASKED if given.get(name, "").strip()}


def _is_asked(line: RekeyLine, asked: dict[str, str], text: str) -> bool:
    system, department = line.listed
    if "system" in asked and (asked["system"], asked.get("department", "")) != (system, department):
        return False
    return line.says(text) if text else "all" in asked or line.tick is None


def _back() -> Answer:
    kept: dict[str, Any] = dict(_asked(request.form.to_dict()))
    return redirect(url_for("worklists.show", **kept), 303)
