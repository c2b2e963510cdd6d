"""Print: packs, changes, lists, a patient's pages, blank forms; each runs as a job."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from downtime.errors import InputError
from downtime.paper import ledger, orders
from downtime.paper.forms import sets
from downtime.paper.forms.definition import definition, definitions
from downtime.paper.labels.sheets import SHEETS
from downtime.paper.orders import Order
from downtime.paper.packs import delta, handover, packs
from downtime.vault import jobs
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, reason, whole_number
from downtime.web.views.jobs import ask
from downtime.web.work import PACK, WHY

printing = Blueprint("printing", __name__)
ALL = "*"
MOST_COPIES = 200


@printing.get("/print")
@action("form.print")
def choose() -> Answer:
    """What can be printed, what this person printed lately, and what nobody got."""
    snapshot, vault, settings = current.snapshot_or_none(), current.vault(), current.settings()
    mine = jobs.of_person(vault, current.person().id)
    return render_template(
        "print.html",
        wards=snapshot.wards() if snapshot else [],
        printed=delta.printed_wards(vault),
        definitions=definitions(vault.home).values(),
        sets=sets.form_sets(settings, vault.home),
        ways=handover.ways(settings.printing),
        way_words=handover.WORDS,
        queue=settings.printing.queue,
        two_sided=settings.printing.two_sided,
        jobs=[job for job in mine if job.kind.startswith(PACK)],
        failed=packs.failed(vault),
        sheets=list(SHEETS.values()),
        label_sheet=settings.paper.label_sheet,
    )


@printing.post("/print/ward")
@action("pack.print")
def ward() -> Answer:
    """One ward's pack, or those of all wards."""
    chosen = request.form.get("ward", "")
    if chosen != ALL:
        check_ward(chosen)
    return order(Order(kind=orders.WARDS, wards=() if chosen == ALL else (chosen,), forms=_forms()))


@printing.post("/print/changes")
@action("pack.print")
def changes() -> Answer:
    """What changed on one ward since its last print."""
    chosen = request.form.get("ward", "")
    check_ward(chosen)
    return order(Order(kind=orders.CHANGES, wards=(chosen,)))


@printing.post("/print/patient")
@action("pack.print")
def patient() -> Answer:
    """The summary and the usual forms of one patient."""
    found = current.snapshot().patient(request.form.get("patient", ""))
    return order(Order(kind=orders.PATIENT, patient=found.id))


@printing.post("/print/list")
@action("pack.print")
def session() -> Answer:
    """A clinic's or theatre's list of a day, with the forms of its patients."""
    kind = orders.THEATRE if request.form.get("kind") == orders.THEATRE else orders.CLINIC
    day, place = request.form.get("day", ""), request.form.get("location", "")
    if not current.snapshot().session(day, place, kind):
        raise InputError("session.none", "Nobody is on that list.", "Choose another list or day.")
    return order(Order(kind=kind, day=day, place=place))


@printing.post("/print/blank")
@action("form.print")
def blank() -> Answer:
    """Blank copies of one form, or of every spare that a ward has."""
    name, ward = request.form.get("form", ""), request.form.get("ward", "")
    copies = whole_number("copies", "Copies", 1, MOST_COPIES)
    home = current.vault().home
    if name == ALL:
        names = tuple(sets.of_wards(current.settings(), [ward], home)[ward].blanks)
    else:
        names = (definition(name, home).name,)
    return order(
        Order(
            kind=orders.BLANK,
            wards=(ward,) if ward else (),
            forms=names,
            copies=copies,
            numbered=request.form.get("numbered") == "1",
        )
    )


@printing.post("/print/again/<serial>")
@action("form.print")
def again(serial: str) -> Answer:
    """One form again, under a new serial; the old one becomes void."""
    form = ledger.issued(current.vault(), serial)
    return order(Order(kind=orders.AGAIN, serial=form.serial), reason())


@printing.post("/print/failed/<pack>")
@action("pack.print")
def failed(pack: str) -> Answer:
    """Print anew what failed."""
    asked = orders.of_pack(packs.get_failed(current.vault(), pack))
    return queued(asked, WHY, instead_of=pack)


def order(asked: Order, why: str = WHY) -> Answer:
    """Put an order in the queue; a page that does not ask how has what the settings say."""
    if request.form.get("how"):
        by_form = request.form.get("by_form") == "1"
        two_sided = request.form.get("two_sided") == "1"
    else:
        by_form, two_sided = False, current.settings().printing.two_sided
    return queued(replace(asked, by_form=by_form, two_sided=two_sided), why)


def queued(asked: Order, why: str, instead_of: str = "") -> Answer:
    """Put an order in the queue as it is."""
    to = request.form.get("to", handover.SCREEN)
    if to not in handover.ways(current.settings().printing):
        raise InputError("printer.way", "This laptop cannot print that way.", "Choose another way.")
    arguments: dict[str, object] = {"order": asked.as_data(), "to": to, "why": why}
    if instead_of:
        arguments["instead_of"] = instead_of
    return ask(PACK + asked.kind, arguments, why)


def _forms() -> tuple[str, ...] | None:
    """Forms that were ticked; None when the ward's own set is wanted."""
    if not request.form.get("chosen"):
        return None
    home = current.vault().home
    return tuple(definition(name, home).name for name in request.form.getlist("forms"))


def check_ward(chosen: str) -> None:
    """InputError unless the snapshot has that ward."""
    if chosen not in [row.code for row in current.snapshot().wards()]:
        raise InputError(
            "ward.missing", "This snapshot has no such ward.", "Choose one of the list."
        )
