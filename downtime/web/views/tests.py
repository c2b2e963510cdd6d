"""Tests outstanding: asked for or collected, and no final result (the T0 list)."""

from flask import Blueprint, render_template, request

from downtime.clinical.departments import department as department_name
from downtime.web import current
from downtime.web.actions import action
from downtime.web.answers import Answer

tests = Blueprint("tests", __name__)
SHOWN = 500


@tests.get("/tests")
@action("test.list")
def outstanding() -> Answer:
    """The list, of one ward or department or of all."""
    snapshot = current.snapshot_or_none()
    ward, department = request.args.get("ward", ""), request.args.get("department", "")
    everything = snapshot.outstanding(ward=ward or None) if snapshot else []
    return render_template(
        "outstanding.html",
        available=bool(snapshot and snapshot.holds("ServiceRequest")),
        ward=ward,
        department=department,
        wards=snapshot.wards() if snapshot else [],
        departments=sorted({department_name(row.request.department) for row in everything} - {""}),
        rows=[r for r in everything if department in ("", department_name(r.request.department))],
        shown=SHOWN,
    )
