"""Find: scan or type. Nothing that was typed ever stands in an address."""

from flask import Blueprint, redirect, render_template, request, url_for

from downtime.accounts import permissions
from downtime.clinical.records import Patient
from downtime.errors import InputError
from downtime.paper import serials
from downtime.paper.labels import wristband
from downtime.snapshot.rows import PatientRow
from downtime.snapshot.store import FIND_LIMIT, Snapshot
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer

find = Blueprint("find", __name__)
SHORTEST = 2


@find.post("/find")
@action("patient.find")
def search() -> Answer:
    """What the box on every page sends: a form's serial, one exact identifier, or words."""
    text = request.form.get("text", "").strip()
    if serial := _serial(text):
        permissions.check_can(current.person(), "ledger.view")
        return redirect(url_for("ledger.form", serial=serial), 303)
    current.remember("find", text)
    snapshot = current.snapshot_or_none()
    if snapshot and (patient := _exact(snapshot, text)):
        return redirect(url_for("patient.show", patient_id=patient.id), 303)
    return redirect(url_for("find.results"), 303)


def _exact(snapshot: Snapshot, text: str) -> Patient | None:
    """Who has that number, typed or in the code of a wristband; both of a code's must agree."""
    scanned = wristband.numbers(text)
    found = [snapshot.exact(number) for number in scanned or (text,)]
    return found[0] if all(found) and len({one.id for one in found if one}) == 1 else None


@find.get("/find")
@action("patient.find")
def results() -> Answer:
    """The search box with what was found last."""
    text = current.remembered("find")
    return render_template("find.html", text=text, **_found(text))


@find.post("/find/part")
@action("patient.find")
def as_you_type() -> Answer:
    """The table alone, while one types."""
    text = request.form.get("text", "").strip()
    current.remember("find", text)
    return render_template("parts/found.html", text=text, **_found(text))


def _found(text: str) -> dict[str, object]:
    rows: list[PatientRow] = []
    snapshot = current.snapshot_or_none()
    if snapshot and len(text) >= SHORTEST:
        rows = snapshot.find(text)
    return {"rows": rows, "more": len(rows) >= FIND_LIMIT}


def _serial(text: str) -> str:
    try:
        return serials.parse(text)
    except InputError:
        return ""
