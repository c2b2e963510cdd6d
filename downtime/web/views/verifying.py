"""Check: key critical fields again without seeing the first, decide between two, compare the rest."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.entry import claims, corrections, double, opening, verification
from downtime.entry.forms import KeyedForm
from downtime.entry.model import ADJUDICATING, KEY_AGAIN
from downtime.entry.validation import InvalidAnswersError
from downtime.paper import serials
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, reason
from downtime.web.views import queues
from downtime.web.views.keying import answers, beside, kept, sent, sentences

verifying = Blueprint("verifying", __name__)


@verifying.get("/key/<serial>/second")
@action("entry.verify")
def second(serial: str) -> Answer:
    """The critical fields, empty: what the first person keyed is not shown."""
    opened = double.open_second(current.vault(), current.settings(), serial, current.who())
    queues.visited(opened.issued.serial)
    return _second(opened, opened.answers, {})


@verifying.post("/key/<serial>/second")
@action("entry.verify")
def submit_second(serial: str) -> Answer:
    """Finish the second keying and open the next form."""
    vault, settings, who, given = current.vault(), current.settings(), current.who(), answers()
    try:
        entry = double.submit_second(vault, settings, serial, given, who, sent())
    except InvalidAnswersError as error:
        double.save_second(vault, serial, given, who, sent())
        opened = double.open_second(vault, settings, serial, who)
        return _second(opened, given, sentences(error)), error.http_status
    differs = entry.state == ADJUDICATING
    said = "differs from the first keying; a third person decides" if differs else "agrees"
    flash(f"Form {serials.shown(entry.serial)} {said}.")
    return queues.go_on()


@verifying.post("/key/<serial>/second/part")
@action("entry.verify")
def part(serial: str) -> Answer:
    """Keep what was typed while one goes on typing."""
    double.save_second(current.vault(), serial, answers(), current.who(), sent())
    return kept(current.vault().now())


@verifying.get("/key/<serial>/decide")
@action("entry.verify")
def decide(serial: str) -> Answer:
    """The fields that two people keyed differently."""
    return _decide(serial, {}, {})


@verifying.post("/key/<serial>/decide")
@action("entry.verify")
def submit_decision(serial: str) -> Answer:
    """What the paper says in each of them, as a third person reads it."""
    vault, settings, who = current.vault(), current.settings(), current.who()
    disputed = double.disputes(vault, settings, serial, who)
    chosen = {d.key: request.form.get(f"choice:{d.key}", "") for d in disputed}
    missing = {d.key: f"{d.label}: choose one." for d in disputed if not chosen[d.key]}
    if missing:
        return _decide(serial, chosen, missing), 400
    said = {
        d.key: {"first": d.first, "second": d.second}.get(
            chosen[d.key], request.form.get(d.key, "")
        )
        for d in disputed
    }
    try:
        entry = double.adjudicate(vault, settings, serial, said, who, request.form.get("why", ""))
    except InvalidAnswersError as error:
        return _decide(serial, chosen, sentences(error)), error.http_status
    flash(f"Form {serials.shown(entry.serial)} is decided.")
    return queues.go_on()


@verifying.post("/key/<serial>/verify")
@action("entry.verify")
def verify(serial: str) -> Answer:
    """A second person compared all of it; what is keyed blind first is not verified by a look."""
    opened = opening.open_form(current.vault(), serial, current.settings())
    if opened.entry and opened.entry.waits == KEY_AGAIN:
        verification.check_other(opened.entry, current.who())
        return redirect(url_for("verifying.second", serial=serial), 303)
    entry = verification.verify(current.vault(), serial, current.who(), "compared on screen")
    flash(f"Form {serials.shown(entry.serial)} is verified.")
    return queues.go_on()


@verifying.post("/key/<serial>/send-back")
@action("entry.verify")
def send_back(serial: str) -> Answer:
    """What was keyed is wrong: it becomes a draft again."""
    corrections.send_back(current.vault(), serial, current.who(), reason())
    return redirect(url_for("keying.form", serial=serial), 303)


def _second(opened: KeyedForm, given: Mapping[str, str], problems: dict[str, str]) -> str:
    serial = opened.issued.serial
    claim = claims.take(current.vault(), current.settings(), serial, current.who())
    other = None if claim.is_of(current.who()) else claim
    return render_template(
        "second.html",
        form=opened,
        answers=given,
        problems=problems,
        identity=[item for item in opened.identity if item.critical],
        other=other,
        editable=other is None,
        **beside(opened),
    )


def _decide(serial: str, chosen: Mapping[str, str], problems: dict[str, str]) -> str:
    vault, settings = current.vault(), current.settings()
    disputed = double.disputes(vault, settings, serial, current.who())
    opened = opening.open_form(vault, serial, settings)
    queues.visited(opened.issued.serial)
    claim = claims.take(vault, settings, serial, current.who())
    return render_template(
        "decide.html",
        form=opened,
        disputed=disputed,
        chosen=chosen,
        typed=request.form,
        problems=problems,
        other=None if claim.is_of(current.who()) else claim,
        **beside(opened),
    )
