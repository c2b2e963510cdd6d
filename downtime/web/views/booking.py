"""Book paper as it comes back, and the lists of what is not in order, with owners and due dates."""

from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.clinical import display
from downtime.entry.duplicates import Duplicate
from downtime.errors import InputError, UserError
from downtime.paper import assignments, intake, ledger, serials
from downtime.paper.printed import printed
from downtime.sync import lists
from downtime.web import current, times
from downtime.web.actions import action
from downtime.web.answers import Answer, download
from downtime.web.guard import may

booking = Blueprint("booking", __name__)
RECENT = 12
SHOWN = 400


@booking.get("/forms/book")
@action("ledger.move")
def show() -> Answer:
    """One field for serials; what was booked last stands below it."""
    vault, who = current.vault(), current.who()
    return render_template(
        "book.html",
        result=current.remembered("booked"),
        outcome=current.remembered("outcome"),
        serial=current.remembered("serial"),
        count=intake.count(vault, current.settings(), who),
        recent=intake.recent(vault, who, RECENT),
        titles=ledger.titles(vault),
        hours=current.settings().handover.booking_hours,
        again=intake.AGAIN,
        good=(intake.BOOKED, intake.FOUND),
    )


@booking.post("/forms/book")
@action("ledger.move")
def book() -> Answer:
    """Book one paper and wait for the next."""
    try:
        booked = intake.book(current.vault(), request.form.get("serial", ""), current.who())
    except UserError as error:
        _remember("refused", f"{error.sentence} {error.next_step}", "")
    else:
        _remember(booked.outcome, booked.sentence, booked.serial)
    return redirect(url_for("booking.show"), 303)


@booking.post("/forms/book/undo")
@action("ledger.move")
def undo() -> Answer:
    """Take back what was booked last."""
    serial = intake.undo_last(current.vault(), current.who())
    _remember("undone", f"{serials.shown(serial)}: not booked any more.", "")
    return redirect(url_for("booking.show"), 303)


@booking.post("/forms/book/settle")
@action("ledger.move")
def settle() -> Answer:
    """Say of a paper that was booked twice whether it was the same one."""
    serial, kind = request.form.get("serial", ""), request.form.get("kind", "")
    intake.settle(current.vault(), serial, kind, current.who(), request.form.get("why", "")[:200])
    words = {"same": "the same paper, seen twice.", "copy": "a second paper under one serial."}
    _remember("settled", f"{serials.shown(serials.parse(serial))}: {words[kind]}", "")
    if request.form.get("back") == lists.DUPLICATES:
        return redirect(url_for("booking.listing", name=lists.DUPLICATES), 303)
    return redirect(url_for("booking.show"), 303)


@booking.get("/forms/lists/<name>")
@action("ledger.view")
def listing(name: str) -> Answer:
    """One list of paper that is not in order."""
    vault, settings = current.vault(), current.settings()
    found = lists.listing(vault, settings, name)
    now = vault.now()
    return render_template(
        "papers.html",
        name=name,
        title=lists.TITLES[name],
        tabs=[
            (key, text, n)
            for (key, text), n in zip(
                lists.TITLES.items(), lists.totals(vault, settings).values(), strict=True
            )
        ],
        lines=found,
        shown=SHOWN,
        now=now,
        overdue=sum(line.is_overdue(now) for line in found),
        due=times.local(assignments.due_from(settings, vault.clock())),
        titles=ledger.titles(vault),
        compare=may("entry.verify"),
    )


@booking.get("/forms/lists/<name>.csv")
@action("ledger.view")
def table(name: str) -> Answer:
    """The same list for a spreadsheet."""
    settings = current.settings()
    zone = ZoneInfo(settings.site.time_zone)
    found = lists.listing(current.vault(), settings, name)
    content = lists.to_csv(found, lambda text: display.moment(text, zone))
    return download(content, "text/csv", f"{name}.csv")


@booking.post("/forms/assign")
@action("ledger.assign")
def assign() -> Answer:
    """Give the ticked papers to somebody until a time."""
    vault, name = current.vault(), request.form.get("list", lists.MISSING)
    ticked, owner = request.form.getlist("serial"), request.form.get("owner", "")
    if not ticked:
        raise InputError("ledger.none", "No paper was ticked.", "Go back and tick at least one.")
    due, note = times.stored(request.form.get("due", "")), request.form.get("note", "")
    for serial in ticked:
        number = serials.parse(serial)
        assignments.assign(vault, assignments.FORM, number, owner, due, current.who(), note)
    flash(f"{len(ticked)} given to {owner.strip()}.")
    return redirect(url_for("booking.listing", name=name), 303)


def said_by(pair: Duplicate) -> list[tuple[str, str, str, bool]]:
    """Question, both answers, and whether they differ, in the order of the form."""
    vault = current.vault()
    here, there = pair.here.answers, pair.there.entry.answers
    definition = printed(vault, ledger.issued(vault, pair.serial))
    texts = {item.link_id: item.text for item in definition.fields()}
    keys = dict.fromkeys([*here, *there])
    return [
        (
            _question(key, texts),
            here.get(key, ""),
            there.get(key, ""),
            here.get(key) != there.get(key),
        )
        for key in keys
    ]


def _question(key: str, texts: dict[str, str]) -> str:
    link_id, _, row = key.partition(":")
    text = texts.get(link_id) or link_id
    return f"{text}, row {row}" if row else text


def _remember(outcome: str, sentence: str, serial: str) -> None:
    current.remember("outcome", outcome)
    current.remember("booked", sentence)
    current.remember("serial", serial)
