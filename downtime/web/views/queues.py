"""Queues: what waits to be keyed, keyed again, decided and compared; the next form with one key."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.entry import claims, quality, queues
from downtime.entry.model import ADJUDICATE, KEY, KEY_AGAIN
from downtime.entry.priority import RANKS
from downtime.entry.queues import Filter
from downtime.outage import outages
from downtime.paper import ledger
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer
from downtime.web.guard import may

queue = Blueprint("queues", __name__)
PAGES = {KEY_AGAIN: "verifying.second", ADJUDICATE: "verifying.decide"}
"""Where a form of a queue is worked on; all others at the form itself."""
_FILTER, _TRAIL, _SKIPPED = "queue", "queue-trail", "queue-skipped"
_REMEMBERED = 200
"""Forms that 'previous' leads back through, and that 'next' does not offer again."""


@queue.get("/queues/<name>")
@action("entry.key")
def show(name: str) -> Answer:
    """The next forms of one queue, and who has them."""
    wanted = Filter(name, request.args.get("form", ""), request.args.get("ward", ""))
    lines = [line for line in _lines() if line.queue == name]
    return render_template(
        "queue.html",
        wanted=wanted,
        title=queues.QUEUES[name],
        lines=lines,
        ranks=RANKS,
        forms_of=sorted({(line.form, line.title) for line in lines}),
        wards=sorted({line.ward for line in lines if line.ward}),
        waiting=queues.listed(current.vault(), current.settings(), wanted, current.who()),
        page_of=lambda serial: page_of(name, serial),
    )


@queue.post("/queues/next")
@action("entry.key")
def next_() -> Answer:
    """Take the next form: of the queue that was chosen, or of the one that one works through.

    A form that is on the screen is let go of as it was last kept.
    """
    if name := request.form.get("queue", ""):
        start(Filter(name, request.form.get("form", ""), request.form.get("ward", "")))
    if left := request.form.get("skip", ""):
        claims.release(current.vault(), left, current.who())
        _add(_SKIPPED, left)
    return go_on()


@queue.get("/queues/previous")
@action("entry.key")
def previous() -> Answer:
    """The form that was on the screen before."""
    trail = current.remembered(_TRAIL).split()
    if len(trail) < 2:
        flash("There is no form before this one.")
        return redirect(url_for("keying.choose"), 303)
    current.remember(_TRAIL, " ".join(trail[:-2]))
    return redirect(url_for("keying.form", serial=trail[-2]), 303)


@queue.get("/quality")
@action("entry.quality")
def show_quality() -> Answer:
    """How many fields of each form are wrong, as far as that was checked."""
    vault = current.vault()
    latest = next(iter(outages.history(vault)), None)
    found = quality.estimates(vault, current.settings(), latest.id) if latest else []
    return render_template(
        "quality.html",
        found=found,
        outage=latest,
        settings=current.settings(),
        titles=ledger.titles(vault),
    )


def start(wanted: Filter | None) -> None:
    """Work through a queue from here on; None for forms that are scanned one by one."""
    current.remember(_FILTER, "|".join((wanted.queue, wanted.form, wanted.ward)) if wanted else "")
    current.remember(_SKIPPED, "")


def visited(serial: str) -> None:
    """Note that a form is on the screen."""
    if current.remembered(_TRAIL).split()[-1:] != [serial]:
        _add(_TRAIL, serial)


def working() -> Filter | None:
    """The queue that this person works through."""
    said = current.remembered(_FILTER)
    return Filter(*said.split("|")) if said else None


def go_on() -> Answer:
    """The next form of the queue; the list of queues when none is left, or none was chosen."""
    wanted = working()
    if wanted is None:
        return redirect(url_for("keying.choose"), 303)
    skip = current.remembered(_SKIPPED).split()
    serial = queues.take(current.vault(), current.settings(), wanted, current.who(), skip)
    if serial is None:
        start(None)
        flash("Nothing is left for you in this queue.")
        return redirect(url_for("keying.choose"), 303)
    return redirect(page_of(wanted.queue, serial), 303)


def page_of(name: str, serial: str) -> str:
    """The address at which a form of a queue is worked on."""
    return url_for(PAGES.get(name, "keying.form"), serial=serial)


def overview() -> dict[str, object]:
    """What the page of all queues shows."""
    lines = _lines()
    return {
        "lines": lines,
        "totals": queues.totals(lines),
        "queues": queues.QUEUES,
        "first": KEY,
        "may_quality": may("entry.quality"),
    }


def _lines() -> list[queues.Line]:
    return queues.lines(current.vault(), current.settings())


def _add(name: str, serial: str) -> None:
    kept = [*current.remembered(name).split(), serial]
    current.remember(name, " ".join(kept[-_REMEMBERED:]))
