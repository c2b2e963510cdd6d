"""Gathering: hand over what this laptop holds, take what others hand over, see who is awaited."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for

from downtime.entry import duplicates
from downtime.errors import InputError, UserError
from downtime.outage import carried, outages
from downtime.sync import bundle, clashes, grouping, store_clashes, store_doubts
from downtime.sync import reports as reporting
from downtime.sync import seal as sealing
from downtime.sync import take as taking
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, download, reason
from downtime.web.views.booking import said_by

handover = Blueprint("handover", __name__)
MEDIA_TYPE = "application/octet-stream"


@handover.get("/gathering")
@action("handover.view")
def show() -> Answer:
    """Who has handed over, which outages laptops declared, and both ways of a bundle."""
    vault = current.vault()
    history = outages.history(vault)
    found = reporting.reports(vault, history[0] if history else None)
    return render_template(
        "gathering.html",
        reports=found,
        awaited=sum(not one.complete for one in found),
        declared=carried.declared(vault.db),
        taken_over=store_doubts.every(vault.db),
        given_twice=store_clashes.every(vault.db),
        history=history,
        stations=sealing.stations(vault),
        usual=current.settings().handover.station,
        folder=current.settings().handover.folder,
        suffix=bundle.SUFFIX,
        megabytes=current.settings().web.max_bundle_upload_bytes // 1_048_576,
        busy=outages.current(vault) is not None,
    )


@handover.post("/gathering/seal")
@action("handover.seal")
def seal() -> Answer:
    """All that this laptop holds as one file for the records station, to save or into the folder."""
    vault, settings = current.vault(), current.settings()
    station = request.form.get("station", "")
    broken = request.form.get("broken") == "yes"
    why = reason() if broken else "on screen"
    sealed = sealing.seal(vault, settings, station, current.who(), why, broken=broken)
    if request.form.get("to") != "folder":
        return download(sealed.data, MEDIA_TYPE, sealed.name)
    sealing.write(sealed, _folder())
    flash(f"{sealed.name} is in the folder, for {sealed.header.station} only.")
    return redirect(url_for("handover.show"), 303)


@handover.post("/gathering/take")
@action("handover.take")
def take() -> Answer:
    """Take bundles that were sent from the browser, or all that lie in the folder."""
    given = _in_folder() if request.form.get("from") == "folder" else _sent()
    if not given:
        raise InputError(
            "handover.none", "There is no bundle.", f"Choose files that end in {bundle.SUFFIX}."
        )
    for name, read in given:
        try:
            data = read()
            taken = taking.take(
                current.vault(), current.settings(), data, current.who(), "on screen"
            )
            flash(taken.sentence)
        except UserError as error:
            flash(f"REFUSED: {name}. {error.sentence} {error.next_step}", "urgent")
    return redirect(url_for("handover.show"), 303)


@handover.post("/gathering/take-over")
@action("handover.take-over")
def take_over() -> Answer:
    """Take one bundle whose audit chain does not hold, in the name of whoever is signed in."""
    vault, settings = current.vault(), current.settings()
    why, given = reason(), _sent()
    if len(given) != 1:
        raise InputError(
            "handover.one",
            "One bundle is taken over at a time.",
            "Choose the one that was refused.",
        )
    ((_, read),) = given
    taken = taking.take_over(vault, settings, read(), current.who(), why)
    flash(taken.sentence, "urgent" if taken.doubt else "message")
    return redirect(url_for("handover.show"), 303)


@handover.post("/gathering/join")
@action("handover.settle")
def join() -> Answer:
    """Put a laptop's outage under one here, or open an outage here with it."""
    vault, who, why = current.vault(), current.who(), reason()
    device, _, there = request.form.get("origin", "").partition(":")
    here = request.form.get("here", "")
    if here:
        moved = grouping.join(vault, device, there, here, who, why)
        flash(f"Outage {there} of {device} belongs to {here}: {moved} forms moved.")
    else:
        made = grouping.open_books(vault, device, there, who, why)
        flash(f"Outage {made} is open here, as {device} declared it.")
    return redirect(url_for("handover.show"), 303)


@handover.post("/gathering/excuse")
@action("handover.settle")
def excuse() -> Answer:
    """Await nothing of a machine, or await it again."""
    device = request.form.get("device", "")
    if request.form.get("to") == "expect":
        reporting.expect(current.vault(), device, current.who(), "on screen")
        flash(f"Bundles of {device} are awaited.")
    else:
        reporting.excuse(current.vault(), device, current.who(), reason())
        flash(f"Nothing is awaited of {device}.")
    return redirect(url_for("handover.show"), 303)


@handover.post("/gathering/given-twice")
@action("handover.settle")
def given_twice() -> Answer:
    """Say what became of the second paper under a number that was given out twice."""
    number = request.form.get("number", "")
    clashes.settle(current.vault(), number, current.who(), reason())
    flash(f"{number}: it is noted what became of the second one.")
    return redirect(url_for("handover.show"), 303)


@handover.get("/gathering/twice/<serial>/<device>")
@action("entry.verify")
def twice(serial: str, device: str) -> Answer:
    """Two entries of one form beside each other."""
    pair = duplicates.find(current.vault(), serial, device)
    return render_template("twice.html", pair=pair, rows=said_by(pair), device=device)


@handover.post("/gathering/twice/<serial>/<device>")
@action("entry.verify")
def settle(serial: str, device: str) -> Answer:
    """Say which of the two counts."""
    keep = request.form.get("keep", "")
    duplicates.settle(current.vault(), serial, device, keep, current.who(), reason())
    flash(f"The entry {'of ' + device if keep == duplicates.THERE else 'made here'} counts.")
    return redirect(url_for("booking.listing", name="keyed-twice"), 303)


def _in_folder() -> list[tuple[str, Callable[[], bytes]]]:
    paths = sorted(_folder().glob(f"*{bundle.SUFFIX}"))
    return [(path.name, partial(taking.read, path, current.settings())) for path in paths]


def _sent() -> list[tuple[str, Callable[[], bytes]]]:
    sent = [upload for upload in request.files.getlist("bundles") if upload.filename]
    return [(str(upload.filename), upload.read) for upload in sent]


def _folder() -> Path:
    folder = current.settings().handover.folder
    if not folder or not Path(folder).is_dir():
        raise InputError(
            "handover.folder", "There is no folder for bundles.", "Set handover.folder to one."
        )
    return Path(folder)
