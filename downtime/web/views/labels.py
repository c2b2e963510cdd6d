"""Labels: of a patient, of a ward, for boxes of forms, and the page that aligns the printer."""

from io import BytesIO

from flask import Blueprint, request

from downtime.paper import orders
from downtime.paper.forms.definition import definitions
from downtime.paper.labels import alignment
from downtime.paper.labels import labels as rules
from downtime.paper.labels.sheets import SHEETS
from downtime.paper.orders import Order
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer, download, whole_number
from downtime.web.views.printing import check_ward, queued
from downtime.web.work import PDF, WHY

labels = Blueprint("labels", __name__)
MOST_LABELS = max(sheet.labels for sheet in SHEETS.values())


@labels.post("/labels/ward")
@action("pack.print")
def ward() -> Answer:
    """Labels or wristbands of every patient of a ward."""
    chosen = request.form.get("ward", "")
    check_ward(chosen)
    return _ask(_kind(), wards=(chosen,))


@labels.post("/labels/patient")
@action("pack.print")
def patient() -> Answer:
    """Labels or wristbands of one patient."""
    found = current.snapshot().patient(request.form.get("patient", ""))
    return _ask(_kind(), patient=found.id)


@labels.post("/labels/stock")
@action("form.print")
def stock() -> Answer:
    """A label for the box of every form."""
    return _ask(rules.STOCK, forms=tuple(definitions(current.vault().home)))


@labels.post("/labels/test")
@action("form.print")
def test() -> Answer:
    """Outlines of a sheet's labels on plain paper; it holds nothing of anybody."""
    out = BytesIO()
    sheet = request.form.get("sheet", "")
    alignment.alignment_test(current.settings(), sheet, current.now(), out)
    return download(out.getvalue(), PDF, f"alignment test {sheet}.pdf", inline=True)


def _kind() -> str:
    return rules.WRISTBAND if request.form.get("kind") == rules.WRISTBAND else rules.PATIENT


def _ask(
    kind: str,
    *,
    wards: tuple[str, ...] = (),
    patient: str = "",
    forms: tuple[str, ...] | None = None,
) -> Answer:
    copies = request.form.get("copies", "").strip()
    order = Order(
        kind=orders.LABELS,
        label=kind,
        wards=wards,
        patient=patient,
        forms=forms,
        sheet=request.form.get("sheet", ""),
        start=whole_number("start", "The first free label", 1, MOST_LABELS),
        copies=whole_number("copies", "Labels of each", 1, rules.MOST_COPIES) if copies else None,
    )
    return queued(order, WHY)
